/* linear - the dense layer y = W x + b, forward beside backward
 *
 * Rows of a batch lie side by side: x[in][LINEAR_ROWS] holds feature i of 32 rows as 32
 * neighbours, rows that are not there being zeros. So the three products need no copy:
 *
 *     forward   y = W x + b          W[out][in], b[out]
 *     to x      dx = W' dy
 *     to W      dW = dy x', db = sums of dy over the rows
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_LINEAR_H
#define NN_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "math/gemm.h"

enum { LINEAR_ROWS = GEMM_COLS, LINEAR_SUMS = 8 };       /* sums side by side, so that the compiler may use vectors */

/* y[out][rows] = W x + b; bias NULL: none. rows is LINEAR_ROWS, or 1: a single vector. */
void linear_forward(size_t in, size_t out, const float *weight, const float *bias, const float *x, float *y,
                    size_t rows);

/* dx[in][LINEAR_ROWS] = W' dy, added to what is there if `add`. */
void linear_input(size_t in, size_t out, const float *weight, const float *dy, float *dx, bool add);

/* Columns first … first+LINEAR_ROWS-1 of dW[out][in], over `blocks` blocks of rows in
 * order: x[blocks][in][LINEAR_ROWS], dy[blocks][out][LINEAR_ROWS]. sums NULL: they are all there are. Else
 * sums[out][LINEAR_ROWS], of 0 at first, go on from call to call, and dW is set by the last, by the others not: NULL. */
void linear_weight(size_t in, size_t out, const float *x, const float *dy, size_t blocks, size_t first, float *dw, float *sums);

/* db[out] = sums of dy[blocks][out][LINEAR_ROWS]; sums[out][LINEAR_SUMS] in the same way. */
void linear_bias(size_t out, const float *dy, size_t blocks, float *db, double *sums);

#endif
