/* pool - merge segments back into songs: mean of vectors, majority of clusters, by a field
 *
 * in      records with a field that groups them: track
 * out     a record for each of its values: the mean of x, the majority of cluster and its share,
 *         the number of segments, and what is equal in the first and all others
 * memory  one row for each group
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drive/groups.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "stream/tally.h"

static struct {
    const char *by;
    struct opt_words mean, majority;
} arg = { .by = "track" };

static const struct opt opts[] = {
    OPT_STR('b', "by", &arg.by, "FIELD", "field that groups the records"),
    OPT_WORDS_ONCE('m', "mean", &arg.mean, "A,B,...", "vectors to average; without: x, if there is one"),
    OPT_WORDS_ONCE('c', "majority", &arg.majority, "A,B,...", "labels to vote on; without: cluster, if there is one"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "pool", .brief = "merge segments back into songs: mean of vectors, majority of clusters",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector, track label",
    .writes = "x vector, cluster label, share number, segments number", .opts = opts, .also = also,
};

/* A vector to average or a label to vote on. Once seen in a record, it must be there in each. */
struct part { const char *name; bool vector, needed, has; struct row row; };    /* has: the record at hand */
static struct part *parts;
static size_t n_parts;

static struct groups *groups;
/* Of each group, each part; sum NULL: none so far. */
static struct pooled { double *sum; size_t count; struct tally votes; } **pooled;
static size_t pooled_cap;

static void add_parts(const struct opt_words *words, const char *usual, bool vector)
{
    size_t n = words->n ? words->n : 1;
    parts = mem_resize(parts, n_parts + n, sizeof *parts);
    for (size_t i = 0; i < n; i++)
        parts[n_parts++] = (struct part){ .name = words->n ? words->v[i] : usual, .vector = vector, .needed = words->n };
}

static bool is_part(const struct field *f)
{
    for (size_t i = 0; i < n_parts; i++)
        if (strlen(parts[i].name) == f->len && memcmp(parts[i].name, f->name, f->len) == 0)
            return true;
    return false;
}

/* What the record has of the parts; vectors are read. False: it is bad. */
static bool read_parts(struct rec *r, const struct head *h)
{
    for (struct part *p = parts; p < parts + n_parts; p++) {
        struct value v = rec_get(r, p->name);
        if (p->needed && !rec_find(r, p->name))
            return rec_lacks(r, p->name, "");
        p->has = v.type != V_NIL;
        if (p->has && p->vector && !row_read(r, p->name, &v, head_columns(h, p->name), &p->row))
            return false;
        if (p->has && !p->vector && !value_is_label(&v))
            return value_no_label(r, p->name, &v);
    }
    if (!arg.mean.n && !arg.majority.n && !rec_find(r, "x") && !rec_find(r, "cluster"))
        return rec_lacks(r, "x", " and no field cluster: give --mean or --majority");
    return true;
}

static void add_record(struct pooled *to, const struct rec *r)
{
    for (struct part *p = parts; p < parts + n_parts; p++, to++) {
        const struct field *f = rec_find(r, p->name);
        p->needed |= f != NULL;
        if (p->has && !p->vector)
            tally_add(&to->votes, f->raw + f->key, f->size - f->key);
        if (!p->has || !p->vector)
            continue;
        if (!to->sum)
            to->sum = mem_zero(p->row.d, sizeof *to->sum);
        for (size_t c = 0; c < p->row.d; c++)
            to->sum[c] += (double)p->row.x[c];
        to->count++;
    }
}

static bool pool_record(struct rec *r, const struct value *unused, void *state)
{
    struct text id;
    (void)unused;
    bool good = groups_id(r, arg.by, &id) && read_parts(r, state);
    if (!good && !item_bad(r)) {
        r->error[0] = '\0';             /* it is dealt with */
        return false;
    }
    for (size_t i = 0; i < n_parts && !good; i++)
        parts[i].has = false;
    if (good && !parts[0].has && rec_find(r, parts[0].name))
        item_nil();
    size_t n = groups_count(groups), at = groups_add(groups, r, id);
    if (at == n) {
        mem_grow(&pooled, &pooled_cap, n + 1, sizeof *pooled);
        pooled[at] = mem_zero(n_parts, sizeof **pooled);
    }
    add_record(pooled[at], r);
    return true;
}

static void set_mean(struct rec *r, struct part *p, const struct pooled *of)
{
    for (size_t c = 0; c < p->row.d && of->count; c++)
        p->row.x[c] = (float)(of->sum[c] / (double)of->count);
    if (of->count)
        rec_set_vector(r, p->name, p->row.x, p->row.d);
    else
        rec_set_nil(r, p->name);
}

static void set_majority(struct rec *r, const char *name, const struct tally *t)
{
    const struct vote *best = tally_best(t);
    char *share = item_side(name, "cluster", "share");
    item_note_side(r, share);
    rec_set_nil(r, name);
    rec_set_nil(r, share);
    if (best) {
        rec_set_raw(r, name, best->raw, best->size);
        rec_set_f64(r, share, (double)best->count / (double)t->all);
    }
    free(share);
}

static void fill_record(struct rec *r, size_t group)
{
    groups_fill(groups, group, r);
    for (size_t i = 0; i < n_parts; i++)
        if (parts[i].needed && parts[i].vector)
            set_mean(r, parts + i, pooled[group] + i);
        else if (parts[i].needed)
            set_majority(r, parts[i].name, &pooled[group][i].votes);
    groups_fill_count(groups, group, r);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, false);
    struct rec_out *out = rec_create(&prog, in);
    groups = groups_new(is_part);
    add_parts(&arg.mean, "x", true);
    add_parts(&arg.majority, "cluster", false);
    pass_each(in, &(struct pass){ .what = "records" }, pool_record, (void *)rec_head(in));
    groups_head(groups, rec_out_head(out));
    struct rec *r = rec_new();
    for (size_t i = 0; i < groups_count(groups); i++) {
        fill_record(r, i);
        rec_put(out, r);
    }
    rec_free(r);
    rec_finish(out);
    rec_close(in);
    return item_status();
}
