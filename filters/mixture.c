/* mixture - cluster vectors by a mixture of Gaussians
 *
 * in      records with a vector x
 * out     the same records with cluster (int from 0) and p, how likely each cluster is
 * memory  all vectors, 8 bytes a number and 4 a cluster, and up to 64 MB; other fields are not held
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/kmeans.h"
#include "cluster/mixture.h"
#include "drive/fitted.h"
#include "drive/scan.h"
#include "drive/starts.h"

#define KINDS "spherical|diag|tied|full"
#define BY "bic|aic|" SCAN_SCORES SCAN_DRAWS

static struct {
    const char *in, *out, *save;
    struct scan scan;
    struct opt_input model, init;
    int64_t n_init, max_iter;
    double tol, reg;
    int kind;
    uint64_t seed;
} arg = { .in = "x", .out = "cluster", .scan.words = BY, .kind = MIXTURE_FULL, .n_init = 1,
          .max_iter = 100, .tol = 1e-3, .reg = 1e-6 };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_RANGE('k', "n-clusters", &arg.scan.k, 1, 1e9, "K|A:B",
              "number of clusters, or the best from A to B; not set: as many as --init or --model has"),
    SCAN_OPTS(&arg.scan, BY),
    OPT_CHOICE(0, "covariance", &arg.kind, KINDS,
               "how clusters spread: as balls, along the axes, all alike, or each in its own way"),
    OPT_INT(0, "n-init", &arg.n_init, 1, 1e6, "number of starts, each from the clusters of k-means; the best is kept"),
    OPT_INT(0, "max-iter", &arg.max_iter, 1, 1e9, "largest number of steps per start"),
    OPT_F64(0, "tol", &arg.tol, 0, 1e300, "stop when the mean log-likelihood of a vector changes by less"),
    OPT_F64(0, "reg-covar", &arg.reg, 0, 1e300, "what is added to each variance"),
    OPT_SEED(&arg.seed),
    OPT_INPUT(0, "init", &arg.init, "start once, from the clusters around the vectors in this stream"),
    OPT_INPUT('m', "model", &arg.model, "assign clusters by this model"),
    OPT_OUTPUT(0, "save", &arg.save, "write the mixture to this file"),
    REQUIRED("n-clusters|init|model", "the number of clusters"),
    EXCLUDES_WHY("model", "n-clusters|init|save", "the model has its clusters"),
    OPT_END
};
static const struct prog prog = {
    .name = "mixture", .brief = "cluster vectors by a mixture of Gaussians",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label, p vector",
    .example = "-k 2", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

static struct { struct mixture m; size_t records; double bic, aic; } fit;

static const struct model_part parts[] = {
    MODEL_SIZE("records", &fit.records, 1, 1e15),
    MODEL_CHOICE("covariance", &fit.m.kind, KINDS, NULL),
    MODEL_SIZE("k", &fit.m.k, 1, INT32_MAX),
    MODEL_REAL("least_variance", &fit.m.least, DBL_MIN, DBL_MAX),
    MODEL_REAL("lower_bound", &fit.m.likelihood, -DBL_MAX, DBL_MAX),
    MODEL_REAL("bic", &fit.bic, -DBL_MAX, DBL_MAX),
    MODEL_REAL("aic", &fit.aic, -DBL_MAX, DBL_MAX),
    MODEL_SIZE("n_iter", &fit.m.n_iter, 1, 1e15),
    MODEL_FLAG("converged", &fit.m.converged),
    MODEL_VECTOR("weights", &fit.m.weight, &fit.m.k, 0, 1),
    MODEL_MATRIX("means", &fit.m.mean, &fit.m.k, &fit.m.d, -DBL_MAX, DBL_MAX),
    MODEL_MATRIX("covariances", &fit.m.covariance, &fit.m.rows, &fit.m.columns, -DBL_MAX, DBL_MAX),
    MODEL_END
};

/* What of a loaded model does not go together. */
static const char *check(void)
{
    const struct mixture *m = &fit.m;
    size_t rows = m->kind == MIXTURE_FULL ? m->k * m->d : m->kind == MIXTURE_TIED ? m->d : m->k;
    size_t columns = m->kind == MIXTURE_SPHERICAL ? 1 : m->d;
    return m->rows != rows || m->columns != columns ? "its covariances do not fit its means" : NULL;
}

static void tick(size_t step, void *state)
{
    char note[96];
    snprintf(note, sizeof note, "k %zu, step %zu", *(const size_t *)state, step);
    scan_note(note);
}

static void label_by_means(const float *x, size_t n, size_t d, size_t k, uint64_t seed, int32_t *labels)
{
    struct kmeans_options o = { .k = k, .n_init = 1, .max_iter = 300, .tol = 1e-4, .seed = seed };
    struct kmeans *means = kmeans_fit(x, n, d, &o);
    memcpy(labels, means->label, n * sizeof *labels);
    kmeans_free(means);
}

