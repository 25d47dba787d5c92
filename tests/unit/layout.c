/* layout: affinities, forces and maps against closed forms, plain sums and scikit-learn's numbers
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
#include "layout/affinity.h"
#include "layout/repel.h"
#include "layout/start.h"
#include "layout/tsne.h"
#include "math/near.h"
#include "npy.h"
#include "score/map_score.h"

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.17g, not %.17g: off by %g", got, want, got - want);
}

static float *normals(size_t n, double scale, uint64_t seed)
{
    float *x = mem_new(n, sizeof *x);
    struct rng r;
    rng_init(&r, seed, 0);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(scale * rng_normal(&r));
    return x;
}

static double entropy(const double *p, size_t k)
{
    double sum = 0;
    for (size_t j = 0; j < k; j++)
        sum -= p[j] > 0 ? p[j] * log(p[j]) : 0;
    return sum;
}

/* The entropy is what is asked, from tiny distances to huge ones; equal distances share. */
static void entropies(void **unused)
{
    (void)unused;
    const double rows[][4] = { { 1, 2, 3, 4 }, { 0, 0, 1e-20, 3e-20 }, { 1e30, 2e30, 3e30, 4e30 }, { 0, 1, 1, 1e10 } };
    double p[16], beta[4];
    affinity_rows(rows[0], 4, 4, 2.5, p, beta);
    for (size_t i = 0; i < 4; i++) {
        near(entropy(p + 4 * i, 4), log(2.5), 1e-11);
        near(p[4 * i] + p[4 * i + 1] + p[4 * i + 2] + p[4 * i + 3], 1, 1e-14);
        assert_true(beta[i] > 0);
    }
    near(p[1] / p[0], exp(-beta[0] * 3), 1e-14);
    const double same[] = { 7, 7, 7, 7 };
    affinity_rows(same, 1, 4, 2.5, p, NULL);
    for (size_t j = 0; j < 4; j++)
        near(p[j], 0.25, 1e-15);
    affinity_rows(rows[0], 1, 4, 4, p, NULL);           /* as many as there are: all alike */
    near(p[3], 0.25, 1e-5);
}

/* The golden sets' neighbours, conditional p, beta, and what is known of the joint ones. */
static void goldens(void **unused)
{
    (void)unused;
    static const char *const sets[] = { "blobs", "gtzan" };
    static const double squares[] = { 0, 5.930709708863667e-05 }, entropies[] = { 0, 10.560520282579567 };
    for (size_t s = 0; s < 2; s++) {
        char name[99];
        size_t count, d, rows;
        snprintf(name, sizeof name, "golden/cluster/%s/x.npy", sets[s]);
        float *x = npy_shared(name, &count);
        snprintf(name, sizeof name, "golden/cluster/%s/tsne_beta.npy", sets[s]);
        double *beta = npy_read_f64(golden_path(name), &rows);
        snprintf(name, sizeof name, "golden/cluster/%s/tsne_conditional.npy", sets[s]);
        float *want = npy_shared(name, &count);
        if (!x || !beta || !want)
            continue;
        size_t n = rows, k = tsne_neighbours(n, 30), kept = count / k;
        d = s ? 57 : 8;
        assert_int_equal(k, 91);
        uint32_t *index = mem_new(n * k, sizeof *index);
        double *distance = mem_new(n * k, sizeof *distance), *p = mem_new(n * k, sizeof *p), *b = mem_new(n, sizeof *b);
        struct near *t = near_new(x, n, d, NEAR_EUCLIDEAN);
        near_knn_all(t, k, index, distance);
        near_free(t);
        affinity_rows(distance, n, k, 30, p, b);
        for (size_t e = 0; e < kept * k; e++)
            near(p[e], (double)want[e], 1e-6);
        for (size_t i = 0; i < n; i++)
            near(b[i] / beta[i], 1, 1e-8);
        struct graph *joint = tsne_joint(index, distance, n, k, 30);
        double sum = 0, sq = 0, h = entropy(joint->weight, joint->start[n]);
        for (size_t e = 0; e < joint->start[n]; e++) {
            sum += joint->weight[e];
            sq += joint->weight[e] * joint->weight[e];
        }
        near(sum, 1, 1e-12);
        if (s) {
            near(sq / squares[s], 1, 1e-6);
            near(h, entropies[s], 1e-6);
        }
        graph_free(joint);
        free(index); free(distance); free(p); free(b); free(x); free(beta); free(want);
    }
}

