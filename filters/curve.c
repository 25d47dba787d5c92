/* curve - plot numbers over a number, bars, silhouettes or a tree, as a gnuplot program
 *
 * in      records with numbers, such as the logs of vae-train, --scan, dbscan --kdist, metrics, agglo --tree
 * out     text: a program for gnuplot that holds its data
 * memory  32 bytes a point; with --tree 150 a merge
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/pass.h"
#include "drive/picture.h"
#include "drive/tree_read.h"
#include "plot/curve.h"
#include "stream/value.h"

static struct {
    const char *x, *by;
    struct opt_input songs;
    struct opt_words y;
    bool by_file, bars, silhouette, tree;
    int64_t leaves;
} arg = { .leaves = 50 };
static struct curve c;
static struct names groups;         /* of --by, or the files */
static size_t left_out;

static const struct opt opts[] = {
    OPT_STR('x', "x", &arg.x, "FIELD", "field along the x axis; without: epoch, rank or k; of bars: method or id"),
    OPT_WORDS_ONCE('y', "y", &arg.y, "A,B,...", "fields to draw; without: loss, kdist or silhouette"),
    OPT_STR('b', "by", &arg.by, "FIELD", "field that tells lines, bars or clusters apart"),
    OPT_FLAG(0, "by-file", &arg.by_file, "let each file be a line of its own"),
    OPT_FLAG(0, "log-x", &c.log_x, "logarithms along the x axis"),
    OPT_FLAG(0, "log-y", &c.log_y, "logarithms along the y axis"),
    OPT_FLAG(0, "bars", &arg.bars, "draw groups of bars"),
    OPT_FLAG(0, "silhouette", &arg.silhouette, "draw the values of each cluster from the largest down"),
    OPT_FLAG(0, "tree", &arg.tree, "draw the tree that agglo or hdbscan wrote with --tree"),
    OPT_INT(0, "leaves", &arg.leaves, 2, 1000, "with --tree: how far to take it apart"),
    OPT_INPUT(0, "songs", &arg.songs, "with --tree: the records that were clustered, whose ids name the leaves"),
    EXCLUDES("bars", "silhouette|log-x"),
    EXCLUDES("by-file", "by|silhouette"),
    EXCLUDES("silhouette", "x|log-x|log-y"),
    EXCLUDES("tree", "x|y|by|by-file|log-x|log-y|bars|silhouette"),
    NEEDS("leaves", "tree"),
    NEEDS("songs", "tree"),
    NEEDS_WHY("bars", "y", "the scores to draw"),
    OPT_END
};
static const struct prog prog = {
    .name = "curve", .brief = "plot numbers over a number, bars, silhouettes or a tree, as a gnuplot program",
    .in = IO_RECORDS, .out = IO_TEXT, .reads = "loss number", .writes = "a program for gnuplot",
    .opts = opts, .also = picture_also,
};

/* What the options leave open, the first record decides. */
static bool choose(struct rec *r)
{
    static const struct { const char *y, *x; } usual[] = { { "loss", "epoch" }, { "kdist", "rank" }, { "silhouette", "k" } };
    if (arg.silhouette && !arg.y.n)
        opt_cut(&prog, "y", "silhouette", &arg.y);
    for (size_t i = 0; i < 3; i++) {
        if (!arg.y.n && rec_find(r, usual[i].y))
            opt_cut(&prog, "y", usual[i].y, &arg.y);
        if (!arg.x && !arg.bars && !arg.silhouette && rec_find(r, usual[i].x))
            arg.x = usual[i].x;
    }
    if (arg.bars && !arg.x)
        arg.x = rec_find(r, "method") ? "method" : "id";
    if (arg.silhouette && !arg.by)
        arg.by = "cluster";
    return arg.y.n || rec_lacks(r, "loss, kdist or silhouette",
                                    rec_find(r, "height") ? "; --tree draws a tree" : "; give -y");
}

