/* near, graph, union, vec: against brute force and by hand
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "base/union.h"
#include "math/dist.h"
#include "math/graph.h"
#include "math/near.h"
#include "math/path.h"
#include "math/vec.h"

static float *normal(size_t n, size_t d, uint64_t seed)
{
    float *x = mem_new(n * d, sizeof *x);
    struct rng r;
    rng_init(&r, seed, 0);
    for (size_t i = 0; i < n * d; i++)
        x[i] = (float)rng_normal(&r);
    return x;
}

struct other { double distance; uint32_t row; };

static int by_distance(const void *a, const void *b)
{
    const struct other *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* All other rows of row i, the nearest first. */
static void all_others(const float *x, size_t n, size_t d, size_t i, bool cosine, struct other *to)
{
    size_t at = 0;
    for (size_t j = 0; j < n; j++) {
        double dot = 0, a = vec_l2(x + i * d, d), b = vec_l2(x + j * d, d);
        for (size_t c = 0; c < d; c++)
            dot += (double)x[i * d + c] * (double)x[j * d + c];
        if (j != i)
            to[at++] = (struct other){ cosine ? 1 - dot / a / b : sqrt(dist_sq(x + i * d, x + j * d, d)), (uint32_t)j };
    }
    qsort(to, n - 1, sizeof *to, by_distance);
}

/* Sizes on both sides of a leaf, several k, both metrics, any number of threads. */
static void knn_is_brute_force(void **unused)
{
    (void)unused;
    static const size_t shapes[][3] = { { 2, 1, 1 }, { 5, 3, 4 }, { 128, 2, 7 }, { 130, 9, 10 }, { 700, 5, 33 }, { 1000, 2, 1 }, { 3000, 6, 9 } };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int cosine = 0; cosine < 2; cosine++) {
            size_t n = shapes[s][0], d = shapes[s][1], k = shapes[s][2];
            if (cosine && d == 1)       /* all at 0 or 2 */
                continue;
            float *x = normal(n, d, s);
            if (!cosine && n > 20)      /* rows that are there twice: the lower index is the nearer */
                memcpy(x + 11 * d, x + 3 * d, d * sizeof *x);
            for (size_t i = 0; n == 3000 && i < n; i++)         /* heaps of rows far from each other, and a few between */
                x[i * d + i % 5] += (float)(i % 89 ? 12 : 6);
            uint32_t *index = mem_new(n * k, sizeof *index), *again = mem_new(n * k, sizeof *again);
            double *distance = mem_new(n * k, sizeof *distance), *kth = mem_new(n, sizeof *kth);
            struct other *want = mem_new(n, sizeof *want);
            struct near *t = near_new(x, n, d, cosine ? NEAR_COSINE : NEAR_EUCLIDEAN);
            par_jobs = 3;
            near_knn_all(t, k, index, distance);
            near_kth_all(t, k, kth);
            par_jobs = 1;
            near_knn_all(t, k, again, NULL);
            assert_memory_equal(index, again, n * k * sizeof *index);
            for (size_t i = 0; i < n; i++) {
                all_others(x, n, d, i, cosine, want);
                for (size_t j = 0; j < k; j++) {
                    assert_true(fabs(distance[i * k + j] - want[j].distance) <= (cosine ? 1e-6 : 1e-14));
                    if (!cosine)
                        assert_int_equal(index[i * k + j], want[j].row);
                }
                assert_true(kth[i] == distance[i * k + k - 1]);
            }
            near_free(t);
            free(x);
            free(index);
            free(again);
            free(distance);
            free(kth);
            free(want);
        }
}

