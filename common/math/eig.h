/* eig - eigenvalues and eigenvectors of symmetric matrices
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_EIG_H
#define MATH_EIG_H

#include <stdbool.h>
#include <stddef.h>

/* Largest n: LAPACK counts its 2 n^2 + 6 n + 1 doubles in an int. */
#define EIG_MAX 32000

/* All eigenpairs of the symmetric a[n][n] (both halves stored), by LAPACK's dsyevd: on
 * return w[n] ascends and row i of a is the unit eigenvector of w[i], its sign as it
 * comes. Needs 2 n^2 doubles more. false if a holds NaN or Inf, if n is over
 * EIG_MAX, or without convergence; a is spoilt then. n 0 does nothing. */
bool eig_sym(double *a, size_t n, double *w);

/* The k <= n largest, descending: w[k] and unit vectors in the rows of v[k][n], their signs as they come. By LAPACK's
 * dsytrd, dstemr and dormtr: of n 1202 and k 200 in half of eig_sym's time (math/top is faster where k is below n / 32).
 * Needs about 70 n doubles more. false as eig_sym; a is spoilt always. */
bool eig_sym_top(double *a, size_t n, size_t k, double *w, double *v);

#endif
