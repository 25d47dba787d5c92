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

#include "math/graph.h"

enum spectral_end {
    SPECTRAL_DONE,
    SPECTRAL_STUCK,             /* no convergence */
    SPECTRAL_TOO_LARGE,         /* LAPACK would need more than it may take */
};

/* The k smallest eigenvalues[k] of L, ascending, and the embedding[n][k]; 1 <= k <= n.
 * Parts of the graph that are not connected are found first: each has an eigenvalue 0 whose
 * vector is known, and ARPACK (dsaupd, tolerance 0) is asked for the others; LAPACK, which
 * needs spectral_dense_bytes(g) and may take `most` (0: any), for few rows, and where ARPACK
 * does not converge and n is at most 5000. */
enum spectral_end spectral_embedding(const struct graph *g, size_t k, size_t most, double *eigenvalues,
                                     double *embedding);
double spectral_dense_bytes(const struct graph *g);

/* Labels of the rows of embedding[n][k] by turning it towards the corners (Yu and Shi 2003,
 * "Multiclass spectral clustering", as scikit-learn's assign_labels="discretize"):
 * labels[n] in 0 ... k-1. The start is drawn with `seed`. false if LAPACK fails. */
bool spectral_discretize(const double *embedding, size_t n, size_t k, uint64_t seed, int32_t *labels);

#endif
