/* pca - project vectors on their principal components
 *
 * in      records with vectors of d numbers
 * out     the same records with vectors of k numbers, columns pca0, pca1, ...
 * memory  to fit: 8 d^2 bytes for many records, 12 n d for n <= d of them (and 16 times
 *         the square of the smaller to solve); sparse records: 20 bytes a number that is
 *         not 0, and 8 times that square; to apply: one record; a pipe is spooled
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/map.h"
#include "drive/model.h"
#include "drive/pass.h"
#include "drive/slurp.h"
#include "math/eig.h"
#include "math/pca.h"

enum { SOLVER_EXACT, SOLVER_RANDOMIZED };
enum { RANDOM_STEPS = 8 };          /* products with the covariance; scikit-learn's 7 iterations and the last */

static struct {
    const char *in, *out, *save;
    struct opt_input model;
    double n;
    bool keep, whiten, inverse;
    int solver;
    uint64_t seed;
} arg = { .in = "x", .n = 0 };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_F64('n', "n-components", &arg.n, 0, 1e9, "components to keep; below 1: share of the variance; 0: all"),
    OPT_CHOICE(0, "solver", &arg.solver, "exact|randomized", "how a whole number of components is found"),
    OPT_SEED(&arg.seed),
    OPT_FLAG('w', "whiten", &arg.whiten, "divide each component by its standard deviation"),
    OPT_INPUT('m', "model", &arg.model, "apply this model instead of fitting one"),
    OPT_NOTE(0, "save", &arg.save, "FILE", "write the fitted model to this file"),
    OPT_FLAG(0, "inverse", &arg.inverse, "back from components to the columns of --model"),
    BUDGET_OPT,
    OPT_END
};
static const struct prog prog = {
    .name = "pca", .brief = "project vectors on their principal components",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "x vector",
    .conv = "sklearn-1.9", .opts = opts, .also = map_also,
};

static const char *out_field;
static struct pca *pca;
static double *scale;               /* [k] for whitening, or NULL */
static const struct head *in_head;
static struct columns *columns;     /* of the model's input: what --inverse gives back */

static void set_scale(bool whiten)
{
    if (!whiten)
        return;
    scale = mem_new(pca->k, sizeof *scale);
    pca_whitening(pca, scale);
}

static void save(const struct rec_in *in)
{
    struct model_out *m = model_create(&prog, in, arg.save);
    struct rec *config = model_out_config(m);
    rec_set_str(config, "input", arg.in, strlen(arg.in));
    rec_set_int(config, "records", (int64_t)pca->n);
    rec_set_int(config, "components", (int64_t)pca->k);
    rec_set_bool(config, "whiten", arg.whiten);
    rec_set_f64(config, "total_variance", pca->total);
    model_put(m, "mean", T_F8, 1, &pca->d, pca->mean);
    model_put(m, "components", T_F8, 2, (size_t[]){ pca->k, pca->d }, pca->components);
    model_put(m, "variance", T_F8, 1, &pca->m, pca->variance);
    model_finish(m);
}

static void add(const float *x, size_t n, size_t d, void *state)
{
    struct pca_fit **fit = state;
    if (!*fit) {
        budget_need(8 * (double)d * (double)d, "the covariance");
        *fit = pca_fit_new(d);
    }
    pca_fit_add(*fit, x, n);
}

static double share(size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += pca->variance[i];
    return pca->total > 0 ? sum / pca->total : 1;
}

/* What is read: sparse rows as they are, and all rows for --solver randomized; else the sums of
 * one row after the other. */
struct reading {
    struct sparse_rows *rows;
    struct pca_fit *fit;
    size_t n, d;
    const struct columns *names;
    struct row row;
    struct sparse_row thin;
};

