/* pca - project vectors onto their principal components
 *
 * in      records with vectors of d numbers
 * out     the same records with vectors of k numbers, columns pca0, pca1, ...
 * memory  to fit: 8 d^2 bytes for many records, 12 n d for n <= d of them (and 16 times
 *         the square of the smaller to solve); sparse records: 20 bytes a number that is
 *         not 0, and 8 times that square; to apply: one record; a pipe is spooled
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/fitted.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "math/eig.h"
#include "math/pca.h"

enum { SOLVER_EXACT, SOLVER_RANDOMIZED };
enum { RANDOM_STEPS = 8 };          /* products with the covariance; scikit-learn's 7 iterations and the last */

static struct {
    const char *in, *out, *save;
    struct opt_input model;
    double n;
    bool keep, strict, whiten, inverse;
    int solver;
    uint64_t seed;
} arg = { .in = "x", .n = 0 };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_F64('n', "n-components", &arg.n, 0, 1e9, "components to keep; below 1: share of the variance to keep; 0: all"),
    OPT_FLAG(0, "strict", &arg.strict, "where there are not that many components, stop instead of taking all"),
    OPT_CHOICE(0, "solver", &arg.solver, "exact|randomized", "how to compute a whole number of components"),
    OPT_SEED(&arg.seed),
    OPT_FLAG('w', "whiten", &arg.whiten, "divide each component by its standard deviation"),
    FITTED_MODEL(&arg.model),
    FITTED_SAVE(&arg.save),
    OPT_FLAG(0, "inverse", &arg.inverse, "map components back to the columns of --model"),
    EXCLUDES("model", "save|n-components|strict|solver|whiten"),
    NEEDS("inverse", "model"),
    OPT_END
};
static const struct prog prog = {
    .name = "pca", .brief = "project vectors onto their principal components",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "x vector",
    .conv = "sklearn-1.9", .alone = "with --model", .ranks = true, .opts = opts, .also = map_also,
};

/* What is fitted or loaded. */
static struct pca pca;
static bool whiten;                 /* --whiten, or the model's */
static const struct model_part parts[] = {
    MODEL_SIZE("records", &pca.n, 2, 1e15),
    MODEL_SIZE("components", &pca.k, 1, 1e9),
    MODEL_FLAG("whiten", &whiten),
    MODEL_REAL("total_variance", &pca.total, 0, DBL_MAX),
    MODEL_VECTOR("mean", &pca.mean, &pca.d, -DBL_MAX, DBL_MAX),
    MODEL_MATRIX("components", &pca.components, &pca.k, &pca.d, -DBL_MAX, DBL_MAX),
    MODEL_VECTOR("variance", &pca.variance, &pca.m, 0, DBL_MAX),
    MODEL_END
};
static double *scale;               /* [k] for whitening, or NULL */
static double *prepared;            /* the components for sparse rows */

/* Fitted or loaded: make what process needs. NULL, or what of a model makes no sense. */
static const char *prepare(void)
{
    if (pca.m < pca.k)
        return "there are fewer variances than components";
    if (whiten) {
        scale = mem_new(pca.k, sizeof *scale);
        pca_whitening(&pca, scale);
    }
    prepared = pca_sparse_prepare(&pca);
    return NULL;
}

static double share(size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += pca.variance[i];
    return pca.total > 0 ? sum / pca.total : 1;
}

/* What is read: sparse rows as they are, and all rows for --solver randomized; else the sums of
 * one row after the other. */
struct reading {
    struct sparse_rows *rows;
    struct pca_fit *fit;
    size_t n, d;
    struct row row;
    struct sparse_row thin;
};

static struct pca_fit *new_fit(size_t d)
{
    budget_need(8 * (double)d * (double)d, "the covariance");
    return pca_fit_new(d);
}

static bool add_record(struct rec *r, const struct value *v, void *state)
{
    struct reading *a = state;
    struct sparse_row *thin = &a->thin;
    thin->d = a->row.d = a->d;
    bool stored = v->type == V_SPARSE && (a->rows || !a->n);
    if (stored ? !row_read_sparse(r, arg.in, v, fitted_names.in, thin) : !row_read(r, arg.in, v, fitted_names.in, &a->row))
        return false;
    size_t d = a->d = stored ? thin->d : a->row.d;
    if (!a->n++ && (stored || arg.solver == SOLVER_RANDOMIZED))
        a->rows = sparse_new(d);
    if (!a->rows) {
        a->fit = a->fit ? a->fit : new_fit(d);
        pca_fit_add(a->fit, a->row.x, 1);
    } else if (stored) {
        sparse_add(a->rows, thin->nnz, thin->index, thin->value);
    } else {
        sparse_add_dense(a->rows, a->row.x);
    }
    return true;
}

