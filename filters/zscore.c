/* zscore - scale columns to mean 0 and standard deviation 1
 *
 * in      records with vectors, or with matrices (--per element, band or all)
 * out     the same records, the numbers replaced by (number - mean) / scale
 * memory  one record, and 200 bytes for each column; a pipe is spooled to TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/map.h"
#include "drive/model.h"
#include "drive/pass.h"
#include "drive/slurp.h"
#include "math/moments.h"

enum { PER_COLUMN, PER_ELEMENT, PER_BAND, PER_ALL };
static const char *const per_names[] = { "column", "element", "band", "all" };

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
    OPT_CHOICE('p', "per", &arg.per, "column|element|band|all",
               "what gets a mean and a scale of its own: columns of vectors; elements or bands of matrices"),
    OPT_INPUT('m', "model", &arg.model, "apply this model instead of fitting one"),
    OPT_NOTE(0, "save", &arg.save, "FILE", "write the fitted model to this file"),
    OPT_FLAG(0, "inverse", &arg.inverse, "undo the scaling of --model"),
    OPT_END
};
static const struct prog prog = {
    .name = "zscore", .brief = "scale columns to mean 0 and standard deviation 1",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "x vector",
    .conv = "sklearn-1.9", .opts = opts, .also = map_also,
};

/* What was fitted or loaded. */
static struct {
    int per;                    /* --per, or the model's */
    size_t width;               /* numbers that have a mean and a scale */
    double *mean, *scale;       /* [width] */
    const struct head *head;    /* of the input */
    const char *out;            /* field to write */
} fit;

/* The numbers of one record. */
struct item { struct row row; int ndim; size_t shape[TENSOR_DIMS], count; };

/* Read v, of any shape that fits --per and `width` (0: not known yet). */
static bool read_item(struct rec *r, const struct value *v, size_t width, struct item *it)
{
    bool matrix = v->type == V_TENSOR && v->t.ndim > 1;
    if (matrix && fit.per == PER_COLUMN)
        return rec_error(r, "%s is a matrix: give --per element, band or all", arg.in);
    if (!matrix) {
        it->row.d = fit.per == PER_ALL ? 0 : width;
        it->ndim = 1;
        if (!row_read(r, arg.in, v, head_columns(fit.head, arg.in), &it->row))
            return false;
        it->shape[0] = it->count = it->row.d;
        return true;
    }
    it->ndim = v->t.ndim;
    it->count = v->t.count;
    memcpy(it->shape, v->t.shape, sizeof it->shape);
    size_t has = fit.per == PER_BAND ? it->shape[it->ndim - 1] : fit.per == PER_ALL ? 1 : it->count;
    if (it->count == 0)
        return rec_error(r, "%s is empty", arg.in);
    if (width && has != width)
        return rec_error(r, "%s has %zu %s, not %zu", arg.in, has, fit.per == PER_BAND ? "bands" : "elements", width);
    mem_grow(&it->row.x, &it->row.cap, it->count, sizeof *it->row.x);
    tensor_f32(&v->t, it->row.x);
    for (size_t i = 0; i < it->count; i++)
        if (!isfinite(it->row.x[i]))
            return rec_error(r, "%s[%zu] is %g", arg.in, i, (double)it->row.x[i]);
    return true;
}

static size_t width_of(const struct item *it)
{
    return fit.per == PER_ALL ? 1 : fit.per == PER_BAND ? it->shape[it->ndim - 1] : it->count;
}

static void save(const struct rec_in *in, size_t records, size_t n, const double *var)
{
    struct model_out *m = model_create(&prog, in, arg.save);
    struct rec *config = model_out_config(m);
    rec_set_str(config, "input", arg.in, strlen(arg.in));
    rec_set_str(config, "per", per_names[fit.per], strlen(per_names[fit.per]));
    rec_set_int(config, "records", (int64_t)records);
    rec_set_int(config, "n", (int64_t)n);
    model_put(m, "mean", T_F8, 1, &fit.width, fit.mean);
    model_put(m, "var", T_F8, 1, &fit.width, var);
    model_put(m, "scale", T_F8, 1, &fit.width, fit.scale);
    model_finish(m);
}

/* Sums over the records of the first pass. */
struct sums { struct item it; struct moments *m; };