static bool add_record(struct rec *r, const struct value *v, void *state)
{
    struct reading *a = state;
    struct sparse_row *thin = &a->thin;
    thin->d = a->row.d = a->d;
    bool stored = v->type == V_SPARSE && (a->rows || !a->n);
    if (stored ? !row_read_sparse(r, arg.in, v, a->names, thin) : !row_read(r, arg.in, v, a->names, &a->row))
        return false;
    size_t d = a->d = stored ? thin->d : a->row.d;
    if (!a->n++ && (stored || arg.solver == SOLVER_RANDOMIZED))
        a->rows = sparse_new(d);
    if (a->rows && !stored) {           /* a dense row among sparse ones */
        thin->cap = thin->cap > d ? thin->cap : d;
        thin->index = mem_resize(thin->index, thin->cap, sizeof *thin->index);
        for (size_t i = 0; i < d; i++)
            thin->index[i] = (uint32_t)i;
        thin->value = mem_resize(thin->value, thin->cap, sizeof *thin->value);
        sparse_add(a->rows, d, thin->index, a->row.x);
    } else if (a->rows) {
        sparse_add(a->rows, thin->nnz, thin->index, thin->value);
    } else {
        add(a->row.x, 1, d, &a->fit);
    }
    return true;
}

/* What the sparse solver is not for goes through the dense one. */
static void add_all(const struct sparse_rows *rows, struct pca_fit **fit)
{
    float *x = mem_new(rows->d, sizeof *x);
    for (size_t i = 0; i < rows->n; i++) {
        memset(x, 0, rows->d * sizeof *x);
        for (size_t e = rows->begin[i]; e < rows->begin[i + 1]; e++)
            x[rows->at[e].column] = rows->at[e].value;
        add(x, 1, rows->d, fit);
    }
    free(x);
}

static void learn(struct rec_in *in)
{
    struct reading a = { .names = head_columns(rec_head(in), arg.in) };
    pass_each(in, &(struct pass){ .field = arg.in }, add_record, &a);
    struct sparse_rows *rows = a.rows;
    size_t n = a.n, d = a.d, most = n < d ? n : d;
    if (n < 2)
        die(ST_STOPPED, "%zu record%s with %s: at least 2 are needed to fit", n, n == 1 ? "" : "s", arg.in);
    if (arg.n > (double)most)
        die(ST_STOPPED, "%.0f components of %zu records with %zu columns: there are at most %zu",
            arg.n, n, d, most);
    if (rows && arg.n >= 1 && (arg.solver == SOLVER_RANDOMIZED || 4 * arg.n <= (double)most)) {
        if (arg.solver == SOLVER_EXACT && most <= PCA_SQUARE)
            budget_need(8 * (double)most * (double)most + 20 * (double)rows->nnz, "the products of sparse vectors");
        sparse_index(rows);
        pca = pca_sparse(rows, (size_t)arg.n, arg.solver == SOLVER_RANDOMIZED ? RANDOM_STEPS : 0, arg.seed);
        pca_fit_free(a.fit);
    } else {
        if (rows)
            add_all(rows, &a.fit);
        budget_need(24 * (double)most * (double)most, "the eigenvectors");
        pca = most > EIG_MAX ? NULL : pca_fit_solve(a.fit, arg.n);
    }
    if (!pca)
        die(ST_STOPPED, "no solution for %zu records with %zu columns: the numbers are too large, or too many",
            n, d);
    sparse_free(rows);
    free(a.row.x);
    free(a.thin.index);
    free(a.thin.value);
    set_scale(arg.whiten);
    if (arg.save)
        save(in);
    if (!progress_quiet)
        warn("%zu of %zu components hold %.4f of the variance of %zu records", pca->k, most, share(pca->k), n);
}

