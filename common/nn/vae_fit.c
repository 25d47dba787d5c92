/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/vae_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ACTIVE 0.01     /* variance of mu over the rows from which a latent is active: Burda et al. 2016 */

enum { RECON, KL, ACTIVE_LATENTS, KL_WEIGHT, PARTS };
static const struct part_name parts_of[PARTS] = {
    { "recon", PART_MEAN }, { "kl", PART_MEAN }, { "active", PART_COUNT }, { "kl_weight", PART_SET },
};

double anneal_at(enum anneal kind, double period, double epoch)
{
    double w = 1;
    if (kind == ANNEAL_LINEAR)
        w = epoch / period;
    else if (kind == ANNEAL_CYCLICAL)
        w = 2 * (epoch / period - floor(epoch / period));
    return w < 1 ? w : 1;
}

static void fetch_row(void *ctx, size_t row, float *x)
{
    const struct vae_fit *o = ctx;
    o->fetch(o->ctx, o->rows[row], x);
}

static struct vae_loss loss_at(const struct vae_fit *o, size_t epoch)
{
    struct vae_loss l = o->loss;
    l.kl_weight *= anneal_at(o->anneal, o->period, (double)epoch);
    return l;
}

static double batch_loss(void *ctx, const struct batch *b, double *parts, double *sums)
{
    struct vae_fit *o = ctx;
    struct vae_loss l = loss_at(o, b->epoch);
    struct vae_result r = { .latents = o->latents };
    o->rows = b->rows;
    if (o->gather)
        o->gather(o->ctx, b->rows, b->n);
    for (size_t i = 0; o->n_hot && i < b->n; i++)
        memcpy(o->batch_hot + i * o->n_hot, o->hot + b->rows[i] * o->n_hot, o->n_hot * sizeof *o->hot);
    o->v->net->pass = (struct net_pass){ .rows = b->n, .seed = b->seed, .step = b->step, .fetch = fetch_row, .ctx = o,
                                         .hot = o->batch_hot, .n_hot = o->n_hot };
    (b->training ? vae_gradients : vae_loss)(o->v, &l, &r);
    parts[RECON] = r.recon;
    parts[KL] = r.kl;
    for (size_t j = 0; b->training && j < 3 * o->v->config.latent; j++)
        sums[j] += r.latents[j];
    return r.loss;
}

/* sums[latent][3]: of KL, mu, mu^2. */
static void report_epoch(void *ctx, size_t epoch, double rows, const double *sums, double *parts)
{
    const struct vae_fit *o = ctx;
    parts[ACTIVE_LATENTS] = 0;
    for (size_t j = 0; j < o->v->config.latent; j++) {
        const double *s = sums + 3 * j;
        parts[ACTIVE_LATENTS] += s[2] / rows - s[1] / rows * (s[1] / rows) > ACTIVE;
    }
    parts[KL_WEIGHT] = loss_at(o, epoch).kl_weight;
}

static void weights_changed(void *ctx)
{
    const struct vae_fit *o = ctx;
    net_changed(o->v->net);
}

struct objective vae_fit_new(struct vae_fit *o)
{
    size_t n_weights, latents = 3 * o->v->config.latent;
    o->weights = net_weights(o->v->net, &n_weights);
    o->batch_hot = mem_new(o->v->net->batch * o->n_hot, sizeof *o->batch_hot);
    o->latents = mem_new(latents, sizeof *o->latents);
    return (struct objective){ .ctx = o, .weights = o->weights, .n_weights = n_weights, .least = o->v->net->n_state ? 2 : 1,
                               .parts = parts_of, .n_parts = PARTS, .n_sums = latents, .loss = batch_loss,
                               .report = report_epoch, .changed = weights_changed };
}

void vae_fit_free(struct vae_fit *o)
{
    free(o->batch_hot);
    free(o->latents);
    free(o->weights);
}
