/* gemm_bf16, bf16 of base/half: closed forms, and sums in double
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "base/mem.h"
#include "base/rng.h"
#include "math/gemm_bf16.h"

static float of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The nearest number of 8 binary digits, by the exponent and not by the bits. */
static double nearest(double x)
{
    int e;
    return frexp(x, &e) == 0 ? x : ldexp(rint(ldexp(x, 8 - e)), e - 8);
}

static void rounded(void **state)
{
    (void)state;
    static const struct { float x; uint16_t bf16; } cases[] = {
        { 0, 0 }, { -0.f, 0x8000 }, { 1, 0x3f80 }, { -2, 0xc000 },
        { 1 + 0x1p-8f, 0x3f80 }, { 1 + 0x1p-8f + 0x1p-23f, 0x3f81 }, { 1 + 0x1p-8f - 0x1p-23f, 0x3f80 },     /* ties to even */
        { 1 + 3 * 0x1p-8f, 0x3f82 }, { -1 - 3 * 0x1p-8f, 0xbf82 }, { 2 - 0x1p-23f, 0x4000 },
        { FLT_MIN, 0x0080 }, { 0x1p-133f, 0x0001 }, { 0x1p-134f, 0 }, { 3 * 0x1p-134f, 0x0002 }, { -0x1.2p-134f, 0x8001 },
        { 0x1p-149f, 0 }, { 0x1.fffffcp-127f, 0x0080 },                                                     /* subnormal ones */
        { 0x1.fep127f, 0x7f7f }, { 0x1.fefffep127f, 0x7f7f }, { 0x1.ffp127f, 0x7f80 }, { -FLT_MAX, 0xff80 },
        { INFINITY, 0x7f80 }, { -INFINITY, 0xff80 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(bf16_from_float(cases[i].x), cases[i].bf16);
    static const uint32_t nans[] = { 0x7fc00000, 0xffc00000, 0x7f800001, 0xff80ffff, 0x7fffffff, 0xffffffff };
    for (size_t i = 0; i < sizeof nans / sizeof *nans; i++) {
        uint16_t x = bf16_from_float(of_bits(nans[i]));
        assert_true((x & 0x7fff) > 0x7fbf && x >> 15 == nans[i] >> 31);       /* quiet, of its sign */
    }
    struct rng rng;
    rng_init(&rng, 1, 0);
    for (int i = 0; i < 100000; i++) {
        uint32_t bits = rng_u32(&rng);
        float x = of_bits(bits);
        if (isfinite(x) && fabsf(x) >= FLT_MIN && fabsf(x) < 0x1.ffp127f)
            assert_true((double)of_bits((uint32_t)bf16_from_float(x) << 16) == nearest((double)x));
    }
}

/* a[m][k] W[out][k]', its weights packed; the sum is exactly as long as m x out. */
static float *product(const float *a, const float *w, size_t m, size_t k, size_t out)
{
    size_t n = gemm_bf16_pairs(k), panels = (out + GEMM_COLS - 1) / GEMM_COLS;
    uint32_t *left = mem_zero((m + GEMM_BF16_ROWS - 1) / GEMM_BF16_ROWS * GEMM_BF16_ROWS * n, sizeof *left);
    uint32_t *right = mem_new(panels * GEMM_COLS * n, sizeof *right);
    float *c = mem_new(m * out, sizeof *c);
    gemm_bf16_left(a, m, k, left);
    for (size_t j = 0; j < out; j += GEMM_COLS)
        gemm_bf16_panel(w + j * k, out - j < GEMM_COLS ? out - j : GEMM_COLS, k, right + j * n);
    gemm_bf16(m, k, left, right, out, c);
    free(left);
    free(right);
    return c;
}

static void products(void **state)
{
    (void)state;
    enum { M = 40, K = 385, OUT = 70 };
    static const size_t rows[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 32, 33, M };
    static const size_t outs[] = { 1, 15, 32, 33, OUT }, ks[] = { 1, 2, 3, 31, 32, 33, 64, K };
    static float a[M * K], w[OUT * K];
    struct rng rng;
    rng_init(&rng, 2, 0);
    for (size_t i = 0; i < M * K; i++)
        a[i] = (float)rng_normal(&rng);
    for (size_t i = 0; i < OUT * K; i++)
        w[i] = (float)rng_normal(&rng);
    for (size_t q = 0; q < sizeof ks / sizeof *ks; q++) {
        size_t k = ks[q];
        float *all = product(a, w, M, k, OUT);
        for (size_t i = 0; i < M; i++)
            for (size_t j = 0; j < OUT; j++) {
                double sum = 0, size = 0;
                for (size_t p = 0; p < k; p++) {
                    double term = nearest((double)a[i * k + p]) * nearest((double)w[j * k + p]);
                    sum += term;
                    size += fabs(term);
                }
                assert_true(fabs((double)all[i * OUT + j] - sum) <= (double)(k + 2) * 0x1p-24 * size);
            }
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
            for (size_t o = 0; o < sizeof outs / sizeof *outs; o++) {
                float *part = product(a, w, rows[r], k, outs[o]);
                for (size_t i = 0; i < rows[r]; i++)
                    assert_memory_equal(part + i * outs[o], all + i * OUT, outs[o] * sizeof *part);
                free(part);
            }
        free(all);
    }
}

/* What is not finite comes through in its own row and column only. */
static void not_finite(void **state)
{
    (void)state;
    float a[3 * 5], w[2 * 5];
    for (size_t i = 0; i < 15; i++)
        a[i] = 1;
    for (size_t i = 0; i < 10; i++)
        w[i] = 0.5f;
    a[0] = NAN;
    a[5 + 4] = FLT_MAX;             /* infinite as a bf16 */
    w[5 + 4] = -0.5f;
    float *c = product(a, w, 3, 5, 2);
    assert_true(isnan(c[0]) && isnan(c[1]) && isinf(c[2]) && c[2] > 0 && isinf(c[3]) && c[3] < 0);
    assert_true(c[4] == 2.5f && c[5] == 1.5f);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rounded), cmocka_unit_test(products), cmocka_unit_test(not_finite) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