static bool finite(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

static void load(const struct rec_in *in)
{
    struct model *m = model_load(&arg.model, prog.name);
    struct value input = rec_get(model_config(m), "input"), whiten = rec_get(model_config(m), "whiten");
    if (input.type != V_STR || whiten.type != V_BOOL)
        model_bad(m, "no input, or no whiten");
    size_t shape[2];
    pca = mem_zero(1, sizeof *pca);
    pca->mean = model_f64(m, "mean", 1, &pca->d);
    pca->components = model_f64(m, "components", 2, shape);
    pca->variance = model_f64(m, "variance", 1, &pca->m);
    pca->k = shape[0];
    if (pca->d == 0 || pca->k == 0 || shape[1] != pca->d || pca->m < pca->k)
        model_bad(m, "mean, components and variance do not go together");
    if (!finite(pca->mean, pca->d) || !finite(pca->components, pca->k * pca->d) || !finite(pca->variance, pca->m))
        model_bad(m, "a number is not finite");
    set_scale(whiten.b);
    char *field = mem_text(input.s.p, input.s.n);
    if (!arg.inverse) {
        model_same_columns(m, field, rec_head(in), arg.in);
    } else if (head_columns(model_head(m), field)) {
        static struct head kept;            /* the model goes, its columns are needed at the end */
        head_copy(&kept, model_head(m));
        columns = (struct columns *)head_columns(&kept, field);
    }
    free(field);
    model_free(m);
}

static double *prepared;            /* the components for sparse rows, if they may come */

/* A worker's numbers: as read, and as written. */
struct work { struct row row; struct sparse_row thin; float *y; };

static void *work_new(void *state)
{
    (void)state;
    struct work *w = mem_zero(1, sizeof *w);
    w->y = mem_new(arg.inverse ? pca->d : pca->k, sizeof *w->y);
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
    w->row.d = arg.inverse ? pca->k : pca->d;
    w->thin.d = pca->d;
    if (in->type == V_SPARSE && !arg.inverse) {
        if (!row_read_sparse(r, arg.in, in, head_columns(in_head, arg.in), &w->thin))
            return false;
        pca_sparse_apply(pca, prepared, scale, w->thin.nnz, w->thin.index, w->thin.value, w->y);
        rec_set_vector(r, out_field, w->y, pca->k);
        return true;
    }
    if (!row_read(r, arg.in, in, head_columns(in_head, arg.in), &w->row))
        return false;
    (arg.inverse ? pca_invert : pca_apply)(pca, scale, w->row.x, w->y);
    rec_set_vector(r, out_field, w->y, arg.inverse ? pca->d : pca->k);
    return true;
}

static void header(struct head *h, void *state)
{
    (void)state;
    if (!arg.inverse)
        head_number_columns(h, out_field, "pca", pca->k);
    else
        head_set_columns(h, out_field, columns ? (const char *const *)columns->names : NULL,
                         columns ? columns->n : 0);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.n >= 1 && arg.n != floor(arg.n))
        opt_misuse(&prog, "-n %g is neither a whole number nor a share below 1", arg.n);
    if (arg.inverse && !arg.model.path)
        opt_misuse(&prog, "--inverse needs --model");
    if (arg.solver == SOLVER_RANDOMIZED && arg.n < 1)
        opt_misuse(&prog, "--solver randomized needs a whole number of components");
    if (arg.model.path && (arg.save || arg.n > 0 || arg.whiten))
        opt_misuse(&prog, "--model excludes --save, -n and --whiten: they are the model's");
    out_field = arg.out ? arg.out : arg.in;
    struct rec_in *in = rec_open(&prog, operands, !arg.model.path);
    in_head = rec_head(in);
    if (arg.model.path) {
        load(in);
    } else {
        learn(in);
        rec_rewind(in);
    }
    prepared = pca_sparse_prepare(pca);
    int status = map_run(&(struct map){ .in = arg.in, .out = out_field, .keep = arg.keep, .process = process,
                         .worker_new = work_new, .worker_free = work_free, .header = header }, in,
                         rec_create(&prog, in));
    pca_free(pca);
    free(prepared);
    free(scale);
    return status;
}
