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

#endif
