/* umap - uniform manifold approximation and projection (McInnes, Healy and Melville 2018)
 *
 * Neighbours' memberships, the curve of the map, the sampling of edges and the forces are those of umap-learn 0.5.12.
 * The points of a step move together, by Adam, as with batch = TRUE in R's uwot: so the order of the edges, and the number
 * of threads, mean nothing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LAYOUT_UMAP_H
#define LAYOUT_UMAP_H

#include <stddef.h>
#include <stdint.h>

#include "math/graph.h"

/* weight[n][k] of the k nearest others of each row, distance[n][k] ascending: exp(-(d - rho) / sigma), 1 up to rho, with rho[n]
 * the least distance that is not 0 and sigma[n] such that the weights of a row sum to log2(k + 1), but at least
 * 0.001 of the row's mean distance, itself counted (where all are 0: of all rows'). k >= 1. weight may be
 * `distance`; rho, sigma may be NULL. Uses par_for. */
void umap_members(const double *distance, size_t n, size_t k, double *weight, double *rho, double *sigma);

/* The fuzzy union of these, from index[n][k] and distance[n][k], which is spoilt. Needs graph_join_bytes(n, k). */
struct graph *umap_graph(const uint32_t *index, double *distance, size_t n, size_t k);

/* The a and b with which 1 / (1 + a d^2b) is nearest, by least squares over 300 distances of 0 ... 3 spread, to 1 up to
 * min_dist and exp(-(d - min_dist) / spread) beyond. 0 <= min_dist <= spread, spread > 0. */
void umap_curve(double min_dist, double spread, double *a, double *b);

struct umap_options {
    size_t dims;                    /* 2 or 3 */
    double a, b;                    /* of umap_curve */
    size_t n_epochs;                /* at most 10^6 */
    size_t negative_sample_rate;    /* points that push, for each that pulls */
    double learning_rate;
    uint64_t seed;
    void (*tick)(size_t epoch);     /* after each, or NULL */
};

/* Scale each column of y[n][dims] to 0 ... 10 and add noise of deviation 0.0001: where umap_fit begins. */
void umap_begin(float *y, size_t n, size_t dims, uint64_t seed);

/* Move the points y[n][dims] so that those which g joins lie together. An edge acts in a share of the epochs that is its
 * weight beside the largest; one that would not act is left out. Holds umap_bytes. Uses par_for; the same bits for any
 * par_jobs. */
void umap_fit(const struct graph *g, float *y, const struct umap_options *o);
double umap_bytes(const struct graph *g, size_t dims);

/* Place m new points on the map[n][dims], each by itself: index[m][k], its nearest among the map's, and distance[m][k],
 * which is spoilt, to y[m][dims]. They begin at the mean of these, by weight, and take 100 steps, at a quarter of the learning
 * rate; n_epochs is not looked at. Uses par_for. */
void umap_place(const float *map, size_t n, const uint32_t *index, double *distance, size_t m, size_t k, float *y,
                const struct umap_options *o);

#endif
