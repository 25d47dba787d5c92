/* sp-sample - draw records at random, or the first or last, overall or from each group
 *
 * in      any records
 * out     the drawn ones (or the others), unchanged and in order
 * memory  one record and the count of each group; read twice
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/rng.h"
#include "drive/map.h"
#include "drive/pass.h"
#include "stream/ids.h"
#include "stream/value.h"

static struct {
    int64_t count;
    double share;
    const char *by;
    bool invert, first, last;
    uint64_t seed;
} arg = { .count = -1, .share = NAN };

static const struct opt opts[] = {
    OPT_INT('n', "count", &arg.count, -1, 1e12, "number of records to draw, from each group (-1: by --share)"),
    OPT_F64(0, "share", &arg.share, 0, 1, "share of the records to draw, from each group"),
    OPT_STR(0, "by", &arg.by, "FIELD", "draw from each group of records that share a value"),
    OPT_FLAG(0, "first", &arg.first, "take the first ones instead of any"),
    OPT_FLAG(0, "last", &arg.last, "take the last ones instead of any"),
    OPT_FLAG('v', "invert", &arg.invert, "pass on the records not drawn instead"),
    OPT_SEED(&arg.seed),
    REQUIRED("count|share", "how many to draw"),
    EXCLUDES("count", "share"), EXCLUDES("first", "last|seed"), EXCLUDES("last", "seed"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "sp-sample", .brief = "draw records at random, or the first or last, overall or from each group",
    .in = IO_RECORDS, .out = IO_RECORDS, .example = "-n 1", .opts = opts, .also = also,
};

/* Of each group: records not gone by yet, and how many of them are to be drawn. */
struct group { uint64_t left, wanted; struct rng rng; };

static struct {
    struct ids *keys;           /* number of the group by its label's key */
    struct group *v;
    size_t n, cap;
    const char *name;           /* of the input */
} groups;

/* The record's group; NULL if it has none: r->nil, or r->error is set. With `add` a new
 * label founds one. */
static struct group *group_of(struct rec *r, bool add)
{
    static struct msg_buf buf;
    struct value v;
    buf.n = 0;
    if (arg.by && !rec_need(r, arg.by, &v))
        return NULL;
    if (arg.by && !value_key(&v, &buf))
        return value_no_label(r, arg.by, &v), NULL;
    struct text key = { (const char *)buf.p, buf.n };
    size_t at = ids_find(groups.keys, key);
    if (at == SIZE_MAX && add) {
        ids_add(groups.keys, key, at = groups.n++);
        mem_grow(&groups.v, &groups.cap, groups.n, sizeof *groups.v);
        groups.v[at] = (struct group){ .left = 0 };
        rng_init(&groups.v[at].rng, arg.seed, XXH3_64bits(key.p, key.n));     /* other groups change nothing */
    }
    if (at == SIZE_MAX || (!add && groups.v[at].left == 0))
        io_changed(groups.name);
    return groups.v + at;
}

static bool count_record(struct rec *r, const struct value *v, void *state)
{
    struct group *g = group_of(r, true);
    (void)v;
    (void)state;
    if (g)
        g->left++;
    return g;
}

/* How many are drawn of each group. */
static void choose_counts(void)
{
    size_t small = 0;
    for (struct group *g = groups.v; g < groups.v + groups.n; g++) {
        double share = arg.share * (double)g->left;
        g->wanted = arg.count < 0 ? (uint64_t)floor(share + 0.5) : (uint64_t)arg.count;
        small += g->wanted > g->left;
        g->wanted = g->wanted < g->left ? g->wanted : g->left;
    }
    if (small && !progress_quiet && arg.by)
        warn("%zu of %zu groups have fewer than %lld records: all of them are drawn", small, groups.n,
             (long long)arg.count);
    else if (small && !progress_quiet)
        warn("there are only %llu records: all are drawn", (unsigned long long)groups.v[0].left);
}

/* Selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S): of
 * `left` records `wanted` are still to come, so this one is drawn with wanted / left. */
static bool draw_record(struct rec *r, const struct value *in, void *state)
{
    struct group *g = group_of(r, false);
    (void)in;
    (void)state;
    if (r->error[0])
        return false;
    bool drawn = g && (arg.first ? g->wanted > 0 : arg.last ? g->left <= g->wanted : rng_below(&g->rng, g->left) < g->wanted);
    if (g) {
        g->left--;
        g->wanted -= drawn;
    }
    if (!g || drawn == arg.invert)
        rec_drop(r);
    return true;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, true);
    groups.keys = ids_new();
    groups.name = rec_name(in);
    pass_each(in, &(struct pass){ .what = "records counted" }, count_record, NULL);
    choose_counts();
    rec_rewind(in);
    return map_run(&(struct map){ .process = draw_record }, in, rec_create(&prog, in));     /* in order: there is no -j */
}
