/* moments - mean and variance of columns, one row after the other
 *
 * Blocks of a fixed number of rows are summed in two passes, mean first, and joined by
 * Chan, Golub and LeVeque (1983, "Algorithms for computing the sample variance",
 * equation 2.1), all of it less the first row: as good as two passes over all, whatever
 * the mean, and the same for every way of handing in the rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_MOMENTS_H
#define MATH_MOMENTS_H

#include <stddef.h>

struct moments;

/* Of rows of d numbers; freed by moments_free. */
struct moments *moments_new(size_t d);

/* Add x[n][d], finite. */
void moments_add(struct moments *m, const float *x, size_t n);

/* Number of rows so far; their mean[d] and variance var[d] with divisor n (0 without
 * rows). More rows may follow. */
size_t moments_get(struct moments *m, double *mean, double *var);

/* What it has is a part of a larger sum: 1 + 3 d doubles, n, first row, mean above it and sum of squares about that. Begin
 * again, with no rows. */
void moments_take(struct moments *m, double *part);

/* Add the rows of a part, behind all that are there; none may be added one by one after it. */
void moments_join(struct moments *m, const double *part);

void moments_free(struct moments *m);

/* scale[d] to divide by: sqrt(var), or 1 for a column that is constant but for
 * rounding: var <= n eps var + (n mean eps)^2, as scikit-learn 1.9 has it
 * (_is_constant_feature). */
void moments_scale(size_t n, size_t d, const double *mean, const double *var, double *scale);

#endif
