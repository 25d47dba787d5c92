/* sp-join - add fields from the records of a second stream
 *
 * in      any records, and a second stream of them
 * out     the same records, with the fields that they do not have taken from their partners
 * memory  one record, and all of the second stream
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/mem.h"
#include "drive/join.h"
#include "drive/map.h"

enum { MISSING_FAIL, MISSING_SKIP, MISSING_NIL };

static struct {
    struct join join;
    int missing;
    bool all;
} arg = { .join = { JOIN_DEFAULTS } };

static const struct opt opts[] = {
    JOIN_OPTS(arg.join, "fields"),
    OPT_CHOICE(0, "missing", &arg.missing, "fail|skip|nil", "what to do with a record that has no partner"),
    OPT_FLAG('a', "all", &arg.all, "append the records that only the second stream has"),
    REQUIRED("with", "the second stream"),
    EXCLUDES_WHY("all", "draw|on", "--all is for a join by id"),
    OPT_END
};
static const struct prog prog = {
    .name = "sp-join", .brief = "add fields from the records of a second stream",
    .in = IO_RECORDS, .out = IO_RECORDS, .example = "--with FILE",
    .alone = "without --all --draw", .opts = opts, .also = map_also,
};

static struct rec *first;       /* the first record as it came in: the fields of this stream */
static struct rec *fields;      /* a record with all the fields of the second stream */

static void take_missing(struct rec *r, const struct rec *from)
{
    for (size_t i = 0; from && i < from->n; i++)
        if (!rec_find_as(r, from->fields + i, i))
            rec_take(r, from->fields + i);
}

/* Set what `like` has and r has not to nil. */
static void fill_nil(struct rec *r, const struct rec *like)
{
    for (size_t i = 0; like && i < like->n; i++) {
        const struct field *f = like->fields + i;
        if (rec_find_as(r, f, i))
            continue;
        char *name = mem_text(f->name, f->len);
        rec_set_nil(r, name);
        free(name);
    }
}

static bool process(struct rec *r, const struct value *in, void *partner_of)
{
    (void)in;
    if (!first) {               /* in the calling thread, before others begin */
        first = rec_new();
        take_missing(first, r);
    }
    const struct rec *partner = join_partner(&arg.join, r, partner_of);
    if (!partner && arg.missing == MISSING_FAIL && arg.join.by && !rec_find(r, arg.join.by))
        return rec_lacks(r, arg.join.by, "");
    if (!partner && arg.missing == MISSING_FAIL && !rec_find(r, arg.join.on))
        return rec_lacks(r, arg.join.on, "");
    if (!partner && arg.missing == MISSING_FAIL)
        return rec_error(r, "no partner in %s; give --missing skip or nil", arg.join.with.path);
    if (!partner && arg.missing == MISSING_SKIP)
        rec_drop(r);
    take_missing(r, partner);
    fill_nil(r, fields);
    return true;
}

/* Columns of the fields that come from the second stream. */
static void header(struct head *h, void *state)
{
    (void)state;
    const struct head *other = join_head(&arg.join);
    for (size_t i = 0; i < other->n_columns; i++) {
        const struct columns *c = other->columns + i;
        if (!head_columns(h, c->field) && !(first && rec_find(first, c->field)))
            head_set_columns(h, c->field, (const char *const *)c->names, c->n);
    }
}

static bool rest(struct rec *r, void *state)
{
    (void)state;
    if (!arg.all || !join_rest(&arg.join, r))
        return false;
    fill_nil(r, fields);
    fill_nil(r, first);
    return true;
}

static void *worker_new(void *state)
{
    (void)state;
    return rec_new();
}

static void worker_free(void *partner)
{
    rec_free(partner);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, false);
    join_open(&arg.join);
    fields = rec_new();
    struct rec *one = rec_new();
    for (size_t i = 0; i < arg.join.n; i++)
        fill_nil(fields, join_rec(&arg.join, i, one));
    rec_free(one);
    int status = map_run(&(struct map){ .process = process, .header = header, .rest = rest, .worker_new = worker_new,
                                        .worker_free = worker_free }, in, rec_create(&prog, in));
    join_note(&arg.join);
    return status;
}
