/* mixture - cluster vectors by a mixture of Gaussians
 *
 * in      records with a vector x
 * out     the same records with cluster (int from 0) and p, how likely each cluster is
 * memory  all vectors, 8 bytes a number and 4 a cluster, and up to 64 MB; with -m a block
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/mixture.h"
#include "drive/assign.h"

#define KINDS "spherical|diag|tied|full"
#define BY "bic|aic|" SCAN_SCORES SCAN_DRAWS

static struct clusters arg = { .in = "x", .out = "cluster", .scan.words = BY, .n_init = 1, .max_iter = 100, .tol = 1e-3 };
static int kind = MIXTURE_FULL;
static double reg = 1e-6;

static const struct opt opts[] = {
    CLUSTERS_FIRST(&arg, BY),
    OPT_CHOICE(0, "covariance", &kind, KINDS,
               "how clusters spread: as balls, along the axes, all alike, or each in its own way"),
    OPT_INT(0, "n-init", &arg.n_init, 1, 1e6, "number of starts, each from the clusters of k-means; the best is kept"),
    OPT_INT(0, "max-iter", &arg.max_iter, 1, 1e9, "largest number of steps per start"),
    OPT_F64(0, "tol", &arg.tol, 0, 1e300, "stop when the mean log-likelihood of a vector changes by less"),
    OPT_F64(0, "reg-covar", &reg, 0, 1e300, "what is added to each variance"),
    OPT_SEED(&arg.seed),
    OPT_INPUT_OR(0, "init", &arg.init, "kmeans|FILE", "start once, from the clusters around the vectors in this stream"),
    OPT_INPUT('m', "model", &arg.model, "assign clusters by this model"),
    OPT_OUTPUT(0, "save", &arg.save, "write the mixture to this file"),
    CLUSTERS_RULES("clusters"),
    OPT_END
};
static const struct prog prog = {
    .name = "mixture", .brief = "cluster vectors by a mixture of Gaussians",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label, p vector",
    .example = "-k 2", .conv = "sklearn-1.9", .alone = "with --model", .opts = opts, .also = slurp_also,
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

/* What of a loaded model does not go together; if nothing, it is ready to label. */
static const char *check(void)
{
    struct mixture *m = &fit.m;
    size_t rows = m->kind == MIXTURE_FULL ? m->k * m->d : m->kind == MIXTURE_TIED ? m->d : m->k;
    size_t columns = m->kind == MIXTURE_SPHERICAL ? 1 : m->d;
    if (m->rows != rows || m->columns != columns)
        return "its covariances do not fit its means";
    mixture_prepare(m);
    return NULL;
}

static void tick(size_t step, void *state)
{
    char note[96];
    snprintf(note, sizeof note, "k %zu, step %zu", *(const size_t *)state, step);
    scan_note(note);
}

static struct mixture *fit_k(const float *x, size_t n, size_t d, size_t k, double *starts)
{
    struct mixture_options o = {
        .k = k, .kind = (enum mixture_kind)kind, .reg = reg, .tol = arg.tol, .max_iter = (size_t)arg.max_iter,
        .tick = tick, .state = &k, .n_init = (size_t)arg.n_init, .seed = arg.seed, .init = starts,
    };
    budget_need((double)n * (8 * (double)d + 4 * (double)k) + mixture_bytes(d, &o), "two copies of the vectors, and sums");
    return mixture_best(x, n, d, &o);
}

static struct scanned try_k(const struct slurp *s, size_t k, void *labels)
{
    struct mixture *m = fit_k(s->x, s->n, s->d, k, NULL);
    struct scanned one = { .label = labels, .inertia = NAN, .n_iter = m->n_iter, .converged = m->converged };
    mixture_criteria(m, mixture_label(m, s->x, s->n, labels, NULL), s->n, &one.bic, &one.aic);
    mixture_free(m);
    return one;
}

/* The number of clusters, the mixture, and what to say of it. */
static void learn(struct slurp *s, int32_t *labels, float **p)
{
    double *starts;
    size_t k = clusters_choose(&arg, &prog, s, try_k, labels, &starts);
    progress_start(0, "vectors");
    struct mixture *m = fit_k(s->x, s->n, s->d, k, starts);
    progress_clear();
    free(starts);
    *p = mem_new(mem_mul(s->n, k), sizeof **p);
    mixture_criteria(m, mixture_label(m, s->x, s->n, labels, *p), s->n, &fit.bic, &fit.aic);
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
             "--covariance?", fit.m.collapsed, k, reg > 0 ? "--reg-covar" : "a least variance");
    if (!fit.m.converged)
        clusters_note_unconverged(&arg);
}

static void label(const float *x, size_t n, int32_t *labels, void *p)
{
    mixture_label(&fit.m, x, n, labels, p);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.model.path)
        return assign_run(&prog, &(struct assign){ .arg = &arg, .name = "p", .d = &fit.m.d, .wide = &fit.m.k, .label = label,
                                                   .parts = parts, .check = check }, operands);
    struct slurp *s = clusters_read(&arg, &prog, operands);
    int32_t *labels = mem_new(s->n, sizeof *labels);
    float *p = NULL;
    learn(s, labels, &p);
    struct column side = { .type = COL_VECTOR, .data = p, .d = fit.m.k };
    int status = clusters_write(&arg, &prog, s, labels, "p", side, fit.m.converged);
    free(labels);
    free(p);
    return status;
}
