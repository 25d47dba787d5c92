/* fit - training over epochs: order of the rows, validation, early stopping, resuming
 *
 * What is made smaller is an objective: it has the weights and gives a batch's loss and
 * gradients; fit knows rows, batches and epochs, and no net. Everything that a run is in
 * the middle of is in struct fit, and every draw depends on seed, epoch and step only, so a
 * run that is stored after any batch and taken up again ends with the same bits.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_FIT_H
#define NN_FIT_H

#include "nn/optim.h"

/* The rows of a batch, by their number in the data. */
struct batch {
    const size_t *rows;
    size_t n;
    bool training;              /* gradients are wanted; else nothing is drawn at random */
    size_t epoch;               /* from 0 */
    uint64_t seed, step;        /* of the draws; step: updates done */
};

/* What the log tells of a loss, beside the loss itself. */
enum part_kind {
    PART_MEAN,                  /* a mean over rows, told for each batch: "recon" */
    PART_COUNT,                 /* a whole number that an epoch has: "active" */
    PART_SET,                   /* what the objective itself was set to in the epoch: "kl_weight" */
};
struct part_name { const char *name; enum part_kind kind; };

struct objective {
    void *ctx;
    const struct weights *weights;   /* all weights and what is kept with them */
    size_t n_weights;
    size_t least;               /* rows that a batch needs to train on: 1; 2 with batch normalisation */
    bool full;                  /* all batches are full: epochs share the rows that are left, see fit_batches */
    const struct part_name *parts;      /* those of kind PART_MEAN first */
    size_t n_parts;
    size_t n_sums;              /* doubles that it adds up over the rows of an epoch, for `report` */

    /* The mean loss of the batch's rows, at least 0, and its means in parts; if it trains,
     * the gradients of that loss in the weights, and the batch's share added to sums. */
    double (*loss)(void *ctx, const struct batch *b, double *parts, double *sums);

    /* The other parts of an epoch of so many rows. NULL: there are none. */
    void (*report)(void *ctx, size_t epoch, double rows, const double *sums, double *parts);

    /* The weights were changed. NULL: it does not matter. */
    void (*changed)(void *ctx);
};

struct fit_options {
    uint64_t seed;
    size_t epochs, batch;
    struct adam adam;
    double clip;                /* of the norm of all gradients; 0: none */
    struct rate rate;           /* its epochs and warmup are set by fit_new */
    double warmup;              /* epochs of growing rate */
    double validation;          /* share of the rows */
    size_t patience;            /* epochs without a better loss; 0: no early stopping */
};

/* A column of the log; `whole`: a whole number. NaN is "none". */
struct fit_column { const char *name; bool whole; };

struct fit {
    struct fit_options o;
    struct objective of;
    struct optim optim;
    size_t n_train, n_valid;
    size_t *rows;               /* those to validate on first, then those to train on */
    size_t *order;              /* of this epoch */

    size_t epoch, batch;        /* done: whole epochs, batches of the next one */
    double loss, *parts;        /* of the last batch; parts [of.n_parts], its means */
    double *sums;               /* [n_sums] of this epoch: rows, loss, means; then the objective's own */
    size_t n_means, n_sums;
    double best_loss, first_loss;
    size_t best_epoch;          /* epochs done when it was best */
    float *best, *good;         /* [n_kept] all weights then, and at the last epoch's end */
    size_t n_kept;
    struct fit_column *columns; /* epoch, loss, parts, validation, lr, what was set, speed */
    size_t n_columns;
    double *log;                /* [epochs][n_columns] */
    double seconds;             /* spent in this epoch */
};

enum fit_end { FIT_DONE, FIT_PATIENCE, FIT_STOPPED, FIT_BROKEN };

/* Begin on n rows with the weights as they are. The objective is copied, what it points to
 * is borrowed until fit_free. */
struct fit *fit_new(const struct fit_options *o, const struct objective *of, size_t n);
void fit_free(struct fit *f);

/* Batches of the first `epochs` epochs. An epoch's last one, of the rows that are left, is left out if they are fewer than
 * the objective needs. Where all are full, n rows make floor(epochs n / batch) of them: an epoch has a last one when those
 * that are left come to a batch, and it is filled up with the epoch's first rows. */
size_t fit_batches(const struct fit *f, size_t epochs);

/* Train until the epochs are over, patience is out, step(f, epoch, ctx) says false (it is
 * called after each batch, and with `epoch` after each epoch), or the loss is not finite or
 * over 1000 times the first one: then f->loss and f->parts are its, f->epoch and f->batch
 * say where. With patience the best weights are put back at the end; if it broke, else the
 * last good ones. */
enum fit_end fit_run(struct fit *f, bool (*step)(struct fit *f, bool epoch, void *ctx), void *ctx);

#endif
