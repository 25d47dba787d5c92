/* graph - symmetric graphs of points: who is joined to whom, and how strongly
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_GRAPH_H
#define MATH_GRAPH_H

#include <stddef.h>
#include <stdint.h>

/* A symmetric matrix W of weights >= 0 between n nodes, without its diagonal: either the lower
 * triangle of a full matrix, row by row (row i holds 0 … i-1), or rows of neighbours. */
struct graph {
    size_t n;
    double *half;               /* [n (n - 1) / 2], or NULL */
    size_t *start;              /* [n + 1] */
    uint32_t *to;               /* [start[n]] ascending within a row */
    double *weight;             /* [start[n]] */
};

/* exp(-gamma |a - b|^2) of all pairs of x[n][d], a full matrix; graph_rbf_bytes(n) at once,
 * a product's scratch among them: ask whether it may. */
struct graph *graph_rbf(const float *x, size_t n, size_t d, double gamma);
double graph_rbf_bytes(size_t n);

/* gamma = 1 / median^2 of the distances between rows: of all pairs, or of 10^6 drawn with
 * seed 0 where there are more. 1 if the median is 0. */
double graph_rbf_gamma(const float *x, size_t n, size_t d);

/* (A + A^T) / 2 in rows of neighbours, where A has a 1 for each of the k nearest other rows of
 * each row of x[n][d]: scikit-learn's affinity="nearest_neighbors" of k + 1. k < n. */
struct graph *graph_knn(const float *x, size_t n, size_t d, size_t k);

/* The same of neighbours that are known: index[n][k], none a row itself or twice. */
struct graph *graph_neighbours(const uint32_t *index, size_t n, size_t k);

/* Of neighbours with weights: W_ij = a + b - product a b, where a is weight[i][k] of j among i's
 * neighbours and b that of i among j's, 0 where it is not one. product 0: A + A^T; 1: the union of two
 * probabilities. Needs graph_join_bytes at once. */
struct graph *graph_join(const uint32_t *index, const double *weight, size_t n, size_t k, double product);
double graph_join_bytes(size_t n, size_t k);

void graph_free(struct graph *g);

/* y[n] = W z[n], with scratch of graph_scratch(g) numbers. Uses par_for; the same bits for any
 * par_jobs. */
void graph_multiply(const struct graph *g, const double *z, double *y, double *scratch);
size_t graph_scratch(const struct graph *g);

/* part[i] of each node, in parts that no edges join, numbered by first appearance; returns how
 * many there are. An edge joins if its weight is above least · scale[i] · scale[j], scale[n];
 * NULL: above least. */
size_t graph_parts(const struct graph *g, double least, const double *scale, size_t *part);

#endif
