/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/gemm.h"

#include <string.h>

/* A tile of ROWS x (VECS vectors) sums lives in registers: 16 of AVX-512's 32, or 12 of
 * the 16 of AVX. */
#ifdef __AVX512F__
enum { LANES = 16, VECS = 2, ROWS = 8 };
#else
enum { LANES = 8, VECS = 2, ROWS = 6 };
#endif
enum { WIDE = LANES * VECS };
typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

/* What the products read next: p[i step] is fetched while term i is added. Where nothing
 * follows, no harm is done. */
struct next { const float *p; size_t step; };

/* Terms of a sum: `times` k, and between the first of k and of the next k `apart` floats of A. */
struct terms { size_t times, k, apart; };

/* A loop that is written out, so that the sums stay in registers from their first value to their last. */
#define EACH(i, n) _Pragma("GCC unroll 8") for (size_t i = 0; i < (n); i++)

/* c[rows][WIDE] (+)= a[rows][terms] b[terms][WIDE]; rows is known where this is inlined. */
static inline __attribute__((always_inline)) void tile(size_t rows, struct terms of, const float *a, size_t a_row,
                                                       size_t a_col, const float *b, size_t ldb, float *c,
                                                       size_t ldc, bool add, struct next next)
{
    vec sum[ROWS][VECS];
    EACH(i, rows)
        EACH(j, VECS)
            sum[i][j] = add ? *(const vec *)(c + i * ldc + j * LANES) : (vec){ 0 };
    for (size_t t = 0; t < of.times; t++, a += of.apart, b += of.k * ldb, next.p += of.k * next.step)
        for (size_t p = 0; p < of.k; p++) {
            vec row[VECS];
            __builtin_prefetch(next.p + p * next.step, 0, 2);
            EACH(j, VECS)
                row[j] = *(const vec *)(b + p * ldb + j * LANES);
            EACH(i, rows)
                EACH(j, VECS)
                    sum[i][j] += a[i * a_row + p * a_col] * row[j];
        }
    EACH(i, rows)
        EACH(j, VECS)
            *(vec *)(c + i * ldc + j * LANES) = sum[i][j];
}

/* The tile for each number of rows, and for the ways in which A lies. */
static void tiles(size_t rows, struct terms of, const float *a, size_t a_row, size_t a_col, const float *b, size_t ldb,
                  float *c, size_t ldc, bool add, struct next next)
{
    struct terms once = { 1, of.k, 0 };
#define TILE(n) \
    case n: \
        if (of.apart) \
            tile(n, of, a, GEMM_COLS, 1, b, ldb, c, ldc, add, next); \
        else if (a_col == 1) \
            tile(n, once, a, a_row, 1, b, ldb, c, ldc, add, next); \
        else if (a_row == 1) \
            tile(n, once, a, 1, a_col, b, ldb, c, ldc, add, next); \
        else \
            tile(n, once, a, a_row, a_col, b, ldb, c, ldc, add, next); \
        break
    switch (rows) {
        TILE(1); TILE(2); TILE(3); TILE(4); TILE(5); TILE(6);
#ifdef __AVX512F__
        TILE(7); TILE(8);
#endif
    }
#undef TILE
}

/* How A lies: element (i, p) at a[i * row + p * col]; with `apart`, a[i * row + p / GEMM_COLS * apart + p % GEMM_COLS]. */
struct left { const float *a; size_t row, col, apart; };

