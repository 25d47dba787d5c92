/* optim - Adam and its rates, over all weights of whatever is trained
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_OPTIM_H
#define NN_OPTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One tensor of what is trained, or of what is kept with it: running statistics, say. */
struct weights {
    float *w;
    float *g;                   /* its gradients; NULL: it is not learned */
    size_t n;
};

/* Floats that a tensor takes where all of them lie in one row (moments, copies): each begins
 * at a whole vector. */
static inline size_t weights_size(const struct weights *s) { return (s->n + 15) / 16 * 16; }

struct adam {
    double beta1, beta2, eps;   /* 0.9, 0.999, 1e-8 */
    double weight_decay;
    bool decoupled;             /* AdamW: the decay does not go through the gradient */
};

/* One step, the t-th from 1, for n weights w with gradients g times `clip` (Kingma and Ba
 * 2015, algorithm 1; Loshchilov and Hutter 2019 where decoupled), as PyTorch's Adam, AdamW:
 *     g <- g + wd w  or  w <- w (1 - lr wd)
 *     m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
 *     w <- w - lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) */
void adam_step(const struct adam *a, double lr, uint64_t t, double clip, float *w, const float *g, float *m, float *v,
               size_t n);

/* What gradients of this norm over all weights are multiplied by so that it is at most
 * `limit` (0: no limit), as PyTorch: min(1, limit / (norm + 1e-6)). */
double clip_factor(double norm, double limit);

/* Sum of squares of g[n]. */
double clip_squares(const float *g, size_t n);

struct optim {
    struct adam adam;
    double clip;                /* largest norm of all gradients; 0: any */
    uint64_t t;                 /* steps done */
    double norm;                /* of the last step's gradients before clipping; 0 where none are clipped */
    size_t n;                   /* floats of each of m and v: the learned tensors in order, weights_size each */
    float *m, *v;               /* Adam's moments */
    struct optim_block *blocks; /* that a task updates */
    size_t n_blocks;
};

/* Begin at step 0 with moments of 0. What they point to is borrowed until optim_free. */
void optim_new(struct optim *o, const struct adam *adam, double clip, const struct weights *weights, size_t n_weights);
void optim_free(struct optim *o);

/* Clip the gradients of all learned tensors together, and update their weights by adam_step, in
 * blocks of one tensor (the same bits for any number of threads). False, and nothing is
 * changed, if their norm is asked for and not finite. */
bool optim_step(struct optim *o, double lr);

enum schedule { SCHEDULE_CONSTANT, SCHEDULE_COSINE, SCHEDULE_STEP };

struct rate {
    enum schedule kind;
    double lr, lr_min;
    double epochs;              /* cosine: where lr_min is reached */
    double step_size, gamma;    /* step: every step_size epochs times gamma */
    double warmup;              /* steps in which the rate grows linearly from lr / warmup */
};

/* The rate of a 0-based epoch and 0-based step:
 *     cosine  lr_min + (lr - lr_min) (1 + cos(pi e / epochs)) / 2
 *     step    lr gamma^floor(e / step_size)
 * times min(1, (step + 1) / warmup). */
double rate_at(const struct rate *r, double epoch, uint64_t step);

#endif
