/* zscore - scale columns to mean 0 and standard deviation 1
 *
 * in      records with vectors, or with matrices (--per element, band or all)
 * out     the same records, the numbers replaced by (number - mean) / scale
 * memory  one record, and 200 bytes for each column, 8 for each id; a pipe is spooled to TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/fitted.h"
#include "drive/parts.h"
#include "drive/pass.h"
#include "drive/row.h"

enum { PER_COLUMN, PER_ELEMENT, PER_BAND, PER_ALL };
#define PER "column|element|band|all"

static struct {
    const char *in, *out, *save;
    struct opt_input model;
    bool keep, inverse;
    int per;
} arg = { .in = "x", .per = PER_COLUMN };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_CHOICE('p', "per", &arg.per, PER,
               "what has its own mean and scale: columns of vectors; elements or bands of matrices"),
    FITTED_MODEL(&arg.model),
    FITTED_SAVE(&arg.save),
    OPT_FLAG(0, "inverse", &arg.inverse, "undo the scaling of --model"),
    EXCLUDES("model", "save|per"),
    NEEDS("inverse", "model"),
    OPT_END
};
static const struct prog prog = {
    .name = "zscore", .brief = "scale columns to mean 0 and standard deviation 1",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "x vector",
    .conv = "sklearn-1.9", .alone = "with --model", .ranks = true, .opts = opts, .also = map_also,
};

/* What is fitted or loaded. */
static struct {
    int per;                    /* --per, or the model's */
    size_t records, n;          /* what the sums are over: records, and rows of `width` in them */
    size_t width;               /* numbers that have a mean and a scale */
    double *mean, *var, *scale; /* [width] */
} fit;
static const struct model_part parts[] = {
    MODEL_CHOICE("per", &fit.per, PER, NULL),
    MODEL_SIZE("records", &fit.records, 1, 1e15),
    MODEL_SIZE("n", &fit.n, 1, 1e15),
    MODEL_VECTOR("mean", &fit.mean, &fit.width, -DBL_MAX, DBL_MAX),
    MODEL_VECTOR("var", &fit.var, &fit.width, 0, DBL_MAX),
    MODEL_VECTOR("scale", &fit.scale, &fit.width, DBL_TRUE_MIN, DBL_MAX),
    MODEL_END
};

/* The numbers of one record, row.d of them. */
struct item { struct row row; int ndim; size_t shape[TENSOR_DIMS]; };

/* Read v, of any shape that fits --per and `width` (0: not known yet). */
static bool read_item(struct rec *r, const struct value *v, size_t width, struct item *it)
{
    if (v->type != V_TENSOR || v->t.ndim < 2) {
        it->row.d = fit.per == PER_ALL ? 0 : width;
        it->ndim = 1;
        return row_read(r, arg.in, v, fitted_names.in, &it->row) && (it->shape[0] = it->row.d);
    }
    if (fit.per == PER_COLUMN)
        return rec_error(r, "%s is a matrix: give --per element, band or all", arg.in);
    if (!tensor_read(r, arg.in, &v->t, &it->row))
        return false;
    it->ndim = v->t.ndim;
    memcpy(it->shape, v->t.shape, sizeof it->shape);
    bool bands = fit.per == PER_BAND;
    size_t has = fit.per == PER_ALL ? 1 : bands ? it->shape[it->ndim - 1] : it->row.d;
    return !width || has == width || rec_error(r, "%s has %zu %s, not %zu", arg.in, has, bands ? "bands" : "elements", width);
}

/* Sums over the records of the first pass. */
struct sums { struct parts parts; struct item it; };

static bool add_record(struct rec *r, const struct value *v, void *state)
{
    struct sums *s = state;
    if (!read_item(r, v, fit.width, &s->it))
        return false;
    if (!fit.width)
        fit.width = fit.per == PER_ALL ? 1 : fit.per == PER_BAND ? s->it.shape[s->it.ndim - 1] : s->it.row.d;
    parts_add(&s->parts, s->it.row.x, s->it.row.d / fit.width, fit.width);
    return true;
}

static void learn(struct rec_in *in)
{
    struct sums s = { .it = { .ndim = 0 } };
    fit.records = pass_each(in, &(struct pass){ .field = arg.in, .late_ids = true, .cut = parts_cut }, add_record, &s);
    struct moments *m = parts_join(&s.parts, &fit.records, arg.in);
    if (!fit.records && arg.save)
        die(ST_STOPPED, "no model to save: no record has %s", arg.in);
    fit.width = s.parts.width;
    fit.mean = mem_new(fit.width, sizeof *fit.mean);
    fit.scale = mem_new(fit.width, sizeof *fit.scale);
    fit.var = mem_new(fit.width, sizeof *fit.var);
    fit.n = moments_get(m, fit.mean, fit.var);
    moments_scale(fit.n, fit.width, fit.mean, fit.var, fit.scale);
    moments_free(m);
    free(s.it.row.x);
}

static const char *check(void)
{
    return fit.per == PER_ALL && fit.width != 1 ? "more than one mean, but per is all" : NULL;
}

static bool process(struct rec *r, const struct value *in, void *unused)
{
    (void)unused;
    struct item it = { .ndim = 0 };
    bool good = read_item(r, in, fit.per == PER_ALL ? 0 : fit.width, &it);
    for (size_t i = 0, j = 0; good && i < it.row.d; i++, j = j + 1 == fit.width ? 0 : j + 1) {
        double x = (double)it.row.x[i];
        it.row.x[i] = (float)(arg.inverse ? x * fit.scale[j] + fit.mean[j] : (x - fit.mean[j]) / fit.scale[j]);
    }
    if (good)
        rec_set_tensor(r, fitted_names.out, T_F4, it.ndim, it.shape, it.row.x);
    free(it.row.x);
    return good;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    fit.per = arg.per;
    return fitted_run(&prog, &(struct fitted){
        .map = { .in = arg.in, .out = arg.out, .keep = arg.keep, .same_columns = true, .process = process },
        .model = &arg.model, .save = arg.save, .parts = parts, .fit = learn, .check = check }, operands);
}
