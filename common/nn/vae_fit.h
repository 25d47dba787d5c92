/* vae_fit - an auto-encoder's loss as an objective that fit makes smaller
 *
 * Parts of the loss: recon, kl, the active latents of an epoch, the weight of the KL term.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_VAE_FIT_H
#define NN_VAE_FIT_H

#include "nn/fit.h"
#include "nn/vae.h"

enum anneal { ANNEAL_CONSTANT, ANNEAL_LINEAR, ANNEAL_CYCLICAL };

/* Weight of the KL term in a 0-based epoch, without beta: 1; linear min(1, e / period);
 * cyclical min(1, 2 frac(e / period)) (Fu et al. 2019 with R = 1/2). */
double anneal_at(enum anneal kind, double period, double epoch);

struct vae_fit {
    struct vae *v;              /* that trains, made for the rows of a batch */
    struct vae_loss loss;       /* kl_weight is beta */
    enum anneal anneal;
    double period;              /* epochs */
    void (*gather)(void *ctx, const size_t *rows, size_t n);    /* these rows will be fetched, from several threads; NULL */
    void (*fetch)(void *ctx, size_t row, float *x);     /* row of the whole data to x[input] */
    void *ctx;
    const uint32_t *hot;        /* [rows of the data][n_hot]: which columns of the condition are 1 */
    size_t n_hot;

    const size_t *rows;         /* own from here on: of the batch */
    uint32_t *batch_hot;
    double *latents;
    struct weights *weights;
};

/* The objective; o is borrowed by it, and freed after it (not v). */
struct objective vae_fit_new(struct vae_fit *o);
void vae_fit_free(struct vae_fit *o);

#endif