/* NN-descent finds nearly all of them, at their distances, the same on any number of threads; few rows exactly. */
static void knn_by_descent(void **unused)
{
    (void)unused;
    enum { N = 4000, D = 12, K = 14 };
    float *x = normal(N, D, 1);
    uint32_t *index = mem_new(N * K, sizeof *index), *about = mem_new(N * K, sizeof *about);
    uint32_t *again = mem_new(N * K, sizeof *again);
    double *distance = mem_new(N * K, sizeof *distance);
    for (size_t i = 1000; i < 1100; i++)        /* more equal rows than are looked for */
        memcpy(x + i * D, x, D * sizeof *x);
    for (int cosine = 0; cosine < 2; cosine++) {
        struct near *t = near_new(x, N, D, cosine ? NEAR_COSINE : NEAR_EUCLIDEAN);
        near_knn_all(t, K, index, NULL);
        par_jobs = 3;
        near_knn_about(t, K, about, distance);
        par_jobs = 1;
        near_knn_about(t, K, again, NULL);
        assert_memory_equal(about, again, N * K * sizeof *about);
        size_t right = 0;
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < K; j++) {
                size_t e = i * K + j;
                assert_true(about[e] < N && about[e] != i);
                assert_true(distance[e] == near_distance(t, i, about[e]));
                assert_true(j == 0 || distance[e] >= distance[e - 1]);
                for (size_t l = 0; l < K; l++) {
                    right += index[i * K + l] == about[e];
                    assert_true(l == j || about[e] != about[i * K + l]);
                }
            }
        assert_true((double)right > 0.96 * N * K);
        near_free(t);
        t = near_new(x, 900, D, cosine ? NEAR_COSINE : NEAR_EUCLIDEAN);
        near_knn_all(t, K, index, NULL);
        near_knn_about(t, K, about, distance);
        assert_memory_equal(about, index, 900 * K * sizeof *about);
        near_free(t);
    }
    free(x);
    free(index);
    free(about);
    free(again);
    free(distance);
}

/* W as a matrix. */
static double *whole(const struct graph *g)
{
    double *w = mem_zero(g->n * g->n, sizeof *w);
    for (size_t i = 0; i < g->n; i++) {
        for (size_t j = 0; g->half && j < i; j++)
            w[i * g->n + j] = w[j * g->n + i] = g->half[i * (i - 1) / 2 + j];
        for (size_t e = g->half ? 0 : g->start[i]; !g->half && e < g->start[i + 1]; e++)
            w[i * g->n + g->to[e]] += g->weight[e];
    }
    return w;
}

/* Both kinds: the weights by their definition, and products with a vector. */
static void graphs(void **unused)
{
    (void)unused;
    enum { N = 300, D = 3, K = 6 };
    float *x = normal(N, D, 1);
    struct other *near = mem_new(N, sizeof *near);
    for (int full = 0; full < 2; full++) {
        struct graph *g = full ? graph_rbf(x, N, D, 0.7) : graph_knn(x, N, D, K);
        double *w = whole(g), *want = mem_zero(N * N, sizeof *want), z[N], y[N], one[N];
        for (size_t i = 0; i < N; i++) {
            z[i] = sin((double)i);
            all_others(x, N, D, i, false, near);
            for (size_t j = 0; j < N; j++)
                if (full && j != i)
                    want[i * N + j] = exp(-0.7 * dist_sq(x + i * D, x + j * D, D));
            for (size_t j = 0; !full && j < K; j++) {
                want[i * N + near[j].row] += 0.5;
                want[near[j].row * N + i] += 0.5;
            }
            for (size_t e = full ? 0 : g->start[i] + 1; !full && e < g->start[i + 1]; e++)
                assert_true(g->to[e - 1] < g->to[e]);
        }
        for (size_t i = 0; i < N * N; i++)
            assert_true(fabs(w[i] - want[i]) <= 1e-15);
        double *scratch = mem_new(graph_scratch(g), sizeof *scratch);
        par_jobs = 4;
        graph_multiply(g, z, y, scratch);
        par_jobs = 1;
        graph_multiply(g, z, one, scratch);
        assert_memory_equal(y, one, sizeof y);
        for (size_t i = 0; i < N; i++) {
            double sum = 0;
            for (size_t j = 0; j < N; j++)
                sum += want[i * N + j] * z[j];
            assert_true(fabs(y[i] - sum) <= 1e-12);
        }
        free(scratch);
        free(w);
        free(want);
        graph_free(g);
    }
    free(x);
    free(near);
}

