/* tsne - t-distributed stochastic neighbour embedding (van der Maaten and Hinton 2008)
 *
 * Steps, learning rate, gains, momentum and stopping are those of scikit-learn 1.9's TSNE; new points are placed as
 * openTSNE 1.0's transform places them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LAYOUT_TSNE_H
#define LAYOUT_TSNE_H

#include <stddef.h>
#include <stdint.h>

#include "math/graph.h"

/* How many neighbours a perplexity wants of n rows: 3 perplexity + 1, at most n - 1. */
size_t tsne_neighbours(size_t n, double perplexity);

/* P of n rows (equation 1 of "Barnes-Hut": (p(j given i) + p(i given j)) / 2n, sum 1), from the k nearest others of
 * each, index[n][k] and distance[n][k], which is spoilt. 1 <= perplexity <= k. Needs graph_join_bytes(n, k). */
struct graph *tsne_joint(const uint32_t *index, double *distance, size_t n, size_t k, double perplexity);

struct tsne_options {
    size_t dims;                    /* 2 or 3 */
    double early_exaggeration;      /* of P in the first 250 steps */
    double learning_rate;           /* 0: max(n / early_exaggeration / 4, 50) */
    double angle;                   /* of repel.h */
    size_t n_iter;
    void (*tick)(size_t step, double kl);       /* every 50 steps, with the divergence that these begin from; or NULL */
};

/* What came of it: the Kullback-Leibler divergence of P from the map, and the number of steps, fewer than n_iter
 * where 300 of them brought nothing or the gradient vanished. */
struct tsne_end { double kl; size_t steps; };

/* Move the points y[n][dims] so that P is well shown. Holds tsne_bytes. Uses par_for; the same bits for any
 * par_jobs. */
struct tsne_end tsne_fit(const struct graph *p, float *y, const struct tsne_options *o);
double tsne_bytes(const struct graph *p, size_t dims);

/* The exact divergence of P from y[n][dims], in n^2 steps of double precision. */
double tsne_divergence(const struct graph *p, const float *y, size_t dims);

/* What openTSNE asks of a new point's neighbours. */
#define TSNE_PLACE_PERPLEXITY 5

/* Place m new points on the map[n][dims], each by itself: index[m][k], its nearest among the map's, and distance[m][k],
 * which is spoilt, to y[m][dims]. They begin at the median of their neighbours and take 250 steps. k is
 * tsne_neighbours(n + 1, 5). Uses par_for. */
void tsne_place(const float *map, size_t n, size_t dims, const uint32_t *index, double *distance, size_t m, size_t k,
                float *y);

#endif
