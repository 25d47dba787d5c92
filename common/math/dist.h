/* dist - exact distances between rows
 *
 * From differences in double, never from |x|^2 - 2xy + |y|^2: equal rows are at 0,
 * and what is close is right in every digit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_DIST_H
#define MATH_DIST_H

#include <stddef.h>

/* Squared Euclidean distance of x[d] and y[d]; NaN if either holds one. */
double dist_sq(const float *x, const float *y, size_t d);

/* The same to a point in double. */
double dist_sq_f64(const float *x, const double *y, size_t d);

#endif