/* 0-3-1 and 2-4, 5 alone; with the scales the edge 3-1 is too weak. */
static void parts(void **unused)
{
    (void)unused;
    const double edge[6][6] = { [3] = { 1, 0.25 }, [4] = { 0, 0, 1 } }, scale[6] = { 1, 2, 1, 1, 1, 1 };
    double half[15];
    for (size_t i = 1; i < 6; i++)
        memcpy(half + i * (i - 1) / 2, edge[i], i * sizeof *half);
    size_t start[7] = { 0, 1, 2, 3, 5, 6, 6 }, part[6];
    uint32_t to[6] = { 3, 3, 4, 0, 1, 2 };
    double weight[6] = { 1, 0.25, 1, 1, 0.25, 1 };
    const struct graph full = { .n = 6, .half = half }, rows = { .n = 6, .start = start, .to = to, .weight = weight };
    for (int way = 0; way < 2; way++) {
        const struct graph *g = way ? &full : &rows;
        assert_int_equal(graph_parts(g, 0, NULL, part), 3);
        assert_memory_equal(part, ((size_t[]){ 0, 0, 1, 0, 1, 2 }), sizeof part);
        assert_int_equal(graph_parts(g, 0.2, scale, part), 4);
        assert_memory_equal(part, ((size_t[]){ 0, 1, 2, 0, 2, 3 }), sizeof part);
    }
}

/* ---- union ---- */

enum { THINGS = 20000 };
struct pairs { union_parent *parent; const uint32_t (*pair)[2]; };

static void join_block(size_t block, void *state)
{
    const struct pairs *w = state;
    for (size_t i = par_begin(block, 100); i < par_end(block, 100, THINGS / 2); i++)
        union_join(w->parent, w->pair[i][0], w->pair[i][1]);
}

/* Sets by joining from four threads are those of painting; a root is the least of its set. */
static void unions(void **unused)
{
    (void)unused;
    static uint32_t pair[THINGS / 2][2], paint[THINGS];
    struct rng r;
    rng_init(&r, 2, 0);
    for (uint32_t i = 0; i < THINGS; i++)
        paint[i] = i;
    for (size_t i = 0; i < THINGS / 2; i++)
        for (int side = 0; side < 2; side++)
            pair[i][side] = (uint32_t)rng_below(&r, THINGS);
    for (bool changed = true; changed; ) {
        changed = false;
        for (size_t i = 0; i < THINGS / 2; i++) {
            uint32_t *a = paint + pair[i][0], *b = paint + pair[i][1];
            changed |= *a != *b;
            *a = *b = *a < *b ? *a : *b;
        }
    }
    union_parent *parent = union_new(THINGS);
    par_jobs = 4;
    par_for(par_blocks(THINGS / 2, 100), join_block, &(struct pairs){ parent, (const uint32_t (*)[2])pair });
    par_jobs = 1;
    for (size_t i = 0; i < THINGS; i++)
        assert_int_equal(union_root(parent, i), paint[i]);
    free(parent);
}

static void hung(void **unused)
{
    (void)unused;
    union_parent *parent = union_new(6);
    for (size_t i = 0; i < 5; i++)
        union_hang(parent, i, i + 1);           /* a chain, which is halved */
    assert_int_equal(union_root(parent, 0), 5);
    assert_int_equal(union_root(parent, 4), 5);
    free(parent);
}

/* ---- norms ---- */

static void norms(void **unused)
{
    (void)unused;
    const float x[4] = { 3, -4, 0, 12 }, huge[2] = { -FLT_MAX, FLT_MAX }, odd[2] = { NAN, 1 };
    assert_true(vec_l1(x, 4) == 19);
    assert_true(vec_l2(x, 4) == 13);
    assert_true(vec_max(x, 4) == 12);
    assert_true(vec_max(x, 2) == 4);
    assert_true(vec_l1(huge, 2) == 2 * (double)FLT_MAX);
    assert_true(fabs(vec_l2(huge, 2) / (double)FLT_MAX - sqrt(2)) < 1e-15);
    assert_true(vec_l1(x, 0) == 0 && vec_l2(x, 0) == 0 && vec_max(x, 0) == 0);
    assert_true(isnan(vec_l1(odd, 2)));
    assert_true(isnan(vec_l2(odd, 2)));
    assert_true(vec_max(odd, 2) == 1);
}

