/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"

enum { DRAW_ORDER = 4, DRAW_SPLIT = 5 };        /* of the seed's sequences; 1 to 3 are weights, noise and dropout */
#define EXPLODED 1000

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

size_t fit_batches(const struct fit *f, size_t epochs)
{
    size_t size = f->o.batch, whole = f->n_train / size, left = f->n_train % size;
    return epochs * whole + (f->of.full ? epochs * left / size : left > 0 && left >= f->of.least ? epochs : 0);
}

/* All weights to to[n_kept]; what lies between them stays 0. */
static void keep_weights(const struct fit *f, float *to)
{
    for (size_t i = 0; i < f->of.n_weights; to += weights_size(&f->of.weights[i++]))
        memcpy(to, f->of.weights[i].w, f->of.weights[i].n * sizeof *to);
}

static void restore_weights(struct fit *f, const float *from)
{
    for (size_t i = 0; i < f->of.n_weights; from += weights_size(&f->of.weights[i++]))
        memcpy(f->of.weights[i].w, from, f->of.weights[i].n * sizeof *from);
    if (f->of.changed)
        f->of.changed(f->of.ctx);
}

static void add_column(struct fit *f, const char *name, bool whole)
{
    f->columns[f->n_columns++] = (struct fit_column){ name, whole };
}

static void name_columns(struct fit *f)
{
    const struct part_name *parts = f->of.parts;
    f->columns = mem_new(f->of.n_parts + 5, sizeof *f->columns);
    add_column(f, "epoch", true);
    add_column(f, "loss", false);
    for (size_t i = 0; i < f->of.n_parts; i++)
        if (parts[i].kind != PART_SET)
            add_column(f, parts[i].name, parts[i].kind == PART_COUNT);
    add_column(f, "validation", false);
    add_column(f, "lr", false);
    for (size_t i = 0; i < f->of.n_parts; i++)
        if (parts[i].kind == PART_SET)
            add_column(f, parts[i].name, false);
    add_column(f, "speed", false);
}

struct fit *fit_new(const struct fit_options *o, const struct objective *of, size_t n)
{
    struct fit *f = mem_zero(1, sizeof *f);
    struct rng rng;
    f->o = *o;
    f->of = *of;
    optim_new(&f->optim, &o->adam, o->clip, of->weights, of->n_weights);
    f->n_valid = (size_t)(o->validation * (double)n);
    f->n_train = n - f->n_valid;
    if (of->full && f->o.batch > f->n_train)
        f->o.batch = f->n_train;
    f->rows = mem_new(n, sizeof *f->rows);
    f->order = mem_new(f->n_train + f->o.batch, sizeof *f->order);
    for (size_t i = 0; i < n; i++)
        f->rows[i] = i;
    if (f->n_valid) {
        rng_init(&rng, o->seed, (uint64_t)DRAW_SPLIT << 60);
        rng_shuffle(&rng, f->rows, n);
    }
    while (f->n_means < of->n_parts && of->parts[f->n_means].kind == PART_MEAN)
        f->n_means++;
    f->n_sums = 2 + f->n_means + of->n_sums;
    f->parts = mem_zero(of->n_parts, sizeof *f->parts);
    f->sums = mem_zero(f->n_sums, sizeof *f->sums);
    for (size_t i = 0; i < of->n_weights; i++)
        f->n_kept += weights_size(&of->weights[i]);
    f->good = mem_zero(f->n_kept, sizeof *f->good);
    keep_weights(f, f->good);
    if (o->patience)
        f->best = mem_zero(f->n_kept, sizeof *f->best);
    f->best_loss = INFINITY;
    name_columns(f);
    f->log = mem_zero(mem_mul(o->epochs, f->n_columns), sizeof *f->log);
    f->o.rate.epochs = (double)o->epochs;
    f->o.rate.warmup = o->warmup * (double)fit_batches(f, 1);
    return f;
}

void fit_free(struct fit *f)
{
    if (!f)
        return;
    optim_free(&f->optim);
    free(f->rows);
    free(f->order);
    free(f->parts);
    free(f->sums);
    free(f->good);
    free(f->best);
    free(f->columns);
    free(f->log);
    free(f);
}

/* The loss on `count` rows. */
static double loss_of(const struct fit *f, const size_t *rows, size_t count, bool training)
{
    struct batch b = { .rows = rows, .n = count, .training = training, .epoch = f->epoch, .seed = f->o.seed,
                       .step = f->optim.t };
    return f->of.loss(f->of.ctx, &b, f->parts, f->sums + 2 + f->n_means);
}

