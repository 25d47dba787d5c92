/* top - the largest eigenpairs of a symmetric operator that is known by its products
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_TOP_H
#define MATH_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* y[b][n] = v[b][n] A, for a symmetric A[n][n] without negative eigenvalues. */
typedef void top_apply(const double *v, size_t b, double *y, void *state);

/* The k largest eigenvalues, descending, to w[k], and unit eigenvectors to v[k][n]; k <= n.
 * Block Lanczos with full reorthogonalisation and thick restarts (Wu and Simon 2000,
 * "Thick-restart Lanczos method"), until each residual is below 1e-12 times the largest
 * eigenvalue. False if that is not reached in 300 restarts. The start is drawn from a fixed
 * seed. Holds about (4 k + 160) n numbers. */
bool top_exact(size_t n, size_t k, top_apply *apply, void *state, double *w, double *v);

/* The same by `steps` steps of subspace iteration over k + 10 or a few more vectors from a random start
 * (Halko, Martinsson and Tropp 2011, algorithm 4.4): quick, and a little too small. */
void top_random(size_t n, size_t k, size_t steps, uint64_t seed, top_apply *apply, void *state, double *w,
                double *v);

#endif
