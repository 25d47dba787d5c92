/* kmeans - cluster vectors around k centres
 *
 * in      records with a vector x
 * out     the same records with cluster (int from 0) and distance (to its centre)
 * memory  all vectors, 8 bytes a number, and up to 64 MB; other fields are not held
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
#include "drive/fitted.h"
#include "drive/pass.h"
#include "drive/scan.h"
#include "drive/starts.h"

#define BY SCAN_SCORES SCAN_INERTIA SCAN_DRAWS

static struct {
    const char *in, *out, *save;
    struct scan scan;
    struct opt_input model, init;
    int64_t n_init, max_iter;
    double tol;
    uint64_t seed;
} arg = { .in = "x", .out = "cluster", .scan.words = BY, .n_init = 10, .max_iter = 300, .tol = 1e-4 };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_RANGE('k', "n-clusters", &arg.scan.k, 1, 1e9, "K|A:B",
              "number of clusters, or the best from A to B; not set: as many as --init or --model has"),
    SCAN_OPTS(&arg.scan, BY),
    OPT_INT(0, "n-init", &arg.n_init, 1, 1e6, "number of starts; the best is kept"),
    OPT_INT(0, "max-iter", &arg.max_iter, 1, 1e9, "largest number of steps per start"),
    OPT_F64(0, "tol", &arg.tol, 0, 1e300, "stop when the centres move less than this share of the mean variance"),
    OPT_SEED(&arg.seed),
    OPT_INPUT(0, "init", &arg.init, "start once, from the vectors in this stream"),
    OPT_INPUT('m', "model", &arg.model, "assign labels by the centres of this model"),
    OPT_OUTPUT(0, "save", &arg.save, "write the centres to this file"),
    REQUIRED("n-clusters|init|model", "the number of clusters"),
    EXCLUDES_WHY("model", "n-clusters|init|save", "the model has its centres"),
    OPT_END
};
static const struct prog prog = {
    .name = "kmeans", .brief = "cluster vectors around k centres",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label, distance number",
    .example = "-k 2", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
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
    size_t k = (size_t)arg.scan.k.first;
    double *init = starts_read(&arg.init, arg.in, s->d, &k);
    arg.scan.seed = arg.seed;
    if (scan_wanted(&arg.scan, &prog))
        k = scan_best(&arg.scan, &prog, s, try_k, NULL);
    scan_possible(s, k);
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
    if (m->used < k)
        warn("only %zu of %zu clusters have members: there are no more distinct vectors", m->used, k);
    if (!m->converged)
        warn("no convergence within %zu steps: the output is valid; --max-iter allows more", (size_t)arg.max_iter);
    free(init);
    free(m);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (scan_wanted(&arg.scan, &prog) && arg.init.path)
        opt_misuse(&prog, "--init needs a single number of clusters");
    struct rec_in *in = rec_open(&prog, operands, true);
    if (arg.model.path)
        fitted_load(&prog, &arg.model, parts, NULL, in, arg.in);
    struct slurp *s = slurp_read(in, arg.in, arg.out);
    budget_need(8 * (double)s->n * (double)s->d, "two copies of the vectors");
    if (!arg.model.path) {
        slurp_note_scales(s);
        learn(s);
    } else if (s->n && s->d != fit.m.d) {
        die(ST_STOPPED, "%s has %zu numbers, but the model %s was fitted to %zu", arg.in, s->d, arg.model.path, fit.m.d);
    } else {
        fit.m.converged = true;
        fit.m.label = mem_new(s->n, sizeof *fit.m.label);
        kmeans_label(&fit.m, s->x, s->n, fit.m.label);
    }
    double *distance = mem_new(s->n, sizeof *distance);
    kmeans_distance(&fit.m, s->x, s->n, fit.m.label, distance);
    char *side = item_side(arg.out, "cluster", "distance");
    int status = slurp_annotate(s, rec_create(&prog, in), (struct column[]){
        { .field = arg.out, .type = COL_I4, .data = fit.m.label },
        { .field = side, .type = COL_F8, .data = distance, .side = true },
        { .field = NULL },
    });
    free(distance);
    free(side);
    return status == ST_OK && !fit.m.converged ? ST_PARTIAL : status;
}
