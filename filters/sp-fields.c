/* sp-fields - keep, drop, rename, set or shuffle the fields of records
 *
 * in      any records
 * out     the same records with other fields; in this order: shuffle, keep, drop, rename, set
 * memory  one record; with --shuffle all values of that field
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "drive/map.h"
#include "stream/word.h"

static struct {
    const char *keep, *drop, *shuffle;
    struct opt_list rename, set;
    uint64_t seed;
} arg = { .seed = 0 };

static const struct opt opts[] = {
    OPT_STR('k', "keep", &arg.keep, "A,B,...", "keep only these fields (and id)"),
    OPT_STR('d', "drop", &arg.drop, "A,B,...", "drop these fields"),
    OPT_LIST('r', "rename", &arg.rename, "OLD=NEW", "rename a field; may be given several times"),
    OPT_LIST('s', "set", &arg.set, "NAME=VALUE", "set a field: whole number, number, true, false, null or text"),
    OPT_STR(0, "shuffle", &arg.shuffle, "FIELD", "deal the values of a field out to the records at random"),
    OPT_SEED(&arg.seed),
    OPT_END
};
static const struct prog prog = {
    .name = "sp-fields", .brief = "keep, drop, rename, set or shuffle the fields of records",
    .in = IO_RECORDS, .out = IO_RECORDS, .example = "--set year=1999", .opts = opts, .also = map_also,
};

/* The field's values, packed, in a random order. */
static struct {
    struct msg_buf bytes;
    size_t *start, *order, n, cap, next;
} deal;

/* Whether name[len] is one of the words of "a,b,c". */
static bool listed(const char *list, const char *name, size_t len)
{
    for (const char *word = list; ; word++) {
        size_t n = strcspn(word, ",");
        if (n == len && memcmp(word, name, n) == 0)
            return true;
        word += n;
        if (!*word)
            return false;
    }
}

static bool process(struct rec *r, const struct value *in, void *state)
{
    (void)in;
    (void)state;
    if (arg.shuffle) {
        if (!rec_find(r, arg.shuffle))
            return rec_error(r, "no field %s", arg.shuffle);
        if (deal.next == deal.n)
            die(ST_STREAM, "the input changed while it was read");
        size_t at = deal.order[deal.next++];
        rec_set_raw(r, arg.shuffle, deal.bytes.p + deal.start[at], deal.start[at + 1] - deal.start[at]);
    }
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct field f = r->fields[i];
        bool id = f.len == 2 && memcmp(f.name, "id", 2) == 0;
        if (id || ((!arg.keep || listed(arg.keep, f.name, f.len)) && !(arg.drop && listed(arg.drop, f.name, f.len))))
            r->fields[kept++] = f;
    }
    r->n = kept;
    for (size_t i = 0; i < arg.rename.n; i++) {
        const char *to;
        char *from = mem_text(arg.rename.v[i], opt_pair(arg.rename.v[i], &to));
        bool there = rec_find(r, from);
        if (there && strcmp(from, to) != 0) {
            if (rec_find(r, to)) {
                free(from);
                return rec_error(r, "%s exists: drop it first", to);
            }
            rec_rename(r, from, to);
        }
        free(from);
        if (!there)
            return rec_error(r, "no field to rename to %s", to);
    }
    for (size_t i = 0; i < arg.set.n; i++) {
        const char *value;
        char *name = mem_text(arg.set.v[i], opt_pair(arg.set.v[i], &value));
        word_set(r, name, value);
        free(name);
    }
    return true;
}

static void header(struct head *h, void *state)
{
    (void)state;
    for (size_t i = h->n_columns; i-- > 0; ) {
        const char *name = h->columns[i].field;
        size_t len = strlen(name);
        if ((arg.keep && !listed(arg.keep, name, len)) || (arg.drop && listed(arg.drop, name, len)))
            head_set_columns(h, name, NULL, 0);
    }
    for (size_t i = 0; i < arg.rename.n; i++) {
        const char *to;
        char *from = mem_text(arg.rename.v[i], opt_pair(arg.rename.v[i], &to));
        head_rename_columns(h, from, to);
        free(from);
    }
    for (size_t i = 0; i < arg.set.n; i++) {
        const char *value;
        char *name = mem_text(arg.set.v[i], opt_pair(arg.set.v[i], &value));
        head_set_columns(h, name, NULL, 0);
        free(name);
    }
}

/* First pass: collect the values of --shuffle's field and draw their new order. */
static void collect(struct rec_in *in)
{
    struct rec *r = rec_new();
    struct rng rng;
    while (rec_next(in, r)) {
        const struct field *f = rec_find(r, arg.shuffle);
        if (!f)                     /* bad; said when the record is worked on */
            continue;
        mem_grow(&deal.start, &deal.cap, deal.n + 2, sizeof *deal.start);
        deal.start[deal.n++] = deal.bytes.n;
        msg_append(&deal.bytes, f->raw + f->key, f->size - f->key);
        deal.start[deal.n] = deal.bytes.n;
    }
    deal.order = mem_new(deal.n, sizeof *deal.order);
    for (size_t i = 0; i < deal.n; i++)
        deal.order[i] = i;
    rng_init(&rng, arg.seed, 0);
    rng_shuffle(&rng, deal.order, deal.n);
    rec_free(r);
    rec_rewind(in);
}

static void check_pairs(const struct opt_list *list, const char *option, bool names)
{
    const char *value = "";
    for (size_t i = 0; i < list->n; i++) {
        size_t n = opt_pair(list->v[i], &value);
        if (!n || (n == 2 && memcmp(list->v[i], "id", 2) == 0) || (names && !*value))
            opt_misuse(&prog, "--%s '%s' is no %s of a field other than id", option, list->v[i],
                       names ? "OLD=NEW" : "NAME=VALUE");
    }
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    check_pairs(&arg.rename, "rename", true);
    check_pairs(&arg.set, "set", false);
    if (arg.shuffle && strcmp(arg.shuffle, "id") == 0)
        opt_misuse(&prog, "--shuffle id: ids stay with their records");
    struct rec_in *in = rec_open(&prog, operands, arg.shuffle);
    struct rec_out *out = rec_create(&prog, in);
    if (arg.shuffle) {
        par_jobs = 1;               /* values are dealt out in the order of the records */
        collect(in);
    }
    int status = map_run(&(struct map){ .process = process, .header = header }, in, out);
    msg_free(&deal.bytes);
    free(deal.start);
    free(deal.order);
    return status;
}
