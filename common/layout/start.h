/* start - where the points of a map begin
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LAYOUT_START_H
#define LAYOUT_START_H

#include <stddef.h>
#include <stdint.h>

/* y[n][dims]: the first principal components of x[n][d]; those that there are not, or that have no variance beside
 * the first, are drawn from `seed`, standard normal times the deviation of the first (or 1). */
void start_pca(const float *x, size_t n, size_t d, size_t dims, uint64_t seed, float *y);

/* y[n][dims], standard normal. */
void start_random(size_t n, size_t dims, uint64_t seed, float *y);

/* Divide y[n][dims] by the deviation of its first column, times `deviation`; where that is 0, nothing but
 * the second is done. */
void start_scale(float *y, size_t n, size_t dims, double deviation);

#endif
