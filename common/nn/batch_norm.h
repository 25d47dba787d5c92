/* batch_norm - batch normalisation, forward beside backward
 *
 * Ioffe and Szegedy 2015, as PyTorch's BatchNorm1d and BatchNorm2d. Over the N values
 * of a channel in a batch (rows, or rows times pixels):
 *
 *     m = mean x, v = mean (x - m)^2          h = (x - m) / sqrt(v + eps)     y = g h + b
 *     db = sum dy, dg = sum dy h              dx = g / sqrt(v + eps) (dy - db / N - h dg / N)
 *     running mean  <- 0.9 running + 0.1 m    running variance <- 0.9 running + 0.1 v N / (N - 1)
 *
 * A batch comes in parts (blocks of rows, images), so each pass is two steps: sums over
 * every part, which the caller adds up in order, and then the values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_BATCH_NORM_H
#define NN_BATCH_NORM_H

#include <stddef.h>

#define BATCH_NORM_EPS 1e-5
#define BATCH_NORM_MOMENTUM 0.1

/* A part's shape: rows side by side x[channels][ld], of which the first n of each channel are
 * there; or, if ld is 0, images x[n][channels] of n pixels in all. */
struct norm_part { size_t channels, ld, n; };

/* One channel of one batch. */
struct norm_stat { float mean, scale; };       /* scale = 1 / sqrt(v + eps) */

/* What a part goes through: arrays [channels]. */
struct norm { const struct norm_stat *stat; const float *g, *b; };

/* Add each channel's sum and sum of squares over the part to sums[channels][2]. */
void batch_norm_sums(const struct norm_part *p, const float *x, double *sums);

/* The statistics of N values with these sums. */
struct norm_stat batch_norm_stat(const double sums[2], size_t N);

/* Those that evaluation uses. */
struct norm_stat batch_norm_running(float mean, float var);

/* Let the running ones follow; N >= 2. */
void batch_norm_follow(const double sums[2], size_t N, float *mean, float *var);

/* y = g h + b over a part; of rows, values beyond n are set to 0. y may be x. */
void batch_norm_forward(const struct norm *by, const struct norm_part *p, const float *x, float *y);

/* Add each channel's sum of dy and of dy h over the part to sums[channels][2]. */
void batch_norm_backward_sums(const struct norm *by, const struct norm_part *p, const float *x, const float *dy,
                              double *sums);

/* dx over a part, from the sums over all N values; of rows, values beyond n are set to 0. */
void batch_norm_backward(const struct norm *by, const struct norm_part *p, const double *sums, size_t N, const float *x,
                         const float *dy, float *dx);

#endif