/* The best of --n-init mixtures of k, or the one that begins with starts[k][d]. */
static struct mixture *fit_k(const float *x, size_t n, size_t d, size_t k, double *starts)
{
    struct mixture_options o = {
        .k = k, .kind = (enum mixture_kind)arg.kind, .reg = arg.reg, .tol = arg.tol, .max_iter = (size_t)arg.max_iter,
        .tick = tick, .state = &k,
    };
    struct mixture *best = NULL;
    budget_need((double)n * (8 * (double)d + 4 * (double)k) + mixture_bytes(d, &o), "two copies of the vectors, and sums");
    int32_t *first = mem_new(n, sizeof *first);
    for (int64_t start = 0; start < (starts ? 1 : arg.n_init); start++) {
        if (starts)
            kmeans_label(&(struct kmeans){ .k = k, .d = d, .centre = starts }, x, n, first);
        else
            label_by_means(x, n, d, k, arg.seed + (uint64_t)start, first);
        struct mixture *m = mixture_fit(x, n, d, first, &o);
        if (best && !(m->likelihood > best->likelihood)) {
            mixture_free(m);
            continue;
        }
        mixture_free(best);
        best = m;
    }
    free(first);
    return best;
}

/* Label all rows; the mixture's BIC and AIC of them. */
static void label(const struct mixture *m, const float *x, size_t n, int32_t *labels, float *p, double *bic, double *aic)
{
    double minus_twice = -2 * (double)n * mixture_label(m, x, n, labels, p), free_ones = mixture_parameters(m);
    *bic = minus_twice + free_ones * log((double)n);
    *aic = minus_twice + free_ones * 2;
}

static struct scanned try_k(const struct slurp *s, size_t k, void *labels)
{
    struct mixture *m = fit_k(s->x, s->n, s->d, k, NULL);
    struct scanned one = { .label = labels, .inertia = NAN, .n_iter = m->n_iter, .converged = m->converged };
    label(m, s->x, s->n, labels, NULL, &one.bic, &one.aic);
    mixture_free(m);
    return one;
}

/* The number of clusters, the mixture, and what to say of it. */
static void learn(struct slurp *s, int32_t *labels, float **p)
{
    size_t k = (size_t)arg.scan.k.first;
    double *starts = starts_read(&arg.init, arg.in, s->d, &k);
    arg.scan.seed = arg.seed;
    if (scan_wanted(&arg.scan, &prog))
        k = scan_best(&arg.scan, &prog, s, try_k, labels);
    scan_possible(s, k);
    progress_start(0, "vectors");
    struct mixture *m = fit_k(s->x, s->n, s->d, k, starts);
    progress_clear();
    free(starts);
    *p = mem_new(mem_mul(s->n, k), sizeof **p);
    label(m, s->x, s->n, labels, *p, &fit.bic, &fit.aic);
    fit.m = *m;
    fit.records = s->n;
    free(m);
    if (arg.save)
        fitted_save(&prog, arg.save, parts, s->in, arg.in);
    if (!progress_quiet)
        warn("log-likelihood %.6g a vector after %zu steps, BIC %.6g, AIC %.6g", fit.m.likelihood, fit.m.n_iter, fit.bic,
             fit.aic);
    if (fit.m.collapsed && !progress_quiet)
        warn("%zu of %zu clusters have no spread in some direction: %s holds them; fewer clusters, pca, or another "
             "--covariance?", fit.m.collapsed, k, arg.reg > 0 ? "--reg-covar" : "a least variance");
    if (!fit.m.converged)
        warn("no convergence within %zu steps: the output is valid; --max-iter allows more", (size_t)arg.max_iter);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (scan_wanted(&arg.scan, &prog) && arg.init.path)
        opt_misuse(&prog, "--init needs a single number of clusters");
    struct rec_in *in = rec_open(&prog, operands, true);
    if (arg.model.path)
        fitted_load(&prog, &arg.model, parts, check, in, arg.in);
    struct slurp *s = slurp_read(in, arg.in, arg.out);
    int32_t *labels = mem_new(s->n, sizeof *labels);
    float *p = NULL;
    if (!arg.model.path) {
        slurp_note_scales(s);
        learn(s, labels, &p);
    } else if (s->n && s->d != fit.m.d) {
        die(ST_STOPPED, "%s has %zu numbers, but the model %s was fitted to %zu", arg.in, s->d, arg.model.path, fit.m.d);
    } else {
        budget_need((double)s->n * (4 * (double)s->d + 4 * (double)fit.m.k), "the vectors and their clusters");
        mixture_prepare(&fit.m);
        p = mem_new(mem_mul(s->n, fit.m.k), sizeof *p);
        mixture_label(&fit.m, s->x, s->n, labels, p);
        fit.m.converged = true;
    }
    char *side = item_side(arg.out, "cluster", "p");
    int status = slurp_annotate(s, rec_create(&prog, in), (struct column[]){
        { .field = arg.out, .type = COL_I4, .data = labels },
        { .field = side, .type = COL_VECTOR, .data = p, .d = fit.m.k, .side = true },
        { .field = NULL },
    });
    free(labels);
    free(p);
    free(side);
    return status == ST_OK && !fit.m.converged ? ST_PARTIAL : status;
}
