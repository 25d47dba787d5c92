/* lda - project vectors onto the directions in which a group varies least: songs of crops, artists of songs
 *
 * in      records with vectors of d numbers, to fit also a field that groups them: track
 * out     the same records with vectors of n numbers, columns lda0, lda1, ...
 * memory  to fit: 32 d^2 bytes, and 8 times --whiten-to for each group; to apply: 8 n d; a pipe is spooled
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/fitted.h"
#include "drive/groups.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "math/eig.h"
#include "math/lda.h"
#include "math/moments.h"
#include "math/pca.h"
#include "stream/ids.h"

enum { FEWEST_GROUPS = 4, WHITEN_MOST = 100 };

static struct {
    const char *in, *out, *save, *by;
    struct opt_input model;
    bool keep;
    int64_t n;
    double ridge;
    struct opt_or whiten_to;
} arg = { .in = "x", .by = "track", .n = 20, .ridge = .5, .whiten_to = { .text = "auto" } };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_STR('b', "by", &arg.by, "FIELD", "field that groups the records"),
    OPT_INT('n', "n-components", &arg.n, 1, EIG_MAX, "directions to keep"),
    OPT_F64_OR(0, "whiten-to", &arg.whiten_to, 1, EIG_MAX, "X|auto",
               "principal components to look among; auto: half the groups, at most 100"),
    OPT_F64('r', "ridge", &arg.ridge, 0, 1e9, "added to each variance within groups before taking its root"),
    FITTED_MODEL(&arg.model),
    FITTED_SAVE(&arg.save),
    EXCLUDES("model", "save|by|n-components|whiten-to"),
    OPT_END
};
static const struct prog prog = {
    .name = "lda", .brief = "project vectors onto the directions in which a group varies least",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector, track label", .writes = "x vector", .example = "--ridge 0.1",
    .alone = "with --model", .opts = opts, .also = map_also,
};

/* What is fitted: y = matrix (x - mean). */
static struct { size_t records, groups, whiten_to, n, d; double *mean, *matrix, *within; } fit;
static const struct model_part parts[] = {
    MODEL_SIZE("records", &fit.records, 2, 1e15),
    MODEL_SIZE("groups", &fit.groups, 1, 1e15),
    MODEL_SIZE("whiten_to", &fit.whiten_to, 1, EIG_MAX),
    MODEL_REAL("ridge", &arg.ridge, 0, 1e9),
    MODEL_VECTOR("mean", &fit.mean, &fit.d, -DBL_MAX, DBL_MAX),
    MODEL_MATRIX("components", &fit.matrix, &fit.n, &fit.d, -DBL_MAX, DBL_MAX),
    MODEL_VECTOR("within", &fit.within, &fit.n, 0, DBL_MAX),
    MODEL_END
};

/* Three passes: mean and deviation of columns, and groups; components of the correlation; the scatter within groups. */
struct sums {
    enum { MOMENTS, COMPONENTS, SCATTER } pass;
    struct row row;
    struct ids *ids;
    struct moments *moments;
    double *scale;
    struct pca_fit *pca_fit;
    struct pca *pca;
    double *roots;              /* [pca->k]: to whiten */
    struct lda *lda;
    float *p;
    double *q;
};

static void add_moments(struct sums *s, size_t group, struct text id)
{
    if (group == SIZE_MAX)
        ids_add(s->ids, id, fit.groups++);
    if (!s->moments)
        s->moments = moments_new(s->row.d);
    moments_add(s->moments, s->row.x, 1);
}

static bool add_record(struct rec *r, const struct value *v, void *state)
{
    struct sums *s = state;
    struct text id;
    if (!groups_id(r, arg.by, &id) || !row_read(r, arg.in, v, fitted_names.in, &s->row))
        return false;
    size_t group = ids_find(s->ids, id);
    float *x = s->row.x;
    for (size_t i = 0; s->pass != MOMENTS && i < s->row.d; i++)
        x[i] = (float)(((double)x[i] - fit.mean[i]) / s->scale[i]);
    if (s->pass == MOMENTS) {
        add_moments(s, group, id);
    } else if (s->pass == COMPONENTS) {
        pca_fit_add(s->pca_fit, x, 1);
    } else {
        pca_apply(s->pca, s->roots, x, s->p);
        for (size_t i = 0; i < fit.whiten_to; i++)
            s->q[i] = (double)s->p[i];
        lda_add(s->lda, s->q, group);
    }
    return true;
}

static size_t pass(struct rec_in *in, struct sums *s, int which)
{
    s->pass = which;
    if (which != MOMENTS)
        rec_rewind(in);
    return pass_each(in, &(struct pass){ .field = arg.in, .total = fit.records }, add_record, s);
}

