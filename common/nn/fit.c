/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"

enum { DRAW_ORDER = 4, DRAW_SPLIT = 5 };        /* beside those of layers.c and vae.c */
#define EXPLODED 1000
#define ACTIVE 0.01     /* variance of mu over the rows from which a latent is active: Burda et al. 2016 */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

size_t fit_sums(const struct fit *f) { return 4 + 3 * f->v->config.latent; }
size_t fit_size(const struct fit *f) { return f->v->net->n_w + f->v->net->n_state; }

size_t fit_batches(const struct fit *f)
{
    size_t size = f->o.batch, whole = f->n_train / size, left = f->n_train % size;
    bool normed = f->v->net->n_state > 0;
    return whole + (left > (normed ? 1 : 0));
}

static void keep(const struct fit *f, float *to)
{
    const struct net *n = f->v->net;
    memcpy(to, n->w, n->n_w * sizeof *to);
    memcpy(to + n->n_w, n->state, n->n_state * sizeof *to);
}

static void put_back(struct fit *f, const float *from)
{
    struct net *n = f->v->net;
    memcpy(n->w, from, n->n_w * sizeof *from);
    memcpy(n->state, from + n->n_w, n->n_state * sizeof *from);
    net_changed(n);
}

struct fit *fit_new(const struct fit_options *o, struct vae *v, const struct adam *adam, double clip, size_t n)
{
    struct fit *f = mem_zero(1, sizeof *f);
    struct rng rng;
    f->o = *o;
    f->v = v;
    vae_optim_new(&f->optim, v);
    f->optim.adam = *adam;
    f->optim.clip = clip;
    f->n_valid = (size_t)(o->validation * (double)n);
    f->n_train = n - f->n_valid;
    f->rows = mem_new(n, sizeof *f->rows);
    f->order = mem_new(f->n_train, sizeof *f->order);
    for (size_t i = 0; i < n; i++)
        f->rows[i] = i;
    if (f->n_valid) {
        rng_init(&rng, o->seed, (uint64_t)DRAW_SPLIT << 60);
        rng_shuffle(&rng, f->rows, n);
    }
    f->sums = mem_zero(fit_sums(f), sizeof *f->sums);
    f->good = mem_new(fit_size(f), sizeof *f->good);
    keep(f, f->good);
    if (o->patience)
        f->best = mem_new(fit_size(f), sizeof *f->best);
    f->best_loss = INFINITY;
    f->log = mem_zero(o->epochs, sizeof *f->log);
    f->o.rate.epochs = (double)o->epochs;
    f->o.rate.warmup = o->warmup * (double)fit_batches(f);
    return f;
}

void fit_free(struct fit *f)
{
    if (!f)
        return;
    vae_optim_free(&f->optim);
    free(f->rows);
    free(f->order);
    free(f->batch_hot);
    free(f->sums);
    free(f->good);
    free(f->best);
    free(f->log);
    free(f);
}

static void fetch(void *ctx, size_t row, float *x)
{
    struct fit *f = ctx;
    f->fetch(f->ctx, f->from[f->at + row], x);
}

/* Let the next pass be on `count` rows of from[at ...]. */
static void set_pass(struct fit *f, const size_t *from, size_t at, size_t count)
{
    f->from = from;
    f->at = at;
    if (f->n_hot && !f->batch_hot)
        f->batch_hot = mem_new(f->o.batch * f->n_hot, sizeof *f->batch_hot);
    for (size_t r = 0; f->n_hot && r < count; r++)
        memcpy(f->batch_hot + r * f->n_hot, f->hot + from[at + r] * f->n_hot, f->n_hot * sizeof *f->hot);
    f->v->net->pass = (struct net_pass){ .rows = count, .seed = f->o.seed, .step = f->optim.t, .fetch = fetch, .ctx = f,
                                         .hot = f->batch_hot, .n_hot = f->n_hot };
}

static struct vae_loss loss_now(const struct fit *f)
{
    struct vae_loss l = f->o.loss;
    l.kl_weight *= anneal_at(f->o.anneal, f->o.anneal_period, (double)f->epoch);
    return l;
}

