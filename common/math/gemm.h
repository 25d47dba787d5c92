/* gemm - the one matrix product that all layers of nets are made of
 *
 * A kernel of our own, because the layers hand over operands that no library takes
 * without copying them first: a block of rows that already lies as it is needed, or a
 * patch of an image that is gathered on the way (nn/conv.c). The compiler makes vector
 * code of it for the processor that it builds for (-march).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_GEMM_H
#define MATH_GEMM_H

#include <stdbool.h>
#include <stddef.h>

enum { GEMM_COLS = 32, GEMM_DEPTH = 256 };

/* C (+)= A B for one panel of columns: c[m][cols], a[m][k], b[k][GEMM_COLS].
 * Element (i, p) of A is a[i * a_row + p * a_col], of B b[p * ldb + j], of C
 * c[i * ldc + j]. All GEMM_COLS columns of B are read, the first `cols` of C written
 * (added to if `add`). Each element is a float sum over p in order, cut every
 * GEMM_DEPTH terms: the same bits for any m and cols. k = 0 gives zeros. `far`: B is one of
 * many panels, more than the second cache holds, and what follows it in memory, its next
 * panel, is to be fetched meanwhile. */
void gemm_panel(size_t m, size_t k, const float *a, size_t a_row, size_t a_col,
                const float *b, size_t ldb, float *c, size_t ldc, size_t cols, bool add, bool far);

/* The same for A that lies in blocks of GEMM_COLS terms, a[blocks][m][GEMM_COLS], and b[blocks * GEMM_COLS][GEMM_COLS]. */
void gemm_blocks(size_t m, size_t blocks, const float *a, const float *b, float *c, size_t ldc, size_t cols, bool add);

/* Sum of a[i] * b[i] over n. */
float gemm_dot(const float *a, const float *b, size_t n);

/* to[j][i] = from[i][j] for a square of GEMM_COLS; ld_from and ld_to are the lengths of
 * their rows. Rows of `from` beyond `rows` are taken as zeros. */
void gemm_turn(const float *from, size_t ld_from, size_t rows, float *to, size_t ld_to);

/* The same for n columns: to[n][GEMM_COLS], rows <= GEMM_COLS. */
void gemm_turn_wide(const float *from, size_t ld, size_t rows, size_t n, float *to);

#endif