/* How many components to whiten: those that are asked for, and have a variance. */
static size_t choose_whitening(const struct sums *s)
{
    size_t some = 0, half = fit.groups / 2 < WHITEN_MOST ? fit.groups / 2 : WHITEN_MOST;
    while (some < s->pca->k && s->roots[some] > 0)
        some++;
    size_t want = arg.whiten_to.word ? half : (size_t)arg.whiten_to.x;
    if (!some)
        die(ST_STOPPED, "all vectors of %s are equal: nothing varies", arg.in);
    if (want > some && !arg.whiten_to.word && !progress_quiet)
        warn("%zu records with %zu columns have only %zu components, not %zu", fit.records, fit.d, some, want);
    return want < some ? want : some;
}

static void solve(struct sums *s)
{
    size_t k = fit.whiten_to, d = fit.d;
    double *w = mem_new(k, sizeof *w), *v = mem_new(mem_mul(k, k), sizeof *v);
    if (!lda_solve(s->lda, w, v))
        fitted_unsolved(fit.records, d);
    fit.n = (size_t)arg.n < k ? (size_t)arg.n : k;
    if (fit.n < (size_t)arg.n && !progress_quiet)
        warn("%zu directions, not %lld: %zu groups are whitened to no more", fit.n, (long long)arg.n, fit.groups);
    if (arg.ridge <= 0 && w[0] <= (double)k * DBL_EPSILON)
        die(ST_STOPPED, "some direction does not vary within groups: it needs a --ridge above 0");
    fit.within = w;
    fit.matrix = mem_zero(mem_mul(fit.n, d), sizeof *fit.matrix);
    for (size_t i = 0; i < fit.n; i++)
        for (size_t j = 0; j < k; j++) {
            double f = v[i * k + j] / s->roots[j] / sqrt(w[i] + arg.ridge);
            for (size_t c = 0; c < d; c++)
                fit.matrix[i * d + c] += f * s->pca->components[j * d + c] / s->scale[c];
        }
    free(v);
}

static void learn(struct rec_in *in)
{
    static struct sums s;
    s.ids = ids_new();
    fit.records = pass(in, &s, MOMENTS);
    fitted_two(fit.records, arg.in);
    size_t d = fit.d = s.row.d, n = fit.records;
    if (fit.groups < FEWEST_GROUPS)
        die(ST_STOPPED, "%zu group%s by %s: at least %d are needed", fit.groups, fit.groups == 1 ? "" : "s", arg.by,
            FEWEST_GROUPS);
    if (fit.groups == n)
        die(ST_STOPPED, "no two of %zu records have the same %s: nothing varies within a group", n, arg.by);
    fit.mean = mem_new(d, sizeof *fit.mean);
    s.scale = mem_new(d, sizeof *s.scale);
    double *var = mem_new(d, sizeof *var);
    moments_get(s.moments, fit.mean, var);
    moments_scale(n, d, fit.mean, var, s.scale);
    free(var);
    budget_need(32 * (double)d * (double)d, "the correlations of the columns and their eigenvectors");
    s.pca_fit = pca_fit_new(d);
    pass(in, &s, COMPONENTS);
    if ((n < d ? n : d) > EIG_MAX || !(s.pca = pca_fit_solve(s.pca_fit, 0)))
        fitted_unsolved(n, d);
    s.roots = mem_new(s.pca->k, sizeof *s.roots);
    pca_whitening(s.pca, s.roots);
    fit.whiten_to = s.pca->k = choose_whitening(&s);
    for (size_t i = 0; i < s.pca->k; i++)       /* divisor n */
        s.roots[i] *= sqrt((double)(n - 1) / (double)n);
    budget_need(8 * (double)fit.groups * (double)fit.whiten_to, "the sums of groups");
    s.lda = lda_new(fit.whiten_to);
    s.p = mem_new(fit.whiten_to, sizeof *s.p);
    s.q = mem_new(fit.whiten_to, sizeof *s.q);
    pass(in, &s, SCATTER);
    solve(&s);
}

static void apply(const float *x, float *y)
{
    pca_apply(&(struct pca){ .d = fit.d, .k = fit.n, .mean = fit.mean, .components = fit.matrix }, NULL, x, y);
}

static void header(struct head *h, void *unused)
{
    (void)unused;
    head_number_columns(h, fitted_names.out, "lda", fit.n);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.whiten_to.x > floor(arg.whiten_to.x))
        opt_misuse(&prog, "--whiten-to %g: a whole number or auto", arg.whiten_to.x);
    return fitted_run(&prog, &(struct fitted){
        .map = { .in = arg.in, .out = arg.out, .keep = arg.keep, .header = header }, .model = &arg.model,
        .save = arg.save, .parts = parts, .fit = learn, .apply = apply, .width = &fit.d, .wide = &fit.n }, operands);
}