/* Mean loss over the rows to validate on. */
static double validate(const struct fit *f)
{
    double sum = 0;
    for (size_t at = 0; at < f->n_valid; at += f->o.batch) {
        size_t count = f->n_valid - at < f->o.batch ? f->n_valid - at : f->o.batch;
        sum += loss_of(f, f->rows + at, count, false) * (double)count;
    }
    return f->n_valid ? sum / (double)f->n_valid : NAN;
}

/* The epoch's line of the log, the best weights, the next epoch's beginning. */
static void end_epoch(struct fit *f, double rate)
{
    const struct part_name *parts = f->of.parts;
    double *log = f->log + f->epoch * f->n_columns, rows = f->sums[0], loss = f->sums[1] / rows, valid = validate(f);
    for (size_t i = 0; i < f->n_means; i++)
        f->parts[i] = f->sums[2 + i] / rows;
    if (f->of.report)
        f->of.report(f->of.ctx, f->epoch, rows, f->sums + 2 + f->n_means, f->parts);
    *log++ = (double)f->epoch + 1;
    *log++ = loss;
    for (size_t i = 0; i < f->of.n_parts; i++)
        if (parts[i].kind != PART_SET)
            *log++ = f->parts[i];
    *log++ = valid;
    *log++ = rate;
    for (size_t i = 0; i < f->of.n_parts; i++)
        if (parts[i].kind == PART_SET)
            *log++ = f->parts[i];
    *log++ = rows / f->seconds;
    double judged = f->n_valid ? valid : loss;
    keep_weights(f, f->good);
    f->epoch++;
    f->batch = 0;
    if (f->best && judged < f->best_loss) {
        f->best_loss = judged;
        f->best_epoch = f->epoch;
        memcpy(f->best, f->good, f->n_kept * sizeof *f->best);
    }
    memset(f->sums, 0, f->n_sums * sizeof *f->sums);
    f->seconds = 0;
}

/* A batch's share of a mean over the epoch's rows: rounded before it is added, whatever the compiler fuses. */
static void add_share(struct fit *f, size_t i, size_t count, double mean)
{
    volatile double share = (double)count * mean;
    f->sums[i] += share;
}

/* One update on the epoch's next batch; false if it broke. */
static bool do_batch(struct fit *f)
{
    double start = now();
    size_t at = f->batch * f->o.batch, count = f->n_train - at < f->o.batch && !f->of.full ? f->n_train - at : f->o.batch;
    double rate = rate_at(&f->o.rate, (double)f->epoch, f->optim.t);
    f->loss = loss_of(f, f->order + at, count, true);
    bool good = isfinite(f->loss) && optim_step(&f->optim, rate);
    if (good && f->of.changed)
        f->of.changed(f->of.ctx);
    if (f->optim.t <= 1)
        f->first_loss = f->loss;
    if (!good || !(f->loss <= EXPLODED * f->first_loss))
        return false;
    add_share(f, 0, count, 1);
    add_share(f, 1, count, f->loss);
    for (size_t i = 0; i < f->n_means; i++)
        add_share(f, 2 + i, count, f->parts[i]);
    f->batch++;
    f->seconds += now() - start;
    return true;
}

static enum fit_end run_epochs(struct fit *f, bool (*step)(struct fit *f, bool epoch, void *ctx), void *ctx)
{
    while (f->epoch < f->o.epochs) {
        size_t batches = fit_batches(f, f->epoch + 1) - fit_batches(f, f->epoch);
        struct rng rng;
        if (f->best && f->epoch >= f->best_epoch + f->o.patience && f->epoch > 0)
            return FIT_PATIENCE;
        memcpy(f->order, f->rows + f->n_valid, f->n_train * sizeof *f->order);
        rng_init(&rng, f->o.seed, (uint64_t)DRAW_ORDER << 60 | f->epoch);
        rng_shuffle(&rng, f->order, f->n_train);
        if (f->of.full)
            memcpy(f->order + f->n_train, f->order, f->o.batch * sizeof *f->order);
        while (f->batch < batches) {
            if (!do_batch(f))
                return FIT_BROKEN;
            if (!step(f, false, ctx))
                return FIT_STOPPED;
        }
        end_epoch(f, rate_at(&f->o.rate, (double)f->epoch, f->optim.t - 1));
        if (!step(f, true, ctx))
            return f->epoch == f->o.epochs ? FIT_DONE : FIT_STOPPED;
    }
    return FIT_DONE;
}

enum fit_end fit_run(struct fit *f, bool (*step)(struct fit *f, bool epoch, void *ctx), void *ctx)
{
    enum fit_end end = run_epochs(f, step, ctx);
    if (f->best && f->best_epoch)
        restore_weights(f, f->best);
    else if (end == FIT_BROKEN)
        restore_weights(f, f->good);
    return end;
}
