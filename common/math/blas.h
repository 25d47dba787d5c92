/* blas - matrix products of OpenBLAS at one thread
 *
 * OpenBLAS gives other bits for other numbers of threads, so it is held to one
 * (base/openblas); to use more processors, call these from the
 * blocks of par_for, cut at fixed places. All matrices are row-major.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_BLAS_H
#define MATH_BLAS_H

#include <stdbool.h>
#include <stddef.h>

/* c[m][n] = alpha op(a) op(b) + beta c, where op(a)[m][k] is a, or with ta the
 * transpose of a[k][m]; b likewise. lda, ldb, ldc: numbers from one stored row to the
 * next. With beta 0, c may hold anything. No size may be over 2^31 - 1. NaN and Inf pass through. */
void blas_f32(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
              const float *b, size_t ldb, float beta, float *c, size_t ldc);
void blas_f64(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda,
              const double *b, size_t ldb, double beta, double *c, size_t ldc);

#endif
