/* gemm_bf16 - the product of math/gemm with operands in bf16 and sums in float32
 *
 * Both operands lie in pairs of neighbouring terms, the first in the lower half: what VDPBF16PS (AVX512-BF16) and
 * TDPBF16PS (AMX-BF16) take, which are used where the processor has them, and else the same in plain C. Rows are filled
 * up with zeros to whole tiles.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_GEMM_BF16_H
#define MATH_GEMM_BF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "math/gemm.h"

enum { GEMM_BF16_ROWS = 32, GEMM_BF16_PAIRS = 16 };

/* Pairs in a row of k terms, with what fills it up. */
static inline size_t gemm_bf16_pairs(size_t k)
{
    return (k + 2 * GEMM_BF16_PAIRS - 1) / (2 * GEMM_BF16_PAIRS) * GEMM_BF16_PAIRS;
}

/* x[rows][k], rounded, as a left operand to[rows][pairs]. */
void gemm_bf16_left(const float *x, size_t rows, size_t k, uint32_t *to);

/* The first `cols` rows of w[][k], rounded, as a panel of the right operand: to[pairs][GEMM_COLS]; cols <= GEMM_COLS,
 * zeros beyond. */
void gemm_bf16_panel(const float *w, size_t cols, size_t k, uint32_t *to);

/* c[m][out] = a b: a[m][pairs], with memory for whole GEMM_BF16_ROWS of rows; b in panels, one for each GEMM_COLS of
 * `out`. An element has the same bits for any m and out. In plain C and by VDPBF16PS it is a float sum over the pairs
 * in order, of each pair the second term first, each addition rounded to nearest even; TDPBF16PS adds up the first and the
 * second terms of 16 pairs apart. The instructions take numbers below 2^-126 as zeros. */
void gemm_bf16(size_t m, size_t k, const uint32_t *a, const uint32_t *b, size_t out, float *c);

/* Whether there are instructions for it here. */
bool gemm_bf16_fast(void);

#endif
