/* sort - numbers in ascending order
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_SORT_H
#define MATH_SORT_H

#include <stddef.h>

/* Sort x[n], none of them NaN. */
void sort_f64(double *x, size_t n);

/* The quantile q, 0 to 1, of sorted[n], n >= 1: linear between the values at floor and ceil of q (n - 1), as
 * numpy.quantile. */
double sort_quantile(const double *sorted, size_t n, double q);

#endif
