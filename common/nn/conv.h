/* conv - two-dimensional convolution and its adjoint, forward beside backward
 *
 *     y[v][u][o] = b[o] + sum over c, i, j of w[o][c][i][j] x[v s + i - p][u s + j - p][c]
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
 * The channels of a pixel are neighbours, those of the next pixel follow. So the patches
 * that a row of y looks at are, for one row i of the kernel, a matrix that already lies in
 * memory (its rows overlap), and nothing is gathered. Weights lie as in PyTorch, w[o][c][i][j],
 * and are packed for conv_down or for conv_up.
 *
 * Where channels are many and kernels span two strides, the products are made on
 * transformed tiles (tiles.h), with two fifths of the multiplications.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_CONV_H
#define NN_CONV_H

#include <stdbool.h>
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

/* Floats of the packed weights, for conv_up or conv_down. */
size_t conv_packed(const struct conv *c, bool up);

/* Pack part 0 ... CONV_PARTS-1 of weight[out][in][kernel][kernel]. */
enum { CONV_PARTS = 8 };
void conv_pack(const struct conv *c, bool up, const float *weight, float *packed, size_t part);

/* y[n][oh][ow][out] of x[n][h][w][in]; bias[out] or NULL. */
void conv_down(const struct conv *c, const float *packed, const float *bias, const float *x, float *y, size_t n,
               float *scratch);

/* x[n][h][w][in], the adjoint, of y[n][oh][ow][out]; bias[in] or NULL. */
void conv_up(const struct conv *c, const float *packed, const float *bias, const float *y, float *x, size_t n,
             float *scratch);

/* Slice 0 ... conv_slices-1 of dw[out][in][kernel][kernel] = sum over the n images, in
 * order, of y x' patches: x the big side, y the small one, one of them a gradient. sums NULL: they are all
 * images. Else sums[conv_sums], of 0 at first, go on from call to call, and dw is set by the last, by the others not:
 * NULL. */
size_t conv_slices(const struct conv *c);
size_t conv_sums(const struct conv *c);
double conv_cost(const struct conv *c);         /* multiplications of all slices for an image, about */
void conv_weight(const struct conv *c, const float *x, const float *y, float *dw, size_t n, size_t slice,
                 float *scratch, float *sums);

/* db[channels] = sums of dy[pixels][channels]. */
void conv_bias(const float *dy, size_t channels, size_t pixels, double *db);

#endif