/* Mean loss over the rows to validate on. */
static double validate(struct fit *f)
{
    struct vae_loss l = loss_now(f);
    double sum = 0;
    for (size_t at = 0; at < f->n_valid; at += f->o.batch) {
        size_t count = f->n_valid - at < f->o.batch ? f->n_valid - at : f->o.batch;
        struct vae_result r = { 0 };
        set_pass(f, f->rows, at, count);
        vae_loss(f->v, &l, &r);
        sum += r.loss * (double)count;
    }
    return f->n_valid ? sum / (double)f->n_valid : NAN;
}

/* The epoch's line of the log, the best weights, the next epoch's beginning. */
static void end_epoch(struct fit *f, double rate)
{
    double *log = f->log[f->epoch], n = f->sums[0];
    log[FIT_EPOCH] = (double)f->epoch + 1;
    for (int i = 0; i < 3; i++)
        log[FIT_LOSS + i] = f->sums[1 + i] / n;
    log[FIT_ACTIVE] = 0;
    for (size_t j = 0; j < f->v->config.latent; j++) {
        const double *s = f->sums + 4 + 3 * j;
        log[FIT_ACTIVE] += s[2] / n - s[1] / n * (s[1] / n) > ACTIVE;
    }
    log[FIT_VALIDATION] = validate(f);
    log[FIT_RATE] = rate;
    log[FIT_KL_WEIGHT] = loss_now(f).kl_weight;
    log[FIT_SPEED] = n / f->seconds;
    double judged = f->n_valid ? log[FIT_VALIDATION] : log[FIT_LOSS];
    keep(f, f->good);
    f->epoch++;
    f->batch = 0;
    if (f->best && judged < f->best_loss) {
        f->best_loss = judged;
        f->best_epoch = f->epoch;
        memcpy(f->best, f->good, fit_size(f) * sizeof *f->best);
    }
    memset(f->sums, 0, fit_sums(f) * sizeof *f->sums);
    f->seconds = 0;
}

static enum fit_end run(struct fit *f, bool (*step)(struct fit *f, const struct vae_result *r, void *ctx), void *ctx,
                        struct vae_result *last)
{
    size_t batches = fit_batches(f), latents = 3 * f->v->config.latent;
    double *sums = last->latents = mem_new(latents, sizeof *sums), rate = 0;
    while (f->epoch < f->o.epochs) {
        struct vae_loss l = loss_now(f);
        struct rng rng;
        if (f->best && f->epoch >= f->best_epoch + f->o.patience && f->epoch > 0)
            return FIT_PATIENCE;
        memcpy(f->order, f->rows + f->n_valid, f->n_train * sizeof *f->order);
        rng_init(&rng, f->o.seed, (uint64_t)DRAW_ORDER << 60 | f->epoch);
        rng_shuffle(&rng, f->order, f->n_train);
        while (f->batch < batches) {
            double start = now();
            size_t at = f->batch * f->o.batch, count = f->n_train - at < f->o.batch ? f->n_train - at : f->o.batch;
            rate = rate_at(&f->o.rate, (double)f->epoch, f->optim.t);
            set_pass(f, f->order, at, count);
            bool good = vae_step(f->v, &l, &f->optim, rate, last);
            if (f->optim.t <= 1)
                f->first_loss = last->loss;
            if (!good || !(last->loss <= EXPLODED * f->first_loss))
                return FIT_BROKEN;
            double parts[4] = { 1, last->loss, last->recon, last->kl };
            for (int i = 0; i < 4; i++)
                f->sums[i] += (double)count * parts[i];
            for (size_t j = 0; j < latents; j++)
                f->sums[4 + j] += sums[j];
            f->batch++;
            f->seconds += now() - start;
            if (!step(f, last, ctx))
                return FIT_STOPPED;
        }
        rate = rate_at(&f->o.rate, (double)f->epoch, f->optim.t - 1);
        end_epoch(f, rate);
        if (!step(f, NULL, ctx))
            return f->epoch == f->o.epochs ? FIT_DONE : FIT_STOPPED;
    }
    return FIT_DONE;
}

enum fit_end fit_run(struct fit *f, bool (*step)(struct fit *f, const struct vae_result *r, void *ctx), void *ctx,
                     struct vae_result *last)
{
    enum fit_end end = run(f, step, ctx, last);
    free(last->latents);
    last->latents = NULL;
    if (f->best && f->best_epoch)
        put_back(f, f->best);
    else if (end == FIT_BROKEN)
        put_back(f, f->good);
    return end;
}