/* Forces of n points against sums over all pairs in double; the worst error beside the largest force. */
static double force_error(const float *y, size_t n, size_t dims, double angle, double *z_error)
{
    float *force = mem_new(n * dims, sizeof *force);
    struct repel *r = repel_new(n, dims, angle);
    double z = repel_forces(r, y, force), sum = 0, worst = 0, most = 0;
    z = repel_forces(r, y, force);                      /* a second time: nothing is left of the first */
    for (size_t i = 0; i < n; i++) {
        double want[3] = { 0 };
        for (size_t j = 0; j < n; j++) {
            double apart[3], d = 1;
            for (size_t c = 0; c < dims; c++) {
                apart[c] = (double)y[i * dims + c] - (double)y[j * dims + c];
                d += apart[c] * apart[c];
            }
            sum += j == i ? 0 : 1 / d;
            for (size_t c = 0; c < dims; c++)
                want[c] += apart[c] / d / d;
        }
        for (size_t c = 0; c < dims; c++) {
            worst = fmax(worst, fabs((double)force[i * dims + c] - want[c]));
            most = fmax(most, fabs(want[c]));
        }
    }
    *z_error = fabs(z / sum - 1);
    repel_free(r);
    free(force);
    return most > 0 ? worst / most : worst;
}

static void forces(void **unused)
{
    (void)unused;
    double z;
    for (size_t dims = 2; dims <= 3; dims++)
        for (double scale = 1e-4; scale < 1e3; scale *= 100) {
            float *y = normals(2000 * dims, scale, dims);
            for (size_t n = 1; n <= 2000; n = n * 7 + 3) {          /* 1, 10, 73, 514: the tree begins at 513 */
                assert_true(force_error(y, n, dims, 0, &z) < 3e-5);
                assert_true(n == 1 || z < 1e-4);             /* each meets itself, and 1 is taken off in float */
                assert_true(force_error(y, n, dims, 0.5, &z) < 0.02);
                assert_true(n == 1 || z < 1e-3);
            }
            assert_true(force_error(y, 2000, dims, 0.5, &z) < 0.02);
            assert_true(z < 1e-3);
            for (size_t i = 0; i < 1500 * dims; i++)                /* three places only, many on each */
                y[i] = y[i % (3 * dims)];
            assert_true(force_error(y, 1500, dims, 0.5, &z) < 0.02);
            y[7] = 1e6f;                                            /* one far away */
            assert_true(force_error(y, 2000, dims, 0.5, &z) < 0.02);
            free(y);
        }
}

/* P of x[n][d] at a perplexity. */
static struct graph *joint_of(const float *x, size_t n, size_t d, double perplexity)
{
    size_t k = tsne_neighbours(n, perplexity);
    uint32_t *index = mem_new(n * k, sizeof *index);
    double *distance = mem_new(n * k, sizeof *distance);
    struct near *t = near_new(x, n, d, NEAR_EUCLIDEAN);
    near_knn_all(t, k, index, distance);
    near_free(t);
    struct graph *p = tsne_joint(index, distance, n, k, perplexity);
    free(index);
    free(distance);
    return p;
}

/* KL falls, is the exact one, the map keeps neighbours, and is the same on any threads; new points that are old ones
 * come to lie where those do. */
