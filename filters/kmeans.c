/* kmeans - cluster vectors around k centres
 *
 * in      records with a vector x
 * out     the same records with cluster (int from 0) and distance (to its centre)
 * memory  all vectors, 8 bytes a number, and up to 64 MB; with --batch a few batches, and 16 bytes a record
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/kmeans.h"
#include "cluster/minibatch.h"
#include "drive/clusters.h"
#include "drive/fitted.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "drive/scales.h"
#include "drive/starts.h"
#include "drive/table.h"

#define BY SCAN_SCORES SCAN_INERTIA SCAN_DRAWS

static struct clusters arg = { .in = "x", .out = "cluster", .scan.words = BY, .n_init = 10, .max_iter = 300, .tol = 1e-4 };

static struct opt_range batch;          /* --batch; text NULL: all vectors at each step */

static const struct opt opts[] = {
    CLUSTERS_FIRST(&arg, BY),
    OPT_INT_RANGE(0, "batch", &batch, 1, 1e8, "N", "move the centres by N drawn vectors at a time, and do not hold all"),
    OPT_INT(0, "n-init", &arg.n_init, 1, 1e6, "number of starts; the best is kept"),
    OPT_INT(0, "max-iter", &arg.max_iter, 1, 1e9, "largest number of steps per start"),
    OPT_F64(0, "tol", &arg.tol, 0, 1e300, "stop when the centres move less than this share of the mean variance"),
    OPT_SEED(&arg.seed),
    OPT_INPUT(0, "init", &arg.init, "start once, from the vectors in this stream"),
    OPT_INPUT('m', "model", &arg.model, "assign labels by the centres of this model"),
    OPT_OUTPUT(0, "save", &arg.save, "write the centres to this file"),
    CLUSTERS_RULES("centres"),
    EXCLUDES("batch", "scan|also|tol|model"),
    OPT_END
};
static const struct prog prog = {
    .name = "kmeans", .brief = "cluster vectors around k centres",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label, distance number",
    .example = "-k 2", .conv = "sklearn-1.9", .alone = "with --model", .opts = opts, .also = slurp_also,
};

static struct { struct kmeans m; size_t records; } fit;

static const struct model_part parts[] = {
    MODEL_SIZE("records", &fit.records, 1, 1e15),
    MODEL_SIZE("k", &fit.m.k, 1, INT32_MAX),
    MODEL_REAL("inertia", &fit.m.inertia, 0, DBL_MAX),
    MODEL_SIZE("n_iter", &fit.m.n_iter, 1, 1e15),
    MODEL_FLAG("converged", &fit.m.converged),
    MODEL_MATRIX("centres", &fit.m.centre, &fit.m.k, &fit.m.d, -DBL_MAX, DBL_MAX),
    MODEL_END
};

static void tick(size_t start, size_t step, void *state)
{
    const size_t *scanned = state;          /* the k of a scan, or NULL */
    char note[96];
    if (scanned) {
        snprintf(note, sizeof note, "k %zu, start %zu, step %zu", *scanned, start + 1, step);
        scan_note(note);
    } else {
        snprintf(note, sizeof note, "step %zu", step);
        progress_at(start, note);
    }
}

static struct kmeans_options options(size_t k, const double *init)
{
    return (struct kmeans_options){
        .k = k, .n_init = (size_t)arg.n_init, .max_iter = (size_t)arg.max_iter, .tol = arg.tol, .seed = arg.seed,
        .init = init, .tick = tick,
    };
}

static struct scanned try_k(const struct slurp *s, size_t k, void *unused)
{
    static struct kmeans *m;
    struct kmeans_options o = options(k, NULL);
    (void)unused;
    o.state = &k;
    kmeans_free(m);
    m = kmeans_fit(s->x, s->n, s->d, &o);
    return (struct scanned){ .label = m->label, .inertia = m->inertia, .n_iter = m->n_iter, .converged = m->converged };
}

static void note_unused(size_t k)
{
    if (fit.m.used < k)
        warn("only %zu of %zu clusters have members: there are no more distinct vectors", fit.m.used, k);
}

/* From the centres of --init or by k-means++; and what to say of it. */
static void learn(struct slurp *s)
{
    double *init;
    size_t k = clusters_choose(&arg, &prog, s, try_k, NULL, &init);
    struct kmeans_options o = options(k, init);
    pass_progress(s->in, init ? 1 : o.n_init, "starts");
    struct kmeans *m = kmeans_fit(s->x, s->n, s->d, &o);
    progress_clear();
    fit.m = *m;
    fit.records = s->n;
    if (arg.save)
        fitted_save(&prog, arg.save, parts, s->in, arg.in);
    if (!progress_quiet)
        warn("inertia %.6g after %zu steps%s", m->inertia, m->n_iter, init || arg.n_init == 1 ? "" : " of the best start");
    note_unused(k);
    if (!m->converged)
        clusters_note_unconverged(&arg);
    free(init);
    free(m);
}

/* ---- --batch ---- */

static struct table *table;

