/* whiten - make columns uncorrelated and of variance 1, as near to what they were as can be (ZCA)
 *
 * in      records with vectors of d numbers
 * out     the same records, each vector x replaced by W (x - mean), W the inverse square root of the covariance
 * memory  to fit: 56 d^2 bytes, 8 for each id; to apply: 8 d^2; a pipe is spooled to TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>

#include "base/budget.h"
#include "base/die.h"
#include "drive/fitted.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "math/pca.h"

static struct {
    const char *in, *out, *save;
    struct opt_input model;
    bool keep;
    double ridge;
} arg = { .in = "x", .ridge = 1e-6 };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_F64('r', "ridge", &arg.ridge, 0, 1e9, "added to each variance before taking its root"),
    FITTED_MODEL(&arg.model),
    FITTED_SAVE(&arg.save),
    EXCLUDES("model", "save"),
    OPT_END
};
static const struct prog prog = {
    .name = "whiten", .brief = "make columns uncorrelated, with variance 1 (ZCA)", .alone = "with --model",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "x vector", .opts = opts, .also = map_also,
};

/* What is fitted. */
static struct whitening { size_t n, d; double *mean, *matrix; } w;
static const struct model_part parts[] = {
    MODEL_SIZE("records", &w.n, 2, 1e15),
    MODEL_REAL("ridge", &arg.ridge, 0, 1e9),
    MODEL_VECTOR("mean", &w.mean, &w.d, -DBL_MAX, DBL_MAX),
    MODEL_MATRIX("whitening", &w.matrix, &w.d, &w.d, -DBL_MAX, DBL_MAX),
    MODEL_END
};

struct sums { struct row row; struct pca_fit *fit; };

static bool add_record(struct rec *r, const struct value *v, void *state)
{
    struct sums *s = state;
    if (!row_read(r, arg.in, v, fitted_names.in, &s->row))
        return false;
    if (!s->fit) {
        budget_need(56 * (double)s->row.d * (double)s->row.d, "the covariance and its eigenvectors");
        s->fit = pca_fit_new(s->row.d);
    }
    pca_fit_add(s->fit, s->row.x, 1);
    return true;
}

static void fit(struct rec_in *in)
{
    static struct sums s;
    size_t n = pass_each(in, &(struct pass){ .field = arg.in, .late_ids = true }, add_record, &s);
    fitted_two(n, arg.in);
    struct pca *p = pca_fit_solve(s.fit, 0);
    if (!p)
        fitted_unsolved(n, s.row.d);
    w = (struct whitening){ n, p->d, p->mean, pca_zca(p, arg.ridge) };
    if (!w.matrix)
        die(ST_STOPPED, "the columns are linearly dependent: whitening them needs a --ridge above 0");
    p->mean = NULL;                     /* it is w's now */
    pca_free(p);
}

static void apply(const float *x, float *y)
{
    pca_apply(&(struct pca){ .d = w.d, .k = w.d, .mean = w.mean, .components = w.matrix }, NULL, x, y);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    return fitted_run(&prog, &(struct fitted){
        .map = { .in = arg.in, .out = arg.out, .keep = arg.keep, .same_columns = true }, .model = &arg.model,
        .save = arg.save, .parts = parts, .fit = fit, .apply = apply, .width = &w.d, .wide = &w.d }, operands);
}
