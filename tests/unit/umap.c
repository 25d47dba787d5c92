/* umap: memberships, the curve and the union against umap-learn's numbers, forces and maps against closed forms
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "layout/lanes.h"
#include "layout/start.h"
#include "layout/umap.h"
#include "math/near.h"
#include "npy.h"
#include "score/map_score.h"

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.17g, not %.17g: off by %g", got, want, got - want);
}

/* A golden table of `columns` numbers a row, its first line left out; NULL if it is not there. */
static double *table(const char *name, size_t columns, size_t *rows)
{
    FILE *f = fopen(golden_path(name), "r");
    char line[999], *at;
    double *v = NULL;
    if (!f)
        return NULL;
    for (*rows = 0; fgets(line, sizeof line, f); ++*rows) {
        v = mem_resize(v, (*rows + 1) * columns, sizeof *v);
        at = line;
        for (size_t c = 0; *rows && c < columns; c++, at++)
            v[(*rows - 1) * columns + c] = strtod(at, &at);
    }
    fclose(f);
    --*rows;
    return v;
}

static void powers(void **unused)
{
    (void)unused;
    for (double b = -1; b < 2; b += 0.37)
        for (double x = 1e-12; x < 1e15; x *= 1.7) {
            vec v = { (float)x, 1, 2, 0.7071f, 0.70711f, 1.4142f, 1.4143f, 1e-12f }, was = v;
            lanes_power(&v, (float)b);
            for (size_t l = 0; l < LANES; l++)
                near((double)v[l] / pow((double)was[l], (double)(float)b), 1, 5e-6 * (1 + fabs(b)));
        }
    vec v = { 1e30f, 1e-30f, 1, 1, 1, 1, 1, 1 };
    lanes_power(&v, 8);
    near((double)v[0], 0x1p126, 1e33);
    near((double)v[1], 0x1p-126, 1e-43);
}

static void curves(void **unused)
{
    (void)unused;
    size_t rows;
    double *want = table("golden/cluster/blobs/umap_ab.csv", 4, &rows), a, b;
    assert_non_null(want);
    assert_int_equal(rows, 5);
    for (size_t i = 0; i < rows; i++) {
        umap_curve(want[4 * i], want[4 * i + 1], &a, &b);
        near(a, want[4 * i + 2], 1e-4);
        near(b, want[4 * i + 3], 1e-4);
    }
    umap_curve(5, 5, &a, &b);                           /* a step of all the spread */
    assert_true(isfinite(a) && a > 0 && b > 1);
    free(want);
}

/* Weights sum to log2(k + 1), from tiny distances to huge ones; what cannot, has the least sigma. */
static void members(void **unused)
{
    (void)unused;
    const double rows[][4] = { { 1, 2, 3, 4 }, { 0, 1e-20, 3e-20, 9e-20 }, { 1e30, 2e30, 3e30, 4e30 }, { 1, 1, 1, 1e6 } };
    double w[16], rho[4], sigma[4];
    umap_members(rows[0], 4, 4, w, rho, sigma);
    for (size_t i = 0; i < 3; i++)
        near(w[4 * i] + w[4 * i + 1] + w[4 * i + 2] + w[4 * i + 3], log2(5), 1e-9);
    near(w[1], exp(-1 / sigma[0]), 1e-14);
    near(rho[1], 1e-20, 0);
    near(w[4], 1, 0);
    near(sigma[3] / (1e-3 * (3 + 1e6) / 5), 1, 1e-12);       /* three are as near as can be: more than log2(5) */
    const double same[] = { 7, 7, 7, 7, 0, 0, 0, 0 };
    umap_members(same, 2, 4, w, rho, sigma);
    for (size_t j = 0; j < 8; j++)
        near(w[j], 1, 0);
    near(sigma[0], 7e-3 * 4 / 5, 1e-15);
    near(sigma[1], 1e-3 * 28 / 10, 1e-15);
}