static void fetch_row(size_t i, float *x, void *unused)
{
    (void)unused;
    table_row(table, i, x);
}

static void tick_batch(size_t step, void *unused)
{
    (void)unused;
    progress_at(step, NULL);
}

static bool claim(struct rec *r, void *unused)
{
    (void)unused;
    item_claim(r, arg.out);
    return true;
}

/* Of the first vectors, whether their columns are scaled alike. */
static void note_scales(const struct rec_in *in)
{
    size_t n = table->n < 1000 ? table->n : 1000;
    float *x = mem_new(mem_mul(n, table->d), sizeof *x);
    for (size_t i = 0; i < n; i++)
        table_row(table, i, x + i * table->d);
    scales_note(x, n, table->d, arg.in, rec_head(in));
    free(x);
}

static void learn_by_batches(struct rec_in *in)
{
    size_t k = (size_t)arg.scan.k.first;
    table = table_open(in, arg.in, 1, true, claim, NULL);
    note_scales(in);
    double *init = starts_read(&arg.init, arg.in, table->d, &k);
    scan_possible(&(struct slurp){ .n = table->n }, k);
    budget_need(minibatch_bytes(table->n, table->d, k, (size_t)batch.first), "the batches");
    pass_progress(in, 0, "batches");
    struct kmeans *m = minibatch_fit(table->n, table->d, &(struct minibatch_options){
        .k = k, .batch = (size_t)batch.first, .n_init = (size_t)arg.n_init, .max_iter = (size_t)arg.max_iter, .seed = arg.seed,
        .init = init, .row = fetch_row, .tick = tick_batch });
    progress_clear();
    fit.m = *m;
    fit.records = table->n;
    if (!progress_quiet)
        warn("inertia %.6g after %zu batches", m->inertia, m->n_iter);
    note_unused(k);
    if (!m->converged)
        warn("no convergence within %zu passes: the output is valid; --max-iter allows more", (size_t)arg.max_iter);
    table_close(table);
    free(init);
    free(m);
}

/* The records of a block, labelled together. */
enum { BLOCK = 1024 };
static struct { struct row row; float *x; int32_t label[BLOCK]; double distance[BLOCK]; size_t n, out; char *side; } block;

static bool take(struct rec *r, const struct value *v, void *unused)
{
    size_t d = block.row.d = fit.m.d;
    (void)unused;
    if (!row_read(r, arg.in, v, fitted_names.in, &block.row))
        return false;
    if (!block.x)
        block.x = mem_new(mem_mul(BLOCK, d), sizeof *block.x);
    memcpy(block.x + block.n++ * d, block.row.x, d * sizeof *block.x);
    return true;
}

static bool full(size_t n, void *unused)
{
    (void)unused;
    if (n == 0)
        block.n = block.out = 0;
    return n == BLOCK;
}

static void label_block(void *unused)
{
    (void)unused;
    kmeans_label(&fit.m, block.x, block.n, block.label);
    kmeans_distance(&fit.m, block.x, block.n, block.label, block.distance);
}

static bool finish(struct rec *r, void *unused)
{
    (void)unused;
    item_note_side(r, block.side);
    rec_set_int(r, arg.out, block.label[block.out]);
    rec_set_f64(r, block.side, block.distance[block.out++]);
    return true;
}

static void unset(struct rec *r)
{
    item_note_side(r, block.side);
    rec_set_nil(r, block.side);
}

static int by_batches(char **operands)
{
    if (batch.last > batch.first || strchr(batch.text, ':'))
        opt_misuse(&prog, "--batch '%s' is not a number of vectors", batch.text);
    if (scan_wanted(&arg.scan, &prog))
        opt_misuse(&prog, "--batch needs a single number of clusters");
    block.side = item_side(arg.out, "cluster", "distance");
    int status = fitted_run(&prog, &(struct fitted){
        .map = { .in = arg.in, .out = arg.out, .keep = true, .process = take, .full = full, .together = label_block,
                 .finish = finish, .unset = unset },
        .model = &arg.model, .save = arg.save, .parts = parts, .fit = learn_by_batches }, operands);
    return status == ST_OK && !fit.m.converged ? ST_PARTIAL : status;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (batch.text)
        return by_batches(operands);
    struct slurp *s = clusters_read(&arg, &prog, operands, parts, NULL, &fit.m.d);
    budget_need(8 * (double)s->n * (double)s->d, "two copies of the vectors");
    if (!arg.model.path) {
        learn(s);
    } else {
        fit.m.converged = true;
        fit.m.label = mem_new(s->n, sizeof *fit.m.label);
        kmeans_label(&fit.m, s->x, s->n, fit.m.label);
    }
    double *distance = mem_new(s->n, sizeof *distance);
    kmeans_distance(&fit.m, s->x, s->n, fit.m.label, distance);
    struct column side = { .type = COL_F8, .data = distance };
    int status = clusters_write(&arg, &prog, s, fit.m.label, "distance", side, fit.m.converged);
    free(distance);
    return status;
}
