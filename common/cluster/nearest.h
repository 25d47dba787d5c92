/* nearest - the nearest of k centres to each of n rows, exactly
 *
 * Rows are laid out once so that a processor's vectors hold one column of many rows.
 * The search runs in single precision and knows how far it can be wrong; where two
 * centres are closer than that, distances from differences in double decide. So the
 * answer is that of double precision, on every processor.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLUSTER_NEAREST_H
#define CLUSTER_NEAREST_H

#include <stddef.h>
#include <stdint.h>

/* Rows are worked on in multiples of this many. */
#define NEAREST_ROWS 32

struct nearest;

/* Lay out x[n][d] less mean[d]; x must stay. Needs 4 (n + 32) (d + 1) bytes. Uses par_for. With other ranks
 * (base/world) all call it and nearest_total, each for its own rows; n is a multiple of NEAREST_ROWS in all but the last. */
struct nearest *nearest_new(const float *x, size_t n, size_t d, const double *mean);
void nearest_free(struct nearest *s);

/* Sum of all squared lengths of x, of all ranks, less mean: n d times the mean variance of the columns. */
double nearest_total(const struct nearest *s);

/* Take centre[k][d] (which must stay) for the next searches; k >= 1. */
void nearest_centres(struct nearest *s, const double *centre, size_t k);

/* label[i], for begin <= i < end, is the j of the least dist_sq_f64(x_i, centre_j), the lowest
 * of equals. begin is a multiple of NEAREST_ROWS, end too or n. May run in several threads. */
void nearest_find(const struct nearest *s, size_t begin, size_t end, int32_t *label);

/* to[i - begin] = |x_i - c|^2 in single precision, from differences, for a c[d] of
 * nearest_row; times a constant where the numbers are very large or small. Rows as above;
 * `to` has room for whole multiples of NEAREST_ROWS. */
void nearest_squares(const struct nearest *s, size_t begin, size_t end, const float *c, float *to);

/* Row i as it is laid out, to c[d]. */
void nearest_row(const struct nearest *s, size_t i, float *c);

#endif
