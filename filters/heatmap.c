/* heatmap - plot a table, a matrix or how alike songs are in colours, as a gnuplot program
 *
 * in      records with a vector x, which are rows; or with a matrix, of which one is drawn
 * out     text: a program for gnuplot that holds its data
 * memory  the vectors, or one matrix, and the program
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "drive/frame_axes.h"
#include "drive/pass.h"
#include "drive/picture.h"
#include "drive/row.h"
#include "drive/sought.h"
#include "plot/heatmap.h"
#include "stream/history.h"
#include "stream/value.h"

enum { SONGS_MOST = 600 };          /* rows of a picture of similarities; of more songs the means */

static struct {
    const char *in, *id, *by;
    bool normalize, similarity;
} arg = { .in = "x", .by = "cluster" };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "vectors, which are rows, or a matrix to draw"),
    OPT_STR(0, "id", &arg.id, "ID", "record whose matrix to draw; without: the first"),
    OPT_FLAG(0, "normalize", &arg.normalize, "show each number as a share of its row"),
    OPT_FLAG(0, "similarity", &arg.similarity, "show the cosines of all pairs of vectors, group by group"),
    OPT_STR('b', "by", &arg.by, "FIELD", "with --similarity: field that groups them"),
    EXCLUDES("similarity", "normalize|id"),
    NEEDS("by", "similarity"),
    OPT_END
};
static const struct prog prog = {
    .name = "heatmap", .brief = "plot a table, a matrix or similarities in colours, as a gnuplot program",
    .in = IO_RECORDS, .out = IO_TEXT, .reads = "x vector", .writes = "a program for gnuplot",
    .opts = opts, .also = picture_also,
};

/* What is read: rows v[n][d] with their ids, or a matrix v[n][d]. */
static struct heatmap h;
static struct frame_axes axes;
static struct names groups;
static struct text *ids;
static uint32_t *group;
static float *v;
static size_t n, d;
static bool matrix;

static bool read_matrix(struct rec *r, const struct value *value, const struct head *head)
{
    static struct row m;
    if (!matrix_read(r, arg.in, value, &m) || !frame_axes_read(r, arg.in, head, value->t.shape, &axes))
        return false;
    matrix = true;
    v = mem_new(m.d, sizeof *v);
    n = axes.bands;
    d = axes.frames;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d; k++)
            v[i * d + k] = m.x[axes.band_major ? i * d + k : k * n + i];
    free(m.x);
    return true;
}

static struct sought sought = { .row = SIZE_MAX };     /* --id */

static bool add_row(struct rec *r, const struct value *value, void *in)
{
    static struct row row;
    static size_t cap, ids_cap, group_cap;
    const struct head *head = rec_head(in);
    struct text id = rec_id(r);
    struct value label;
    uint32_t number = 0;
    if (matrix || (arg.id && !sought_see(&sought, r, 0)))
        return false;
    if (n == 0 && value->type == V_TENSOR && value->t.ndim == 2 && !arg.similarity)
        return read_matrix(r, value, head);
    if (!row_read(r, arg.in, value, head_columns(head, arg.in), &row))
        return false;
    if (arg.similarity && (!rec_need(r, arg.by, &label) || !value_number(r, arg.by, &label, &groups, &number)))
        return false;
    d = row.d;
    mem_grow(&v, &cap, mem_mul(n + 1, d), sizeof *v);
    mem_grow(&ids, &ids_cap, n + 1, sizeof *ids);
    mem_grow(&group, &group_cap, n + 1, sizeof *group);
    memcpy(v + n * d, row.x, d * sizeof *v);
    ids[n] = (struct text){ mem_text(id.p, id.n), id.n };
    group[n++] = number;
    return true;
}

/* The word that the last step has for an option, for an axis. */
static const char *word_of(const struct head *head, const char *option)
{
    struct step *steps = history_steps(head);
    struct value word = history_value(steps + head->n_history - 1, option);
    free(steps);
    return word.type == V_STR ? mem_text(word.s.p, word.s.n) : NULL;
}

/* Rows are records, columns have the names that the stream knows. */
static void table(const struct head *head)
{
    const struct columns *names = head_columns(head, arg.in);
    bool confusion = history_ends_with(head, "confusion");
    if (arg.normalize && !heatmap_shares(v, n, d))
        die(ST_STOPPED, "--normalize: a number is below 0, which has no share");
    h.y = (struct heatmap_axis){ confusion ? word_of(head, "truth") : NULL, mem_new(n, sizeof *h.y.tics), n, 1, 0 };
    for (size_t i = 0; i < n; i++)
        h.y.tics[i] = (struct gnuplot_tic){ (double)i, ids[i].p, ids[i].n };
    h.x = (struct heatmap_axis){ confusion ? word_of(head, "cluster") : NULL, mem_new(d, sizeof *h.x.tics), d, 1, 0 };
    for (size_t i = 0; i < d; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        const char *name = names && names->n == d ? names->names[i] : mem_text(number, strlen(number));
        h.x.tics[i] = (struct gnuplot_tic){ (double)i, name, strlen(name) };
    }
    h.scale = arg.normalize ? "share of the row" : confusion ? "records" : arg.in;
}

/* Songs group by group, and as they come within one. */
static void similarities(void)
{
    struct ranking order = names_rank(&groups, SIZE_MAX);
    float *sorted = mem_new(mem_mul(n, d), sizeof *sorted);
    size_t *bounds = mem_zero(groups.n + 1, sizeof *bounds), *next = mem_zero(groups.n, sizeof *next);
    h.x = (struct heatmap_axis){ arg.by, mem_new(groups.n, sizeof *h.x.tics), groups.n, 1, n };
    for (size_t k = 0; k < groups.n; k++) {
        const struct name *name = groups.v + order.shown_name[k];
        next[k] = bounds[k];
        bounds[k + 1] = bounds[k] + name->count;
        h.x.tics[k] = (struct gnuplot_tic){ (double)(bounds[k] + bounds[k + 1] - 1) / 2, name->text, name->len };
    }
    for (size_t i = 0; i < n; i++)
        memcpy(sorted + next[order.rank[group[i]]]++ * d, v + i * d, d * sizeof *v);
    h.y = h.x;
    h.bounds = bounds + 1;
    h.n_bounds = groups.n - 1;
    h.scale = "cosine";
    budget_need(heatmap_cosines_bytes(n, SONGS_MOST), "the similarities");
    free(v);
    v = heatmap_cosines(sorted, n, d, SONGS_MOST, &n);
    d = n;
    free(sorted);
    free(next);
    ranking_free(&order);
}

int main(int argc, char **argv)
{
    char **operands = picture_parse(&prog, argc, argv, &h.page);
    struct rec_in *in = rec_open(&prog, operands, false);
    struct str g = { NULL, 0, 0 };
    sought.id = arg.id;
    pass_each(in, &(struct pass){ .field = arg.in, .what = "rows", .only = true }, add_row, in);
    if (arg.id)
        sought_need(&sought, "no record with this id has what --input names");
    if (n == 0 || d == 0)
        die(ST_STOPPED, "nothing to draw");
    if (matrix) {
        h.x = axes.x;
        h.y = axes.y;
        h.scale = axes.scale;
        h.up = h.levels = true;
    } else if (arg.similarity) {
        similarities();
    } else {
        table(rec_head(in));
    }
    h.v = v;
    h.rows = n;
    h.columns = d;
    heatmap_draw(&g, &h);
    rec_close(in);
    return picture_write(&g);
}
