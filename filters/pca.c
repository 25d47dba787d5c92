/* pca - project vectors on their principal components
 *
 * in      records with vectors of d numbers
 * out     the same records with vectors of k numbers, columns pca0, pca1, ...
 * memory  to fit: 8 d^2 bytes for many records, 12 n d for n <= d of them (and 16 times
 *         the square of the smaller to solve); to apply: one record; a pipe is spooled
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "math/eig.h"
#include "math/pca.h"
#include "stream/map.h"
#include "stream/model.h"
#include "stream/slurp.h"

static struct {
    const char *in, *out, *save;
    struct opt_input model;
    double n;
    bool keep, whiten, inverse;
} arg = { .in = "x", .n = 0 };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_F64('n', "n-components", &arg.n, 0, 1e9, "components to keep; below 1: share of the variance; 0: all"),
    OPT_FLAG('w', "whiten", &arg.whiten, "divide each component by its standard deviation"),
    OPT_INPUT('m', "model", &arg.model, "apply this model instead of fitting one"),
    OPT_NOTE(0, "save", &arg.save, "FILE", "write the fitted model to this file"),
    OPT_FLAG(0, "inverse", &arg.inverse, "back from components to the columns of --model"),
    OPT_SIZE(0, "max-memory", &mem_limit, "stop rather than hold more data than this"),
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
        mem_need(8 * (double)d * (double)d, "the covariance");
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

static void learn(struct rec_in *in)
{
    struct pca_fit *fit = NULL;
    size_t d, n = rows_each(in, arg.in, 64, add, &fit, &d), most = n < d ? n : d;
    if (n < 2)
        die(ST_STOPPED, "%zu record%s with %s: at least 2 are needed to fit", n, n == 1 ? "" : "s", arg.in);
    if (arg.n > (double)most)
        die(ST_STOPPED, "%.0f components of %zu records with %zu columns: there are at most %zu", arg.n, n, d, most);
    mem_need(24 * (double)most * (double)most, "the eigenvectors");
    if (!(pca = most > EIG_MAX ? NULL : pca_fit_solve(fit, arg.n)))
        die(ST_STOPPED, "no solution for %zu records with %zu columns: the numbers are too large, or too many", n, d);
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

/* A worker's numbers: as read, and as written. */
struct work { struct row row; float *y; };

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
    free(w->y);
    free(w);
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct work *w = worker;
    w->row.d = arg.inverse ? pca->k : pca->d;
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
    if (arg.model.path && (arg.save || arg.n > 0 || arg.whiten))
        opt_misuse(&prog, "--model excludes --save, -n and --whiten: they are the model's");
    out_field = arg.out ? arg.out : arg.in;
    struct rec_in *in = rec_open(&prog, operands, !arg.model.path);
    in_head = rec_head(in);
    if (arg.model.path) {
        load(in);
    } else {
        par_jobs = (int)map_jobs;
        learn(in);
        rec_rewind(in);
    }
    int status = map_run(&(struct map){ .in = arg.in, .out = out_field, .keep = arg.keep, .process = process,
                         .worker_new = work_new, .worker_free = work_free, .header = header }, in,
                         rec_create(&prog, in));
    pca_free(pca);
    free(scale);
    return status;
}