static void learn(struct rec_in *in)
{
    struct reading a = { .rows = NULL };
    const char *const fields[] = { arg.in, NULL };
    struct pca *found;
    pass_each(in, &(struct pass){ .field = arg.in, .late_ids = true, .fields = fields }, add_record, &a);
    struct sparse_rows *rows = a.rows;
    size_t n = a.n, d = a.d, most = n < d ? n : d;
    fitted_two(n, arg.in);
    if (arg.n > (double)most && arg.strict)
        die(ST_STOPPED, "%.0f components of %zu records with %zu columns: there are at most %zu",
            arg.n, n, d, most);
    if (arg.n > (double)most && !progress_quiet)
        warn("%zu records with %zu columns have only %zu components, not %.0f", n, d, most, arg.n);
    double wanted = fmin(arg.n, (double)most);
    if (rows && wanted >= 1 && (arg.solver == SOLVER_RANDOMIZED || 4 * wanted <= (double)most)) {
        if (arg.solver == SOLVER_EXACT && most <= PCA_SQUARE)
            budget_need(8 * (double)most * (double)most + 20 * (double)rows->nnz, "the products of sparse vectors");
        sparse_index(rows);
        found = pca_sparse(rows, (size_t)wanted, arg.solver == SOLVER_RANDOMIZED ? RANDOM_STEPS : 0, arg.seed);
    } else {
        if (rows)
            pca_fit_add_sparse(a.fit = new_fit(d), rows);
        budget_need(24 * (double)most * (double)most, "the eigenvectors");
        found = most > EIG_MAX ? NULL : pca_fit_solve(a.fit, wanted);
    }
    if (!found)
        fitted_unsolved(n, d);
    sparse_free(rows);
    free(a.row.x);
    free(a.thin.index);
    free(a.thin.value);
    pca = *found;
    free(found);
    whiten = arg.whiten;
    prepare();
    if (!progress_quiet)
        warn("%zu of %zu components hold %.4f of the variance of %zu records", pca.k, most, share(pca.k), n);
}

/* A worker's numbers: as read, and as written. */
struct work { struct row row; struct sparse_row thin; float *y; };

static void *work_new(void *state)
{
    (void)state;
    struct work *w = mem_zero(1, sizeof *w);
    w->y = mem_new(arg.inverse ? pca.d : pca.k, sizeof *w->y);
    return w;
}

static void work_free(void *worker)
{
    struct work *w = worker;
    free(w->row.x);
    free(w->thin.index);
    free(w->thin.value);
    free(w->y);
    free(w);
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct work *w = worker;
    w->row.d = arg.inverse ? pca.k : pca.d;
    w->thin.d = pca.d;
    if (in->type == V_SPARSE && !arg.inverse) {
        if (!row_read_sparse(r, arg.in, in, fitted_names.in, &w->thin))
            return false;
        pca_sparse_apply(&pca, prepared, scale, w->thin.nnz, w->thin.index, w->thin.value, w->y);
        rec_set_vector(r, fitted_names.out, w->y, pca.k);
        return true;
    }
    if (!row_read(r, arg.in, in, fitted_names.in, &w->row))
        return false;
    (arg.inverse ? pca_invert : pca_apply)(&pca, scale, w->row.x, w->y);
    rec_set_vector(r, fitted_names.out, w->y, arg.inverse ? pca.d : pca.k);
    return true;
}

static void header(struct head *h, void *state)
{
    const struct columns *c = fitted_names.model;
    (void)state;
    if (!arg.inverse)
        head_number_columns(h, fitted_names.out, "pca", pca.k);
    else
        head_set_columns(h, fitted_names.out, c ? (const char *const *)c->names : NULL, c ? c->n : 0);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.n >= 1 && arg.n != floor(arg.n))
        opt_misuse(&prog, "-n %g is neither a whole number nor a share below 1", arg.n);
    if (arg.solver == SOLVER_RANDOMIZED && arg.n < 1)
        opt_misuse(&prog, "--solver randomized needs a whole number of components");
    return fitted_run(&prog, &(struct fitted){
        .map = { .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process, .worker_new = work_new,
                 .worker_free = work_free, .header = header },
        .model = &arg.model, .save = arg.save, .parts = parts, .fit = learn, .check = prepare,
        .inverse = arg.inverse }, operands);
}
