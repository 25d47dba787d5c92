/* norm - batch normalisation, forward beside backward
 *
 * Ioffe and Szegedy 2015, as PyTorch's BatchNorm1d and BatchNorm2d. Over the N values
 * of a channel in a batch (rows, or rows times pixels):
 *
 *     m = mean x, v = mean (x - m)^2          h = (x - m) / sqrt(v + eps)     y = g h + b
 *     db = sum dy, dg = sum dy h              dx = g / sqrt(v + eps) (dy - db / N - h dg / N)
 *     running mean  <- 0.9 running + 0.1 m    running variance <- 0.9 running + 0.1 v N / (N - 1)
 *
 * A batch comes in parts (blocks of rows, images), so each pass is two steps: sums over
 * every part, which the caller adds up in order, and then the values. A block of rows is
 * x[channels][ld] of which the first `n` of each channel are there; images are
 * x[n][channels], n pixels in all.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_NORM_H
#define NN_NORM_H

#include <stddef.h>

#define NORM_EPS 1e-5
#define NORM_MOMENTUM 0.1

/* One channel of one batch. */
struct norm_stat { float mean, scale; };       /* scale = 1 / sqrt(v + eps) */

/* Add each channel's sum and sum of squares over the part to sums[channels][2]. */
void norm_sums(const float *x, size_t channels, size_t ld, size_t n, double *sums);

/* The statistics of N values with these sums. */
struct norm_stat norm_batch(const double sums[2], size_t N);

/* Those that evaluation uses. */
struct norm_stat norm_running(float mean, float var);

/* Let the running ones follow; N >= 2. */
void norm_follow(const double sums[2], size_t N, float *mean, float *var);

/* y = g h + b over a part; values beyond n are set to 0. y may be x. */
void norm_forward(const struct norm_stat *stat, const float *g, const float *b, const float *x, float *y,
                  size_t channels, size_t ld, size_t n);

/* Add each channel's sum of dy and of dy h over the part to sums[channels][2]. */
void norm_backward_sums(const struct norm_stat *stat, const float *x, const float *dy, size_t channels, size_t ld,
                        size_t n, double *sums);

/* dx over a part, from the sums over all N values; values beyond n are set to 0. */
void norm_backward(const struct norm_stat *stat, const float *g, const double *sums, size_t N, const float *x,
                   const float *dy, float *dx, size_t channels, size_t ld, size_t n);

/* The same for images. */
void norm_image_sums(const float *x, size_t channels, size_t n, double *sums);
void norm_image_forward(const struct norm_stat *stat, const float *g, const float *b, const float *x, float *y,
                        size_t channels, size_t n);
void norm_image_backward_sums(const struct norm_stat *stat, const float *x, const float *dy, size_t channels, size_t n,
                              double *sums);
void norm_image_backward(const struct norm_stat *stat, const float *g, const double *sums, size_t N, const float *x,
                         const float *dy, float *dx, size_t channels, size_t n);

#endif
