/* eig - eigenvalues and eigenvectors of symmetric matrices
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_EIG_H
#define MATH_EIG_H

#include <stdbool.h>
#include <stddef.h>

/* All eigenpairs of the symmetric a[n][n] (both halves stored), by LAPACK's dsyevd: on
 * return w[n] ascends and row i of a is the unit eigenvector of w[i], its sign as it
 * comes. Needs 2 n^2 doubles more. false if a holds NaN or Inf or there is no
 * convergence; a is spoilt then. n 0 does nothing. */
bool eig_sym(double *a, size_t n, double *w);

#endif
