/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/linear.h"

#include <string.h>

void linear_forward(size_t in, size_t out, const float *weight, const float *bias, const float *x, float *y,
                    size_t rows)
{
    if (rows == 1) {
        for (size_t o = 0; o < out; o++)
            y[o] = gemm_dot(weight + o * in, x, in) + (bias ? bias[o] : 0);
        return;
    }
    for (size_t o = 0; bias && o < out; o++)
        for (size_t r = 0; r < LINEAR_ROWS; r++)
            y[o * LINEAR_ROWS + r] = bias[o];
    gemm_panel(out, in, weight, in, 1, x, LINEAR_ROWS, y, LINEAR_ROWS, LINEAR_ROWS, bias, false);
}

void linear_input(size_t in, size_t out, const float *weight, const float *dy, float *dx, bool add)
{
    gemm_panel(in, out, weight, 1, in, dy, LINEAR_ROWS, dx, LINEAR_ROWS, LINEAR_ROWS, add, false);
}

void linear_weight(size_t in, size_t out, const float *x, const float *dy, size_t blocks, size_t first, float *dw, float *sums)
{
    enum { AT_ONCE = GEMM_DEPTH / LINEAR_ROWS };
    float turned[AT_ONCE][LINEAR_ROWS * LINEAR_ROWS], *to = sums ? sums : dw + first;
    size_t cols = in - first < LINEAR_ROWS ? in - first : LINEAR_ROWS, ld = sums ? LINEAR_ROWS : in, n;
    for (size_t b = 0; b < blocks; b += n) {
        n = blocks - b < AT_ONCE ? blocks - b : AT_ONCE;
        for (size_t i = 0; i < n; i++)
            gemm_turn(x + ((b + i) * in + first) * LINEAR_ROWS, LINEAR_ROWS, cols, turned[i], LINEAR_ROWS);
        gemm_blocks(out, n, dy + b * out * LINEAR_ROWS, turned[0], to, ld, cols, sums || b > 0);
    }
    for (size_t o = 0; sums && dw && o < out; o++)
        memcpy(dw + o * in + first, sums + o * LINEAR_ROWS, cols * sizeof *dw);
}

void linear_bias(size_t out, const float *dy, size_t blocks, float *db, double *sums)
{
    enum { LANES = LINEAR_SUMS };
    for (size_t o = 0; o < out; o++) {
        double part[LANES] = { 0 }, sum = 0;
        if (sums)
            memcpy(part, sums + o * LANES, sizeof part);
        for (size_t b = 0; b < blocks; b++)
            for (size_t r = 0; r < LINEAR_ROWS; r += LANES)
                for (size_t j = 0; j < LANES; j++)
                    part[j] += (double)dy[(b * out + o) * LINEAR_ROWS + r + j];
        if (sums)
            memcpy(sums + o * LANES, part, sizeof part);
        for (size_t j = 0; j < LANES; j++)
            sum += part[j];
        if (db)
            db[o] = (float)sum;
    }
}
