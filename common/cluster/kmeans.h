/* kmeans - Lloyd's algorithm from greedy k-means++ starts
 *
 * As scikit-learn 1.9 does it (KMeans, algorithm="lloyd"), but for its random numbers:
 * greedy k-means++ with 2 + floor(ln k) trials (Arthur and Vassilvitskii 2007); a step
 * assigns every row to its nearest centre (the lowest of equals) and moves each centre to
 * the mean of its rows; a centre without rows takes the row that is farthest from its
 * own. It stops when no label changes, or when the summed squared shift of all centres is
 * at most tol times the mean variance of the columns, or after max_iter steps; unless no
 * label changed, labels are made anew from the last centres.
 *
 * Labels are those of distances in double precision. The result is the same for every
 * par_jobs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLUSTER_KMEANS_H
#define CLUSTER_KMEANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kmeans_options {
    size_t k;                   /* 1 ... n */
    size_t n_init, max_iter;    /* number of starts; the best is kept; steps of each; both >= 1 */
    double tol;                 /* >= 0 */
    uint64_t seed;
    const double *init;         /* init[k][d]: one start from there; NULL: k-means++ */
    void (*tick)(size_t start, size_t step, void *state);   /* after each step; NULL: none */
    void *state;
};

struct kmeans {
    size_t k, d;
    double *centre;             /* [k][d] */
    int32_t *label;             /* [n], of the rows that are here */
    double inertia;             /* sum of squared distances to the own centre */
    size_t n_iter, start;       /* of the start that was kept; which it was, from 0 */
    size_t used;                /* centres that have rows: below k, if fewer rows are distinct */
    bool converged;             /* before max_iter ended it */
};

/* Cluster x[n][d], finite, n >= 1. Needs 8 n d bytes and up to 64 MB more. The result is
 * freed by kmeans_free. With other ranks (base/world), which all call it and get the same, n are the rows of all, and x those
 * that kmeans_rows says. */
struct kmeans *kmeans_fit(const float *x, size_t n, size_t d, const struct kmeans_options *o);
void kmeans_free(struct kmeans *m);

/* Of n rows of all ranks, this one fits k centres with *from until before *to. */
void kmeans_rows(size_t n, size_t d, size_t k, size_t *from, size_t *to);

/* label[n] of the nearest of m's centres, the lowest of equals, for x[n][m->d]. */
void kmeans_label(const struct kmeans *m, const float *x, size_t n, int32_t *label);

/* Euclidean distance[n] of x[n][m->d] to the centre of its label[n]. */
void kmeans_distance(const struct kmeans *m, const float *x, size_t n, const int32_t *label, double *distance);

#endif
