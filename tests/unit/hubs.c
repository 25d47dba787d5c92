/* hubs: mutual proximity against its definition, the skewness against closed forms
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "math/dist.h"
#include "score/hubs.h"

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.17g, not %.17g: off by %g", got, want, got - want);
}

/* P(X_i <= d) by the definition. */
static double below(const double *distance, size_t n, size_t i, double d)
{
    double mean = 0, variance = 0;
    for (size_t j = 0; j < n; j++)
        mean += j == i ? 0 : distance[j] / (double)(n - 1);
    for (size_t j = 0; j < n; j++)
        variance += j == i ? 0 : (distance[j] - mean) * (distance[j] - mean) / (double)(n - 1);
    return (1 + erf((d - mean) / sqrt(2 * variance))) / 2;
}

/* Mutual proximity by the definition, from all distances; few neighbours, and all. */
static void mutual_is_the_definition(void **unused)
{
    (void)unused;
    enum { N = 150, D = 4 };
    static const size_t ks[] = { 1, 6, N - 1 };
    static double d[N][N], far[N][N];
    static uint32_t index[N * N];
    static double got[N * N];
    float x[N * D];
    struct rng r;
    rng_init(&r, 5, 0);
    for (size_t i = 0; i < N * D; i++)
        x[i] = (float)(rng_normal(&r) * (i < 30 * D ? 0.2 : 1));
    for (int cosine = 0; cosine < 2; cosine++) {
        struct near *t = near_new(x, N, D, cosine ? NEAR_COSINE : NEAR_EUCLIDEAN);
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++) {
                double a = 0, b = 0, ab = 0;
                for (size_t c = 0; c < D; c++) {
                    a += (double)x[i * D + c] * (double)x[i * D + c];
                    b += (double)x[j * D + c] * (double)x[j * D + c];
                    ab += (double)x[i * D + c] * (double)x[j * D + c];
                }
                d[i][j] = cosine ? 1 - ab / sqrt(a) / sqrt(b) : sqrt(dist_sq(x + i * D, x + j * D, D));
            }
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++)
                far[i][j] = 1 - (1 - below(d[i], N, i, d[i][j])) * (1 - below(d[j], N, j, d[i][j]));
        for (size_t a = 0; a < sizeof ks / sizeof *ks; a++) {
            size_t k = ks[a];
            hubs_mutual(t, N, k, index, got);
            for (size_t i = 0; i < N; i++) {
                bool taken[N] = { false };
                double last = 0;
                for (size_t j = 0; j < k; j++) {
                    size_t at = index[i * k + j];
                    assert_true(at < N && at != i && !taken[at] && got[i * k + j] >= last);
                    near(got[i * k + j], far[i][at], 1e-6);
                    last = got[i * k + j];
                    taken[at] = true;
                }
                for (size_t j = 0; j < N; j++)
                    assert_true(j == i || taken[j] || far[i][j] >= last - 1e-6);
            }
        }
        near_free(t);
    }

    /* Copies, equal distances, and one so far away that its MP is 0: then the nearer comes first. */
    const float corner[] = { 0, 0, 0 }, triangle[] = { 0, 2, 1, 1e30f };
    struct near *t = near_new(corner, 3, 1, NEAR_EUCLIDEAN);
    hubs_mutual(t, 3, 2, index, got);
    assert_true(index[0] == 1 && index[1] == 2 && index[4] == 0 && got[0] == 0.75 && got[5] == 0.75);
    near_free(t);
    t = near_new(triangle, 2, 1, NEAR_EUCLIDEAN);
    hubs_mutual(t, 2, 1, index, NULL);
    assert_true(index[0] == 1 && index[1] == 0);
    near_free(t);
    float line[300];
    for (size_t i = 0; i < 300; i++)
        line[i] = i == 250 ? 1e4f : (float)(i % 7);
    t = near_new(line, 300, 1, NEAR_EUCLIDEAN);
    hubs_mutual(t, 300, 5, index, got);
    for (size_t j = 0; j < 5; j++)
        assert_true(index[250 * 5 + j] == 6 + 7 * j);
    near_free(t);
}

/* Closed forms: all are everybody's once; one of n is the only neighbour of the others. */
static void hubness(void **unused)
{
    (void)unused;
    const uint32_t ring[] = { 1, 2, 3, 4, 0 }, star[] = { 1, 0, 0, 0, 0, 0, 0, 0 };
    near(hubs_skewness(ring, 5, 1), 0, 0);
    /* 7, 1, and 6 of 0: mean 1, m_2 = (36 + 6) / 8, m_3 = (216 - 6) / 8 */
    near(hubs_skewness(star, 8, 1), 26.25 / pow(5.25, 1.5), 1e-6);
    /* two each: as star, and 1 for one */
    const uint32_t two[] = { 1, 2, 0, 2, 0, 1, 0, 1 };
    near(hubs_skewness(two, 4, 2), (1 + 1 + 0 - 8) / 4. / pow(6 / 4., 1.5), 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(mutual_is_the_definition), cmocka_unit_test(hubness) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