static bool add_record(struct rec *r, const struct value *v, void *state)
{
    struct sums *s = state;
    if (!read_item(r, v, fit.width, &s->it))
        return false;
    if (!s->m) {
        fit.width = width_of(&s->it);
        s->m = moments_new(fit.width);
    }
    moments_add(s->m, s->it.row.x, s->it.count / fit.width);
    return true;
}

/* First pass: the mean and variance of all records that can be used. */
static void learn(struct rec_in *in)
{
    struct sums s = { .m = NULL };
    size_t records = pass_each(in, &(struct pass){ .field = arg.in }, add_record, &s);
    struct moments *sums = s.m;
    if (!sums && arg.save)
        die(ST_STOPPED, "no model to save: no record has %s", arg.in);
    if (!sums)
        sums = moments_new(fit.width = 1);      /* nothing to scale either */
    fit.mean = mem_new(fit.width, sizeof *fit.mean);
    fit.scale = mem_new(fit.width, sizeof *fit.scale);
    double *var = mem_new(fit.width, sizeof *var);
    size_t n = moments_get(sums, fit.mean, var);
    moments_scale(n, fit.width, fit.mean, var, fit.scale);
    if (arg.save)
        save(in, records, n, var);
    moments_free(sums);
    free(var);
    free(s.it.row.x);
}

/* Take mean and scale from the model, which must have been fitted to the same columns. */
static void load(const struct rec_in *in)
{
    struct model *m = model_load(&arg.model, prog.name);
    struct value per = rec_get(model_config(m), "per"), input = rec_get(model_config(m), "input");
    fit.per = -1;
    for (int i = 0; i < 4 && per.type == V_STR; i++)
        if (per.s.n == strlen(per_names[i]) && memcmp(per.s.p, per_names[i], per.s.n) == 0)
            fit.per = i;
    if (fit.per < 0 || input.type != V_STR)
        model_bad(m, "no per, or no input");
    size_t other;
    fit.mean = model_f64(m, "mean", 1, &fit.width);
    fit.scale = model_f64(m, "scale", 1, &other);
    if (fit.width == 0 || other != fit.width || (fit.per == PER_ALL && fit.width != 1))
        model_bad(m, "mean and scale differ in size");
    for (size_t i = 0; i < fit.width; i++)
        if (!isfinite(fit.mean[i]) || !(fit.scale[i] > 0) || !isfinite(fit.scale[i]))
            model_bad(m, "a mean is not finite, or a scale is not above 0");
    char *field = mem_text(input.s.p, input.s.n);
    model_same_columns(m, field, rec_head(in), arg.in);
    free(field);
    model_free(m);
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct item *it = worker;
    if (!read_item(r, in, fit.per == PER_ALL ? 0 : fit.width, it))
        return false;
    for (size_t i = 0, j = 0; i < it->count; i++, j = j + 1 == fit.width ? 0 : j + 1) {
        double x = (double)it->row.x[i];
        it->row.x[i] = (float)(arg.inverse ? x * fit.scale[j] + fit.mean[j] : (x - fit.mean[j]) / fit.scale[j]);
    }
    rec_set_tensor(r, fit.out, T_F4, it->ndim, it->shape, it->row.x);
    return true;
}

static void *item_new(void *state)
{
    (void)state;
    return mem_zero(1, sizeof(struct item));
}

static void item_free(void *worker)
{
    struct item *it = worker;
    free(it->row.x);
    free(it);
}

static void header(struct head *h, void *state)
{
    const struct columns *c = head_columns(fit.head, arg.in);
    (void)state;
    if (strcmp(arg.in, fit.out) != 0 && c)
        head_set_columns(h, fit.out, (const char *const *)c->names, c->n);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.inverse && !arg.model.path)
        opt_misuse(&prog, "--inverse needs --model");
    if (arg.save && arg.model.path)
        opt_misuse(&prog, "--save and --model exclude each other");
    if (arg.model.path && arg.per != PER_COLUMN)
        opt_misuse(&prog, "--per is the model's");
    fit.per = arg.per;
    fit.out = arg.out ? arg.out : arg.in;
    struct rec_in *in = rec_open(&prog, operands, !arg.model.path);
    fit.head = rec_head(in);
    if (arg.model.path) {
        load(in);
    } else {
        learn(in);
        rec_rewind(in);
    }
    int status = map_run(&(struct map){ .in = arg.in, .out = fit.out, .keep = arg.keep, .process = process,
                         .worker_new = item_new, .worker_free = item_free, .header = header }, in,
                         rec_create(&prog, in));
    free(fit.mean);
    free(fit.scale);
    return status;
}