static void goldens(void **unused)
{
    (void)unused;
    enum { K = 14 };
    size_t count, n, edges;
    float *x = npy_shared("golden/cluster/blobs/x.npy", &count);
    double *want = table("golden/cluster/blobs/umap_rho_sigma.csv", 3, &n);
    assert_non_null(want);
    assert_int_equal(n, 300);
    uint32_t *index = mem_new(n * K, sizeof *index);
    double *distance = mem_new(n * K, sizeof *distance), *w = mem_new(n * K, sizeof *w);
    double *rho = mem_new(n, sizeof *rho), *sigma = mem_new(n, sizeof *sigma);
    struct near *t = near_new(x, n, count / n, NEAR_EUCLIDEAN);
    near_knn_all(t, K, index, distance);
    near_free(t);
    umap_members(distance, n, K, w, rho, sigma);
    for (size_t i = 0; i < n; i++) {
        near(rho[i] / want[3 * i + 1], 1, 1e-6);
        near(sigma[i] / want[3 * i + 2], 1, 1e-4);      /* theirs ends at 1e-5 in the sum */
    }
    struct graph *g = umap_graph(index, distance, n, K);
    for (size_t i = 0; i < n; i++)
        for (size_t e = g->start[i]; e < g->start[i + 1]; e++) {
            double not_joined = 1;
            for (size_t j = 0; j < K; j++) {
                not_joined *= index[i * K + j] == g->to[e] ? 1 - w[i * K + j] : 1;
                not_joined *= index[g->to[e] * K + j] == i ? 1 - w[g->to[e] * K + j] : 1;
            }
            near(g->weight[e], 1 - not_joined, 1e-12);
        }
    double *edge = table("golden/cluster/blobs/umap_graph.csv", 3, &edges);
    if (edge)
        assert_int_equal(g->start[n], edges);
    for (size_t e = 0; edge && e < edges; e++) {
        assert_in_range(e, g->start[(size_t)edge[3 * e]], g->start[(size_t)edge[3 * e] + 1] - 1);
        assert_int_equal(g->to[e], (size_t)edge[3 * e + 1]);
        near(g->weight[e], edge[3 * e + 2], 2e-5);
    }
    graph_free(g);
    free(x); free(want); free(index); free(distance); free(w); free(rho); free(sigma); free(edge);
}

/* Nothing pushes: three points in a row pull each other as the gradient of log(1 + a d^2b) says, and go as Adam does,
 * whose first steps are worked out in plain double precision. */
static void pulls(void **unused)
{
    (void)unused;
    enum { EPOCHS = 5 };
    const uint32_t index[] = { 1, 0, 1 };
    const double weight[] = { 1, 1, 0.5 };              /* the second edge acts in every other epoch */
    struct graph *g = graph_join(index, weight, 3, 1, 1);
    for (size_t dims = 2; dims <= 3; dims++) {
        const float start[] = { 0, 0, 0, 3, 1, 0.5f, 7, -2, 1 };
        float y[9];
        double at[9], mean[9] = { 0 }, square[9] = { 0 };
        struct umap_options o = { .dims = dims, .n_epochs = EPOCHS, .learning_rate = 0.5 };
        umap_curve(0.1, 1, &o.a, &o.b);
        memcpy(y, start, sizeof y);
        for (size_t i = 0; i < 9; i++)
            at[i] = (double)start[i];
        umap_fit(g, y, &o);
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            double force[9] = { 0 };
            for (size_t i = 0; i < 3; i++)
                for (size_t j = 0; j < 3; j++) {
                    double d = 0;
                    for (size_t c = 0; c < dims; c++)
                        d += pow(at[i * dims + c] - at[j * dims + c], 2);
                    for (size_t c = 0; c < dims && (i + j == 1 || (i + j == 3 && epoch % 2 == 0)); c++)
                        force[i * dims + c] += 2 * -2 * o.a * o.b * pow(d, o.b - 1) / (1 + o.a * pow(d, o.b)) *
                            (at[i * dims + c] - at[j * dims + c]);
                }
            double length = 0.5 * (1 - (epoch - 1) / (double)EPOCHS) * sqrt(1 - pow(0.9, epoch)) / (1 - pow(0.5, epoch));
            for (size_t i = 0; i < 3 * dims; i++) {
                mean[i] = 0.5 * mean[i] + 0.5 * force[i];
                square[i] = 0.9 * square[i] + 0.1 * force[i] * force[i];
                at[i] += length * mean[i] / (sqrt(square[i]) + 1e-7);
            }
        }
        for (size_t i = 0; i < 3 * dims; i++)
            near((double)y[i], at[i], 1e-4);
    }
    graph_free(g);
}

