/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/gemm_bf16.h"

#include <string.h>

#include "base/arch.h"
#include "base/half.h"

/* As in math/gemm.c, a tile of TILE x (VECS vectors) sums lives in registers. */
#ifdef __AVX512F__
enum { LANES = 16, VECS = 2, TILE = 8 };
#else
enum { LANES = 8, VECS = 2, TILE = 4 };
#endif
enum { ROWS = GEMM_BF16_ROWS };
typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));
typedef uint32_t pairs __attribute__((vector_size(LANES * sizeof(uint32_t)), aligned(4), may_alias));

void gemm_bf16_left(const float *x, size_t rows, size_t k, uint32_t *to)
{
    for (size_t n = gemm_bf16_pairs(k), p; rows; rows--, x += k, to += n) {
        for (p = 0; p < k / 2; p++)
            to[p] = bf16_from_float(x[2 * p]) | (uint32_t)bf16_from_float(x[2 * p + 1]) << 16;
        memset(to + p, 0, (n - p) * sizeof *to);
        if (k % 2)
            to[p] = bf16_from_float(x[k - 1]);
    }
}

void gemm_bf16_panel(const float *w, size_t cols, size_t k, uint32_t *to)
{
    memset(to, 0, gemm_bf16_pairs(k) * GEMM_COLS * sizeof *to);
    for (size_t j = 0; j < cols; j++)
        for (size_t i = 0; i < k; i++)
            to[i / 2 * GEMM_COLS + j] |= (uint32_t)bf16_from_float(w[j * k + i]) << i % 2 * 16;
}

/* sum += a b, of the second terms and then of the first: VDPBF16PS, or in plain C. A product of two bf16 is exact in
 * a float, so that it does not matter whether it is fused into the sum. The instruction stands here by its name, so that
 * the tile around it is the same for both. */
static inline __attribute__((always_inline)) void add_products(vec *sum, const uint32_t *a, const pairs *b, bool instruction)
{
#ifdef __AVX512F__
    if (instruction) {
        __asm__("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(*sum) : "v"(*b), "m"(*a));
        return;
    }
#else
    (void)instruction;
#endif
    pairs left = (pairs){ 0 } + *a;
    *sum += (vec)(left & 0xffff0000) * (vec)(*b & 0xffff0000);
    *sum += (vec)(left << 16) * (vec)(*b << 16);
}

/* sum[TILE][GEMM_COLS] = a[TILE][n] b[n][GEMM_COLS] */
static inline __attribute__((always_inline)) void tile(size_t n, const uint32_t *a, const uint32_t *b,
                                                       float sum[][GEMM_COLS], bool instruction)
{
    for (size_t j = 0; j < GEMM_COLS; j += VECS * LANES) {
        vec of[TILE][VECS] = { { { 0 } } };
        for (size_t p = 0; p < n; p++) {
            pairs right[VECS];
            for (size_t v = 0; v < VECS; v++)
                right[v] = *(const pairs *)(b + p * GEMM_COLS + j + v * LANES);
            for (size_t i = 0; i < TILE; i++)
                for (size_t v = 0; v < VECS; v++)
                    add_products(&of[i][v], a + i * n + p, &right[v], instruction);
        }
        for (size_t i = 0; i < TILE; i++)
            for (size_t v = 0; v < VECS; v++)
                *(vec *)(sum[i] + j + v * LANES) = of[i][v];
    }
}

#ifdef __AVX512F__
/* Eight tiles of 16 rows of 64 bytes: palette 1. */
static const struct { uint8_t palette, start, zero[14]; uint16_t width[16]; uint8_t rows[16]; } amx_tiles = {
    1, 0, { 0 }, { 64, 64, 64, 64, 64, 64, 64, 64 }, { 16, 16, 16, 16, 16, 16, 16, 16 } };

/* sum[ROWS][GEMM_COLS] = a[ROWS][n] b[n][GEMM_COLS] in tiles 0 to 3; a's halves are in 4 and 5, b's in 6 and 7. */
static void amx_block(size_t n, const uint32_t *a, const uint32_t *b, float sum[][GEMM_COLS])
{
    size_t row = sizeof *b * GEMM_COLS;
    __asm__ volatile("tilezero %%tmm0; tilezero %%tmm1; tilezero %%tmm2; tilezero %%tmm3" ::: "memory");
    for (size_t p = 0; p < n; p += GEMM_BF16_PAIRS, b += GEMM_BF16_PAIRS * GEMM_COLS)
        __asm__ volatile("tileloadd (%0,%4), %%tmm4; tileloadd (%2,%5), %%tmm6; tdpbf16ps %%tmm6, %%tmm4, %%tmm0;"
                         "tileloadd (%3,%5), %%tmm7; tdpbf16ps %%tmm7, %%tmm4, %%tmm1;"
                         "tileloadd (%1,%4), %%tmm5; tdpbf16ps %%tmm6, %%tmm5, %%tmm2; tdpbf16ps %%tmm7, %%tmm5, %%tmm3"
                         :: "r"(a + p), "r"(a + ROWS / 2 * n + p), "r"(b), "r"(b + GEMM_COLS / 2), "r"(n * sizeof *a), "r"(row)
                         : "memory");
    float *low = sum[ROWS / 2];
    __asm__ volatile("tilestored %%tmm0, (%0,%4); tilestored %%tmm1, (%1,%4);"
                     "tilestored %%tmm2, (%2,%4); tilestored %%tmm3, (%3,%4)"
                     :: "r"(sum[0]), "r"(sum[0] + GEMM_COLS / 2), "r"(low), "r"(low + GEMM_COLS / 2), "r"(row) : "memory");
}
#endif

void gemm_bf16(size_t m, size_t k, const uint32_t *a, const uint32_t *b, size_t out, float *c)
{
    size_t n = gemm_bf16_pairs(k);
    float sum[ROWS][GEMM_COLS];
    enum arch_bf16 by = gemm_bf16_fast() ? arch_bf16() : ARCH_BF16_NONE;
#ifdef __AVX512F__
    if (by == ARCH_BF16_AMX)
        __asm__ volatile("ldtilecfg %0" :: "m"(amx_tiles));
#endif
    for (size_t j = 0; j < out; j += GEMM_COLS, b += n * GEMM_COLS)
        for (size_t i = 0; i < m; i += ROWS) {
            size_t rows = m - i < ROWS ? m - i : ROWS, cols = out - j < GEMM_COLS ? out - j : GEMM_COLS;
#ifdef __AVX512F__
            if (by == ARCH_BF16_AMX)
                amx_block(n, a + i * n, b, sum);
#endif
            for (size_t r = 0; by == ARCH_BF16_AVX512 && r < rows; r += TILE)
                tile(n, a + (i + r) * n, b, sum + r, true);
            for (size_t r = 0; by == ARCH_BF16_NONE && r < rows; r += TILE)
                tile(n, a + (i + r) * n, b, sum + r, false);
            for (size_t r = 0; r < rows; r++)
                memcpy(c + (i + r) * out + j, sum[r], cols * sizeof *c);
        }
#ifdef __AVX512F__
    if (by == ARCH_BF16_AMX)
        __asm__ volatile("tilerelease");
#endif
}

bool gemm_bf16_fast(void)
{
#ifdef __AVX512F__
    return arch_bf16() != ARCH_BF16_NONE;
#else
    return false;
#endif
}