/* The number in a field: NaN where it is nil. */
static bool read_number(struct rec *r, const char *field, double *to)
{
    struct value v = rec_get(r, field);
    char brief[VALUE_BRIEF];
    *to = v.type == V_INT ? (double)v.i : v.type == V_FLOAT ? v.f : NAN;
    if (!rec_find(r, field))
        return rec_lacks(r, field, "");
    return v.type == V_NIL || v.type == V_INT || v.type == V_FLOAT ||
           rec_error(r, "%s is not a number: %s", field, value_brief(&v, brief));
}

/* The points of a record; state: the stream. */
static bool add_points(struct rec *r, const struct value *unused, void *state)
{
    static size_t cap, records;
    struct value v;
    uint32_t at = 0, group = UINT32_MAX;
    bool any = false, nil = true;
    double x = (double)++records, y;
    (void)unused;
    if (records == 1 && !choose(r))
        return false;
    if (arg.by && (!rec_need(r, arg.by, &v) || !value_number(r, arg.by, &v, &groups, &group)))
        return false;
    if (arg.by_file)
        group = (uint32_t)names_add(&groups, rec_name(state), strlen(rec_name(state)), NAME_TEXT, 0);
    if (arg.bars && (!rec_need(r, arg.x, &v) || !value_number(r, arg.x, &v, &c.places, &at)))
        return false;
    if (arg.x && !arg.bars && !read_number(r, arg.x, &x))
        return false;
    for (size_t i = 0; i < arg.y.n; i++) {
        struct str std = { NULL, 0, 0 };
        double error = NAN;
        str_printf(&std, "%s.std", arg.y.v[i]);
        if (!read_number(r, arg.y.v[i], &y) || (rec_find(r, std.p) && !read_number(r, std.p, &error)))
            return false;
        str_free(&std);
        nil = nil && rec_get(r, arg.y.v[i]).type == V_NIL;
        if (!isfinite(x) || !isfinite(y) || (c.log_y && y <= 0) || (c.log_x && x <= 0))
            continue;
        uint32_t series = curve_series(&c, arg.y.v[i], arg.y.n > 1, group == UINT32_MAX ? NULL : groups.v + group);
        mem_grow(&c.v, &cap, c.n + 1, sizeof *c.v);
        c.v[c.n++] = (struct curve_point){ arg.bars ? at : x, y, error, series };
        any = true;
    }
    r->nil = nil;
    left_out += !any && !nil;
    return any;
}

static void draw_tree(struct rec_in *in, struct str *g)
{
    struct tree *t = tree_read(in, arg.songs.path);
    t->most = (size_t)arg.leaves;
    t->page = c.page;
    const char *why = tree_draw(g, t);
    if (why)
        die(ST_STOPPED, "cannot draw this as a tree: %s", why);
    tree_free(t);
}

static void draw_curve(struct rec_in *in, struct str *g)
{
    pass_each(in, &(struct pass){ .what = "records", .only = true, .any_ids = arg.by_file }, add_points, in);
    if (c.n == 0)
        die(ST_STOPPED, "no points to draw");
    if (left_out && !progress_quiet)
        warn("records left out, as a number is not finite, or not above 0 on an axis of logarithms: %zu", left_out);
    c.kind = arg.bars ? CURVE_BARS : arg.silhouette ? CURVE_SORTED : CURVE_LINES;
    c.x = arg.silhouette ? arg.by : arg.x ? arg.x : "record";
    c.y = arg.y.n == 1 ? arg.y.v[0] : NULL;
    curve_draw(g, &c);
}

int main(int argc, char **argv)
{
    char **operands = picture_parse(&prog, argc, argv, &c.page);
    struct rec_in *in = rec_open(&prog, operands, false);
    struct str g = { NULL, 0, 0 };
    arg.tree ? draw_tree(in, &g) : draw_curve(in, &g);
    rec_close(in);
    names_free(&c.series);
    names_free(&c.places);
    names_free(&groups);
    free(c.v);
    return picture_write(&g);
}