/* Beside Floyd and Warshall's lengths, of mutual neighbours; each step an edge, their sum the length. */
static void shortest_ways(void **unused)
{
    (void)unused;
    enum { N = 90, D = 2, K = 4 };
    float *x = normal(N, D, 3);
    memcpy(x + 7 * D, x + 3 * D, D * sizeof *x);                /* the same place */
    struct near *t = near_new(x, N, D, NEAR_EUCLIDEAN);
    uint32_t *index = mem_new(N * K, sizeof *index);
    near_knn_all(t, K, index, NULL);
    struct graph *g = graph_neighbours(index, N, K);
    double *edge = mem_new(N * N, sizeof *edge), *all = mem_new(N * N, sizeof *all);
    for (size_t i = 0; i < N * N; i++) {
        bool there = false, back = false;
        for (size_t k = 0; k < K; k++) {
            there |= index[i / N * K + k] == i % N;
            back |= index[i % N * K + k] == i / N;
        }
        all[i] = edge[i] = i / N == i % N ? 0 : there && back ? near_distance(t, i / N, i % N) : (double)INFINITY;
    }
    for (size_t k = 0; k < N; k++)
        for (size_t i = 0; i < N * N; i++)
            all[i] = fmin(all[i], all[i / N * N + k] + all[k * N + i % N]);
    size_t way[N], none = 0;
    for (size_t i = 0; i < N * N; i++) {
        size_t m = path_shortest(g, 0.75, t, i / N, i % N, way);
        double length = 0;
        if (i / N == i % N)
            continue;
        none += m == 0;
        assert_true((m == 0) == isinf(all[i]));
        for (size_t k = 1; k < m; k++)
            length += edge[way[k - 1] * N + way[k]];
        assert_true(m == 0 || (way[0] == i / N && way[m - 1] == i % N && fabs(length - all[i]) < 1e-12));
    }
    assert_true(none > 0 && none < N * (N - 1));                /* both kinds */
    graph_free(g);
    near_free(t);
    free(index);
    free(edge);
    free(all);
    free(x);
}

/* On a line: even steps, of more rows than are wanted and of fewer. */
static void even_ways(void **unused)
{
    (void)unused;
    float x[101];
    size_t way[101];
    for (size_t i = 0; i <= 100; i++)
        x[i] = (float)i;
    struct near *t = near_new(x, 101, 1, NEAR_EUCLIDEAN);
    for (size_t n = 2; n <= 101; n++) {
        for (size_t i = 0; i <= 100; i++)
            way[i] = i;
        assert_int_equal(path_even(t, 101, way, 101, n), n);
        for (size_t i = 0; i < n; i++)
            assert_true(fabs((double)way[i] - 100. * (double)i / (double)(n - 1)) <= 0.5);
    }
    memcpy(way, (size_t[]){ 0, 100 }, 2 * sizeof *way);
    assert_int_equal(path_even(t, 101, way, 2, 5), 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(way[i], 25 * i);
    memcpy(way, (size_t[]){ 3, 7, 6 }, 3 * sizeof *way);
    assert_int_equal(path_even(t, 101, way, 3, 50), 5);         /* 5, then 4: 6 is on the way */
    assert_true(way[0] == 3 && way[1] == 4 && way[2] == 5 && way[3] == 7 && way[4] == 6);
    near_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shortest_ways), cmocka_unit_test(even_ways),
        cmocka_unit_test(knn_is_brute_force), cmocka_unit_test(knn_by_descent), cmocka_unit_test(graphs),
        cmocka_unit_test(parts),
        cmocka_unit_test(unions), cmocka_unit_test(hung), cmocka_unit_test(norms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