/* Two points come to rest where the one pull, doubled, and half of the pushes (the others are drawn from the point
 * itself) are alike: 2 a d^(2b - 2) = rate / 2 / (0.001 + d^2). */
static void rests(void **unused)
{
    (void)unused;
    const uint32_t index[] = { 1, 0 };
    const double all[] = { 1, 1 };
    struct graph *g = graph_join(index, all, 2, 1, 1);
    for (size_t rate = 100; rate <= 400; rate *= 2) {
        float y[] = { 0, 0, 1, 1 };
        struct umap_options o = { .dims = 2, .n_epochs = 2000, .negative_sample_rate = rate, .learning_rate = 0.2 };
        umap_curve(0.1, 1, &o.a, &o.b);
        umap_fit(g, y, &o);
        double d = hypot((double)(y[0] - y[2]), (double)(y[1] - y[3]));
        near(2 * o.a * pow(d, 2 * o.b - 2) * (0.001 + d * d) / ((double)rate / 2), 1, 0.05);
    }
    graph_free(g);
}

/* Where points begin: each column 0 ... 10 but for noise, an even one at 0. */
static void begins(void **unused)
{
    (void)unused;
    float y[] = { -3, 5, 0, 5, 1, 5 };
    umap_begin(y, 3, 2, 0);
    const double want[] = { 0, 0, 7.5, 0, 10, 0 };
    for (size_t i = 0; i < 6; i++)
        near((double)y[i], want[i], 1e-3);
    assert_true(y[1] < y[3] || y[1] > y[3]);
}

/* A map keeps neighbours, and is the same on any threads; new points that are old ones come to lie where those do, one
 * alone as among others. */
static void maps(void **unused)
{
    (void)unused;
    enum { N = 700, D = 5, K = 10 };
    static float x[N * D], first[N * 3], y[N * 3];
    static uint32_t index[N * K];
    static double distance[N * K];
    struct rng r;
    rng_init(&r, 5, 0);
    for (size_t i = 0; i < N * D; i++)
        x[i] = (float)rng_normal(&r) + (i % D == i / D % 3 ? 20 : 0);
    struct near *t = near_new(x, N, D, NEAR_EUCLIDEAN);
    near_knn_all(t, K, index, distance);
    struct graph *g = umap_graph(index, distance, N, K);
    struct umap_options o = { .n_epochs = 200, .negative_sample_rate = 5, .learning_rate = 1 };
    umap_curve(0.1, 1, &o.a, &o.b);
    for (o.dims = 2; o.dims <= 3; o.dims++)
        for (par_jobs = 1; par_jobs <= 3; par_jobs++) {
            start_pca(x, N, D, o.dims, 0, y);
            umap_begin(y, N, o.dims, 0);
            umap_fit(g, y, &o);
            struct near *map = near_new(y, N, o.dims, NEAR_EUCLIDEAN);
            assert_true(map_trustworthiness(t, map, N, 12, 0) > 0.93);
            near_free(map);
            if (par_jobs == 1)
                memcpy(first, y, sizeof first);
            else
                assert_memory_equal(first, y, N * o.dims * sizeof *y);
        }
    o.dims = 3;
    double off = 0, size = 0;
    near_knn_of(t, x, N, K, index, distance);
    umap_place(first, N, index, distance, N, K, y, &o);
    for (size_t i = 0; i < 3 * N; i++) {
        off += fabs((double)(y[i] - first[i])) / (3 * N);
        size += fabs((double)first[i] - 5) / (3 * N);
    }
    assert_true(off < size / 20);
    near_knn_of(t, x + 9 * D, 1, K, index, distance);
    umap_place(first, N, index, distance, 1, K, first, &o);
    assert_memory_equal(first, y + 27, 3 * sizeof *y);
    graph_free(g);
    near_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(powers), cmocka_unit_test(curves), cmocka_unit_test(members), cmocka_unit_test(goldens),
        cmocka_unit_test(pulls), cmocka_unit_test(rests), cmocka_unit_test(begins), cmocka_unit_test(maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
