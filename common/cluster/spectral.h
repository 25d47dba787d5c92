/* spectral - eigenvectors of a graph's Laplacian
 *
 * L = I - D^-1/2 W D^-1/2 with the degrees D of W without its diagonal (Shi and Malik
 * 2000; von Luxburg 2007, section 3.2); a row without neighbours has degree 1. The
 * embedding is that of scikit-learn 1.9's spectral_embedding(norm_laplacian=True,
 * drop_first=False): the k vectors of the smallest eigenvalues, divided by sqrt(degree),
 * each with its entry largest in size positive.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLUSTER_SPECTRAL_H
#define CLUSTER_SPECTRAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A symmetric graph of n nodes without its diagonal: either the lower triangle of a full
 * matrix, row by row (row i holds 0 … i-1), or rows of neighbours. */
struct graph {
    size_t n;
    double *half;               /* [n (n - 1) / 2], or NULL */
    size_t *start;              /* [n + 1] */
    uint32_t *to;               /* [start[n]] ascending within a row */
    double *weight;             /* [start[n]] */
};

/* exp(-gamma |a - b|^2) of all pairs of x[n][d]; graph_rbf_bytes(n) at once. */
struct graph *graph_rbf(const float *x, size_t n, size_t d, double gamma);
double graph_rbf_bytes(size_t n);

/* gamma = 1 / median^2 of the distances between rows: of all pairs, or of 10^6 drawn with
 * seed 0 where there are more. 1 if the median is 0. */
double graph_rbf_gamma(const float *x, size_t n, size_t d);

/* 1/2 (A + A^T), where A has a 1 for each row's k nearest rows, itself counted: scikit-
 * learn's affinity="nearest_neighbors". 2 <= k <= n. */
struct graph *graph_knn(const float *x, size_t n, size_t d, size_t k);

void graph_free(struct graph *g);

/* The k smallest eigenvalues[k] of L, ascending, and the embedding[n][k]; 1 <= k <= n.
 * Parts of the graph that are not connected are found first: each has an eigenvalue 0 whose
 * vector is known, and ARPACK (dsaupd, tolerance 0) is asked for the others; LAPACK, which
 * needs n^2 numbers, where that does not converge and n is at most 5000. false if there are more. */
bool spectral_embedding(const struct graph *g, size_t k, double *eigenvalues, double *embedding);

/* Labels of the rows of embedding[n][k] by turning it towards the corners (Yu and Shi 2003,
 * "Multiclass spectral clustering", as scikit-learn's assign_labels="discretize"):
 * labels[n] in 0 ... k-1. The start is drawn with `seed`. false if LAPACK fails. */
bool spectral_discretize(const double *embedding, size_t n, size_t k, uint64_t seed, int32_t *labels);

#endif
