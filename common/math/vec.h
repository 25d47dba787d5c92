/* vec - the norms of a vector
 *
 * Of x[n] in single precision, summed in double from the first to the last, so that nothing
 * overflows and equal vectors have equal norms. NaN if x holds one, but for vec_max, which
 * passes NaN over. 0 for n = 0. A sparse vector's stored values have the norms of the whole.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_VEC_H
#define MATH_VEC_H

#include <stddef.h>

/* sum of |x_i| */
double vec_l1(const float *x, size_t n);

/* sqrt(sum of x_i^2), the Euclidean length */
double vec_l2(const float *x, size_t n);

/* the largest |x_i| */
double vec_max(const float *x, size_t n);

/* Divide x[n] by its Euclidean length, or by 1e-12 where that is larger (as PyTorch's normalize), and return what
 * it was divided by. */
float vec_make_unit(float *x, size_t n);

#endif
