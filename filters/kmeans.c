/* kmeans - cluster vectors around k centres
 *
 * in      records with a vector x
 * out     the same records with cluster (int from 0) and distance (to its centre)
 * memory  all vectors, 8 bytes a number, and up to 64 MB; with --batch a few batches, and 16 bytes a record; with -m a block;
 *         under mpirun a share of the vectors
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
#include "drive/batches.h"
#include "drive/clusters.h"
#include "drive/fitted.h"
#include "drive/pass.h"
#include "drive/ranks.h"

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
    OPT_INPUT_OR(0, "init", &arg.init, "k-means++|FILE", "start once, from the vectors in this stream"),
    OPT_INPUT('m', "model", &arg.model, "assign labels by the centres of this model"),
    OPT_OUTPUT(0, "save", &arg.save, "write the centres to this file"),
    CLUSTERS_RULES("centres"),
    EXCLUDES("batch", "scan|also|tol|model"),
    OPT_END
};
static const struct prog prog = {
    .name = "kmeans", .brief = "cluster vectors around k centres",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label, distance number",
    .example = "-k 2", .conv = "sklearn-1.9", .alone = "with --model", .ranks = true, .opts = opts,
    .also = slurp_also,
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

/* From the centres of --init or by k-means++; and what to say of it. */
static void learn(struct slurp *s)
{
    double *init;
    size_t k = clusters_choose(&arg, &prog, s, try_k, NULL, &init);
    struct kmeans_options o = options(k, init);
    size_t from, to;
    kmeans_rows(arg.all, s->d, k, &from, &to);
    clusters_share(&arg, s, from, to);
    pass_progress(s->in, init ? 1 : o.n_init, "starts");
    struct kmeans *m = kmeans_fit(s->x, arg.all, s->d, &o);
    progress_clear();
    fit.m = *m;
    fit.records = arg.all;
    if (arg.save && world.rank == 0)
        fitted_save(&prog, arg.save, parts, s->in, arg.in);
    if (!progress_quiet)
        warn("inertia %.6g after %zu steps%s", m->inertia, m->n_iter, init || arg.n_init == 1 ? "" : " of the best start");
    batches_note_unused(m, k, "there are no more distinct vectors");
    if (!m->converged)
        clusters_note_unconverged(&arg);
    free(init);
    free(m);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (batch.text || arg.model.path)
        return batches_run(&prog, &(struct batches){ &arg, &batch, &fit.m, &fit.records, parts }, operands);
    struct slurp *s = clusters_read(&arg, &prog, operands);
    budget_need(8 * (double)s->n * (double)s->d, "two copies of the vectors");
    learn(s);
    double *distance = mem_new(s->n, sizeof *distance);
    kmeans_distance(&fit.m, s->x, s->n, fit.m.label, distance);
    struct column side = { .type = COL_F8, .data = distance };
    int status = clusters_write(&arg, &prog, s, fit.m.label, "distance", side, fit.m.converged);
    free(distance);
    return status;
}