static void panel(size_t m, size_t k, struct left a, const float *b, size_t ldb, float *c, size_t ldc, size_t cols,
                  bool add, bool far)
{
    float edge[ROWS * WIDE];
    for (size_t p = 0; p == 0 || p < k; p += GEMM_DEPTH) {      /* b[depth][WIDE] stays in the first cache */
        size_t depth = k - p < GEMM_DEPTH ? k - p : GEMM_DEPTH;
        struct terms of = a.apart ? (struct terms){ depth / GEMM_COLS, GEMM_COLS, a.apart } : (struct terms){ 1, depth, 0 };
        bool more = add || p > 0;
        for (size_t j = 0; j < cols; j += WIDE) {
            for (size_t i = 0; i < m; i += ROWS) {
                size_t rows = m - i < ROWS ? m - i : ROWS;
                const float *left = a.a + i * a.row + (a.apart ? p / GEMM_COLS * a.apart : p * a.col);
                const float *right = b + p * ldb + j;
                float *to = c + i * ldc + j;
                struct next next = { right, 0 };
                if (!far && a.col == 1 && !a.apart)     /* A's rows below, which follow each other fast */
                    next = (struct next){ left + ROWS * a.row, ROWS };
                else if (far && ldb > GEMM_COLS)     /* the columns beside these */
                    next = (struct next){ right + WIDE + i / ROWS % VECS * LANES, ldb };
                else if (far)                   /* the terms below, a part with each tile */
                    next = (struct next){ b + (p + depth) * ldb + i / ROWS * depth * LANES / 4, LANES / 4 };
                if (cols - j >= WIDE) {
                    tiles(rows, of, left, a.row, a.col, right, ldb, to, ldc, more, next);
                    continue;
                }
                size_t part = (cols - j) * sizeof *to;
                memset(edge, 0, sizeof edge);
                for (size_t r = 0; more && r < rows; r++)
                    memcpy(edge + r * WIDE, to + r * ldc, part);
                tiles(rows, of, left, a.row, a.col, right, ldb, edge, WIDE, more, next);
                for (size_t r = 0; r < rows; r++)
                    memcpy(to + r * ldc, edge + r * WIDE, part);
            }
        }
    }
}

void gemm_panel(size_t m, size_t k, const float *a, size_t a_row, size_t a_col,
                const float *b, size_t ldb, float *c, size_t ldc, size_t cols, bool add, bool far)
{
    panel(m, k, (struct left){ a, a_row, a_col, 0 }, b, ldb, c, ldc, cols, add, far);
}

void gemm_blocks(size_t m, size_t blocks, const float *a, const float *b, float *c, size_t ldc, size_t cols, bool add)
{
    panel(m, blocks * GEMM_COLS, (struct left){ a, GEMM_COLS, 1, m * GEMM_COLS }, b, GEMM_COLS, c, ldc, cols, add, false);
}

float gemm_dot(const float *a, const float *b, size_t n)
{
    vec sum[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
    size_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (size_t j = 0; j < 4; j++)
            sum[j] += *(const vec *)(a + i + j * LANES) * *(const vec *)(b + i + j * LANES);
    sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    float total = 0;
    for (size_t j = 0; j < LANES; j++)
        total += sum[0][j];
    for (; i < n; i++)
        total += a[i] * b[i];
    return total;
}

/* A square of four by vectors of four. */
typedef float quad __attribute__((vector_size(16), aligned(4), may_alias));

static void turn_four(const float *from, size_t ld_from, float *to, size_t ld_to)
{
    quad a = *(const quad *)from, b = *(const quad *)(from + ld_from);
    quad c = *(const quad *)(from + 2 * ld_from), d = *(const quad *)(from + 3 * ld_from);
    quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    *(quad *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(quad *)(to + ld_to) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(quad *)(to + 2 * ld_to) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(quad *)(to + 3 * ld_to) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

void gemm_turn(const float *from, size_t ld_from, size_t rows, float *to, size_t ld_to)
{
    for (size_t i = 0; rows >= GEMM_COLS && i < GEMM_COLS; i += 4)
        for (size_t j = 0; j < GEMM_COLS; j += 4)
            turn_four(from + i * ld_from + j, ld_from, to + j * ld_to + i, ld_to);
    for (size_t i = 0; rows < GEMM_COLS && i < GEMM_COLS; i++)
        for (size_t j = 0; j < GEMM_COLS; j++)
            to[j * ld_to + i] = i < rows ? from[i * ld_from + j] : 0;
}

void gemm_turn_wide(const float *from, size_t ld, size_t rows, size_t n, float *to)
{
    size_t j = 0;
    for (; j + GEMM_COLS <= n; j += GEMM_COLS)
        gemm_turn(from + j, ld, rows, to + j * GEMM_COLS, GEMM_COLS);
    for (; j < n; j++)
        for (size_t i = 0; i < GEMM_COLS; i++)
            to[j * GEMM_COLS + i] = i < rows ? from[i * ld + j] : 0;
}
