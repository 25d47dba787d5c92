/* sp-sort - put records in the order of their fields
 *
 * in      any records
 * out     the same records, unchanged, in another order
 * memory  three quarters of --max-memory; what is more goes to a file in TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/sorter.h"
#include "drive/pass.h"
#include "stream/value.h"

static struct { bool reverse; } arg;

static const struct opt opts[] = {
    OPT_FLAG('r', "reverse", &arg.reverse, "turn the order of every field round"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "sp-sort", .brief = "put records in the order of their fields",
    .in = IO_RECORDS, .out = IO_RECORDS, .operands = "FIELD[:r],... [FILE]...",
    .example = "id", .opts = opts, .also = also,
};

static struct by { const char *field; bool falling; } *by;
static size_t n_by;

/* Take "FIELD,FIELD:r"; returns the operands after it. */
static char **fields(char **operands)
{
    struct opt_words words = { .n = 0 };
    char **files = opt_words(&prog, operands, 1);
    if (!files[0] && access(operands[0], F_OK) == 0 && io_stdin_empty())
        opt_misuse(&prog, "'%s' is taken as FIELD, and nothing comes from stdin; with a file it is: sp-sort FIELD %s",
                   operands[0], operands[0]);
    opt_cut(&prog, NULL, operands[0], &words);
    by = mem_new(words.n, sizeof *by);
    for (n_by = 0; n_by < words.n; n_by++) {
        char *name = words.v[n_by];
        size_t n = strlen(name);
        bool falls = n > 2 && strcmp(name + n - 2, ":r") == 0;
        if (n == 0)
            opt_misuse(&prog, "'%s' has an empty word", operands[0]);
        if (falls)
            name[n - 2] = '\0';
        by[n_by] = (struct by){ name, falls != arg.reverse };
    }
    free(words.v);
    return files;
}

/* Append what the record is sorted by. False after rec_error. */
static bool put_key(struct rec *r, struct msg_buf *key)
{
    for (const struct by *b = by; b < by + n_by; b++) {
        const struct field *f = rec_find(r, b->field);
        if (!f)
            return rec_lacks(r, b->field, strchr(b->field, ':') ? "; FIELD:r is from the largest down" : "");
        struct value v = field_value(f);
        if (v.type == V_TENSOR || v.type == V_SPARSE || v.type == V_OTHER)
            return value_no_label(r, b->field, &v);
        if (v.type == V_BIN)            /* a path that is not UTF-8 */
            v.type = V_STR;
        value_order(&v, b->falling, key);
    }
    return true;
}

static bool add(struct rec *r, const struct value *unused, void *sorter)
{
    static struct msg_buf key;
    static const struct value nil = { .type = V_NIL };
    (void)unused;
    key.n = 0;
    if (!put_key(r, &key)) {
        if (!item_bad(r)) {
            r->error[0] = '\0';         /* it is said */
            return false;
        }
        key.n = 0;                      /* with what else is last */
        for (size_t i = 0; i < n_by; i++)
            value_order(&nil, false, &key);
    }
    rec_emit(r);
    sorter_add(sorter, key.p, key.n, r->packed.p, r->packed.n);
    return true;
}

int main(int argc, char **argv)
{
    char **files = fields(opt_parse(&prog, argc, argv));
    struct rec_in *in = rec_open(&prog, files, false);
    struct rec_out *out = rec_create(&prog, in);
    struct sorter *sorter = sorter_new(mem_allowed() / 4 * 3);
    const void *frame;
    size_t size;
    pass_each(in, &(struct pass){ .what = "records", .any_ids = true }, add, sorter);
    rec_close(in);
    while (sorter_next(sorter, &frame, &size))
        rec_put_frames(out, frame, size, 1);
    sorter_free(sorter);
    rec_finish(out);
    return item_status();
}
