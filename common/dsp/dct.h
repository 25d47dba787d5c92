/* dct - the first coefficients of a discrete cosine transform, as scipy.fft.dct has them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DSP_DCT_H
#define DSP_DCT_H

#include <stdbool.h>
#include <stddef.h>

/* Types 1, 2 and 3 of x[n], without norm:
 *     1  y[k] = x[0] + (-1)^k x[n-1] + 2 sum over 0 < i < n-1 of x[i] cos(pi k i / (n-1)), n > 1
 *     2  y[k] = 2 sum of x[i] cos(pi k (2i + 1) / 2n)
 *     3  y[k] = x[0] + 2 sum over i > 0 of x[i] cos(pi (2k + 1) i / 2n)
 * ortho scales it to an orthonormal matrix (types 2 and 3: each other's inverse). */
struct dct {
    size_t n, count;
    float *basis;               /* in blocks of eight coefficients: basis[block][n][8] */
};

/* The transform to the first `count` <= n coefficients, each then multiplied by
 * 1 + lifter/2 sin(pi (k + 1) / lifter) if lifter > 0 (librosa.feature.mfcc). */
struct dct *dct_new(int type, bool ortho, double lifter, size_t n, size_t count);
void dct_free(struct dct *d);

/* y[rows][count] of x[rows][n]; float products, summed in groups of 16. */
void dct_apply(const struct dct *d, const float *x, size_t rows, float *y);

/* Entry k, i of the matrix, in double, without lifter. */
double dct_entry(int type, bool ortho, size_t n, size_t k, size_t i);

#endif
