/* conv - two-dimensional convolution and its adjoint, forward beside backward
 *
 *     y[o][v][u] = b[o] + sum over c, i, j of w[o][c][i][j] x[c][v s + i - p][u s + j - p]
 *
 * with zeros beyond the borders (PyTorch's Conv2d). The transposed convolution
 * (ConvTranspose2d) is the same sum read from y to x, so three products serve both:
 *
 *                     convolution        transposed convolution
 *     conv_down       forward            gradient of its input
 *     conv_up         gradient of x      forward
 *     conv_weight     gradient of w      gradient of w (x and y change places)
 *
 * "big" is the side of x (in channels, h x w), "small" that of y (out channels, oh x ow).
 * None builds the matrix of patches: panels of 32 of its columns are gathered into the
 * first cache when the product needs them. conv_up works as s^2 convolutions of stride 1,
 * one for the pixels of each remainder of (row, column) by s, whose kernels are the
 * weights that reach those pixels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_CONV_H
#define NN_CONV_H

#include <stddef.h>

enum { CONV_KERNEL = 16, CONV_STRIDE = 8 };    /* the largest */

/* 1 <= stride <= kernel, pad < kernel, kernel <= h + 2 pad, w + 2 pad. */
struct conv {
    size_t in, h, w;            /* big side: channels, rows, columns */
    size_t out, oh, ow;         /* small side */
    size_t kernel, stride, pad;
};

/* The small side's size: (n + 2 pad - kernel) / stride + 1, floored; 0 if the kernel is larger. */
size_t conv_size(size_t n, size_t kernel, size_t stride, size_t pad);

/* Floats of scratch memory that the functions below need. */
size_t conv_scratch(const struct conv *c);

/* y[n][out][oh][ow] of x[n][in][h][w] and weight[out][in][kernel][kernel]; bias[out] or NULL. */
void conv_down(const struct conv *c, const float *weight, const float *bias, const float *x, float *y, size_t n,
               float *scratch);

/* The weights in the order in which conv_up reads them, as many floats. */
void conv_turn(const struct conv *c, const float *weight, float *turned);

/* x[n][in][h][w], the adjoint, of y[n][out][oh][ow] and turned weights; bias[in] or NULL. */
void conv_up(const struct conv *c, const float *turned, const float *bias, const float *y, float *x, size_t n,
             float *scratch);

/* How many panels of columns conv_weight has: in * kernel^2 by 32, rounded up. */
size_t conv_panels(const struct conv *c);

/* Columns 32 panel … of dw[out][in kernel kernel] = sum over the n images, in order, of
 * y x' patches: x the big side, y the small one, one of them a gradient. */
void conv_weight(const struct conv *c, const float *x, const float *y, float *dw, size_t n, size_t panel,
                 float *scratch);

/* db[channels] = sums of dy[n][channels][pixels]. */
void conv_bias(const float *dy, size_t channels, size_t pixels, size_t n, float *db);

#endif
