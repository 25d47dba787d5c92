/* minibatch - k-means by random batches of rows, of which no more is held than a few batches
 *
 * Sculley: "Web-scale k-means clustering" (WWW 2010), with the corrections of scikit-learn 1.9
 * (MiniBatchKMeans), but for its random numbers. The centres begin as those of k-means on max(3 batch, 3 k)
 * drawn rows. A step draws `batch` rows, gives each to its nearest centre, and makes each centre the mean of
 * all rows that it was given so far. Whenever 10 k rows were drawn, or a centre has none, the centres that
 * were given fewer than a hundredth of what the one with most was, half a batch of them at most, go to rows
 * of the batch. It ends when the mean inertia of the batches, exponentially weighted over half of n, has
 * not become less for ten steps.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLUSTER_MINIBATCH_H
#define CLUSTER_MINIBATCH_H

#include "base/rng.h"
#include "cluster/kmeans.h"

struct minibatch_options {
    size_t k, batch;            /* 1 ... n; rows of a step, >= 1: at most n are drawn */
    size_t n_init, max_iter;    /* starts on the drawn rows, the best is kept; n times this many rows are drawn at most */
    uint64_t seed;
    const double *init;         /* init[k][d]: start from there; NULL: by k-means */
    void (*row)(size_t i, float *x, void *state);       /* row i to x[d]; in several threads at once */
    void (*tick)(size_t step, void *state);             /* after each step; NULL: none */
    void *state;
};

/* Cluster n rows of d finite numbers. The result has no labels (NULL), its n_iter is the number of steps; it
 * is freed by kmeans_free. The same for every par_jobs. */
struct kmeans *minibatch_fit(size_t n, size_t d, const struct minibatch_options *o);

/* Bytes that it holds. */
double minibatch_bytes(size_t n, size_t d, size_t k, size_t batch);

/* One step, with x[n][d]: m's centres and weight[k], the rows that each was given so far, become others. Returns the
 * summed squared distances to the centres before it. label[n] and distance[n] are scratch. */
double minibatch_step(struct kmeans *m, double *weight, const float *x, size_t n, int32_t *label, double *distance);

/* The centres that were given too few rows go to rows of x[n][d] drawn by r; each counts then as having been given as many
 * as the least of the others. */
void minibatch_reassign(struct kmeans *m, double *weight, const float *x, size_t n, struct rng *r);

#endif