static void maps(void **unused)
{
    (void)unused;
    enum { N = 700, D = 5 };
    float *x = normals(N * D, 1, 5), first[N * 3], y[N * 3];
    for (size_t i = 0; i < N; i++)
        x[i * D + i % 3] += 20;
    struct near *t = near_new(x, N, D, NEAR_EUCLIDEAN);
    struct graph *p = joint_of(x, N, D, 20);
    for (size_t dims = 2; dims <= 3; dims++)
        for (par_jobs = 1; par_jobs <= 3; par_jobs++) {
            start_pca(x, N, D, dims, 0, y);
            start_scale(y, N, dims, 1e-4);
            double before = tsne_divergence(p, y, dims);
            struct tsne_end end = tsne_fit(p, y, &(struct tsne_options){
                .dims = dims, .early_exaggeration = 12, .angle = 0.5, .n_iter = 400 });
            assert_int_equal(end.steps, 400);
            near(end.kl / tsne_divergence(p, y, dims), 1, 1e-3);
            assert_true(end.kl < before / 3);
            struct near *map = near_new(y, N, dims, NEAR_EUCLIDEAN);
            assert_true(map_trustworthiness(t, map, N, 12, 0) > 0.93);
            near_free(map);
            if (par_jobs == 1)
                memcpy(first, y, sizeof first);
            else
                assert_memory_equal(first, y, N * dims * sizeof *y);
        }
    size_t k = tsne_neighbours(N + 1, TSNE_PLACE_PERPLEXITY);
    uint32_t *index = mem_new(N * k, sizeof *index);
    double *distance = mem_new(N * k, sizeof *distance), off = 0, size = 0;
    near_knn_of(t, x, N, k, index, distance);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(index[i * k], i);
    tsne_place(first, N, 3, index, distance, N, k, y);
    for (size_t i = 0; i < 3 * N; i++) {
        off += fabs((double)(y[i] - first[i])) / (3 * N);
        size += fabs((double)first[i]) / (3 * N);
    }
    assert_true(off < size / 10);
    free(index); free(distance); free(x);
    graph_free(p);
    near_free(t);
}

/* By hand: 5 places on a line, of which the map swaps the middle and the last. */
static void trust(void **unused)
{
    (void)unused;
    const float x[] = { 0, 1, 2.1f, 3.3f, 4.6f }, y[] = { 0, 1, 4.6f, 3.3f, 2.1f };
    struct near *a = near_new(x, 5, 1, NEAR_EUCLIDEAN), *b = near_new(y, 5, 1, NEAR_EUCLIDEAN);
    /* the nearest on the map: 1, 0, 3, 4, 1; ranks of these among the rows: 1, 1, 2, 1, 3 */
    near(map_trustworthiness(a, b, 5, 1, 0), 1 - 2.0 / (5 * 1 * (10 - 3 - 1)) * (0 + 0 + 1 + 1 + 2), 1e-15);
    near(map_trustworthiness(a, a, 5, 2, 0), 1, 0);
    assert_true(isnan(map_trustworthiness(a, b, 5, 3, 0)));
    near_free(a);
    near_free(b);
    const uint32_t label[] = { 4, 4, 9, 7, 7 };         /* the nearest: 1, 0, 3, 4, 1; without the 9: 1, 0, -, 4, 1 */
    near(map_neighbour_hit(y, 5, 1, label, 0, 1), 3.0 / 5, 1e-15);
    near(map_neighbour_hit(y, 5, 1, label, 9, 1), 3.0 / 4, 1e-15);
    assert_true(isnan(map_neighbour_hit(y, 5, 1, label, 9, 4)));
}

/* Columns without variance are drawn; the first has the deviation asked for. */
static void starts(void **unused)
{
    (void)unused;
    enum { N = 50 };
    float line[N * 2], y[N * 3], same[N * 2] = { 0 };
    for (size_t i = 0; i < N; i++)
        line[2 * i] = line[2 * i + 1] = (float)i;
    for (int way = 0; way < 2; way++) {
        start_pca(way ? same : line, N, 2, 3, 1, y);
        start_scale(y, N, 3, 1e-4);
        for (size_t c = 0; c < 3; c++) {
            double mean = 0, var = 0;
            for (size_t i = 0; i < N; i++)
                mean += (double)y[i * 3 + c] / N;
            for (size_t i = 0; i < N; i++)
                var += pow((double)y[i * 3 + c] - mean, 2) / N;
            near(sqrt(var) / 1e-4, 1, c ? 0.5 : 1e-5);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entropies), cmocka_unit_test(goldens), cmocka_unit_test(forces), cmocka_unit_test(maps),
        cmocka_unit_test(trust), cmocka_unit_test(starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
