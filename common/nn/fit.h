/* fit - training over epochs: order of the rows, validation, early stopping, resuming
 *
 * Everything that a run is in the middle of is in struct fit, and every draw depends on
 * seed, epoch and step only, so a run that is stored after any batch and taken up again
 * ends with the same bits.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_FIT_H
#define NN_FIT_H

#include "nn/vae.h"

struct fit_options {
    uint64_t seed;
    size_t epochs, batch;
    struct vae_loss loss;       /* kl_weight is beta */
    enum anneal anneal;
    double anneal_period;       /* epochs */
    struct rate rate;
    double warmup;              /* epochs of growing rate */
    double validation;          /* share of the rows */
    size_t patience;            /* epochs without a better loss; 0: no early stopping */
};

/* One epoch, for people: means over its rows. */
enum { FIT_EPOCH, FIT_LOSS, FIT_RECON, FIT_KL, FIT_ACTIVE, FIT_VALIDATION, FIT_RATE, FIT_KL_WEIGHT, FIT_SPEED, FIT_LOG };

struct fit {
    struct fit_options o;
    struct vae *v;
    struct vae_optim optim;
    size_t n_train, n_valid;
    size_t *rows;               /* those to validate on first, then those to train on */
    size_t *order;              /* of this epoch */
    void (*fetch)(void *ctx, size_t row, float *x);     /* of the whole data */
    void *ctx;
    const uint32_t *hot;        /* [n][n_hot] */
    size_t n_hot;
    uint32_t *batch_hot;
    size_t at;                  /* of rows or order: where the batch begins */
    const size_t *from;

    size_t epoch, batch;        /* done: whole epochs, batches of the next one */
    double *sums;               /* of this epoch: rows, loss, recon, kl; then [latent][3] */
    double best_loss, first_loss;
    size_t best_epoch;          /* epochs done when it was best */
    float *best, *good;         /* weights and state then, and at the last epoch's end */
    double (*log)[FIT_LOG];     /* [epoch] */
    double seconds;             /* spent in this epoch */
};

enum fit_end { FIT_DONE, FIT_PATIENCE, FIT_STOPPED, FIT_BROKEN };

/* Begin on n rows with weights as vae_init leaves them. v was made for o->batch rows. */
struct fit *fit_new(const struct fit_options *o, struct vae *v, const struct adam *adam, double clip, size_t n);
void fit_free(struct fit *f);

/* Batches of an epoch. A last one of one row is left out if there is a BatchNorm, which
 * has no variance then. */
size_t fit_batches(const struct fit *f);

/* How many doubles f->sums has, and floats each of f->best and f->good. */
size_t fit_sums(const struct fit *f);
size_t fit_size(const struct fit *f);

/* Train until the epochs are over, patience is out, step(f, ctx) says false (it is called
 * after each batch, with the last batch's result, and after each epoch, with r NULL), or
 * the loss is not finite or over 1000 times the first one (then r is in *last, the epoch
 * and batch in f). With patience the best weights are put back at the end; if it broke,
 * the last good ones. */
enum fit_end fit_run(struct fit *f, bool (*step)(struct fit *f, const struct vae_result *r, void *ctx), void *ctx,
                     struct vae_result *last);

#endif
