/* hdbscan: the tree of mutual reachability against Prim's over all pairs, condensing and choosing by hand
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "cluster/dbscan.h"
#include "cluster/hdbscan.h"
#include "cluster/reach.h"

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The weights of a minimum spanning tree, ascending, by Prim (1957) over all distances. */
static double *prim(const struct near *t, size_t n, size_t min_samples)
{
    double *core = mem_new(n, sizeof *core), *row = mem_new(n, sizeof *row), *best = mem_new(n, sizeof *best);
    double *weights = mem_new(n, sizeof *weights);
    bool *in = mem_zero(n, sizeof *in);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            row[j] = i == j ? 0 : near_distance(t, i, j);
        qsort(row, n, sizeof *row, ascending);
        core[i] = row[min_samples - 1];
        best[i] = INFINITY;
    }
    best[0] = -1;
    for (size_t k = 0; k < n; k++) {
        size_t at = SIZE_MAX;
        for (size_t i = 0; i < n; i++)
            if (!in[i] && (at == SIZE_MAX || best[i] < best[at]))
                at = i;
        in[at] = true;
        weights[k] = best[at];
        for (size_t i = 0; i < n; i++) {
            double w = fmax(near_distance(t, at, i), fmax(core[at], core[i]));
            best[i] = w < best[i] ? w : best[i];
        }
    }
    qsort(weights, n, sizeof *weights, ascending);
    free(core);
    free(row);
    free(best);
    free(in);
    return weights;         /* the first is -1 */
}

/* Clouds, a grid full of ties, copies, groups far apart; both metrics; more samples than are kept; any number of threads. */
static void tree_is_prims(void **unused)
{
    (void)unused;
    enum { CLOUD, GRID, COPIES, APART };
    static const size_t cases[][4] = {
        { CLOUD, 2, 3, 1 }, { CLOUD, 30, 2, 5 }, { CLOUD, 700, 5, 5 }, { CLOUD, 600, 3, 40 }, { CLOUD, 300, 2, 1 },
        { GRID, 400, 2, 4 }, { COPIES, 500, 3, 6 }, { COPIES, 200, 3, 200 }, { APART, 800, 4, 3 }, { APART, 800, 4, 1 },
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int cosine = 0; cosine < 2; cosine++) {
            size_t kind = cases[c][0], n = cases[c][1], d = cases[c][2], samples = cases[c][3];
            float *x = mem_new(n * d, sizeof *x);
            struct rng r;
            rng_init(&r, c, 0);
            for (size_t i = 0; i < n * d; i++)
                x[i] = kind == GRID ? (float)(i % d ? i / d / 20 : i / d % 20) : kind == COPIES ? (float)(1 + i / d % 7 * (i % d)) :
                    (float)(rng_normal(&r) + (kind == APART ? 30 * (double)(i / d % 8 >> i % d & 1) : 0));
            struct near *t = near_new(x, n, d, cosine ? NEAR_COSINE : NEAR_EUCLIDEAN);
            struct merge *one = mem_new(n, sizeof *one), *two = mem_new(n, sizeof *two);
            par_jobs = 1;
            reach_tree(t, n, samples, one, NULL);
            par_jobs = 3;
            reach_tree(t, n, samples, two, NULL);
            double *want = prim(t, n, samples);
            for (size_t i = 0; i + 1 < n; i++) {
                assert_true(one[i].height == want[i + 1]);
                assert_int_equal(one[i].left, two[i].left);
                assert_int_equal(one[i].right, two[i].right);
            }
            assert_int_equal(one[n - 2].size, n);
            near_free(t);
            free(x);
            free(one);
            free(two);
            free(want);
        }
}

/* The edges make a tree over all rows, and each is as long as its rows reach. */
static void is_tree(const struct near *t, size_t n, const double *core, const struct merge *edges)
{
    union_parent *parent = union_new(n);
    for (size_t e = 0; e + 1 < n; e++) {
        assert_true(union_root(parent, edges[e].left) != union_root(parent, edges[e].right));
        union_join(parent, edges[e].left, edges[e].right);
        assert_true(edges[e].height == near_reach(t, core, edges[e].left, edges[e].right));
    }
    free(parent);
}

/* From all neighbours the tree is Prim's and DBSCAN exact; from a few the tree is hardly longer, with its longest edges right,
 * where parts are joined, too; any number of threads. */
static void from_neighbours(void **unused)
{
    (void)unused;
    enum { N = 800, D = 4, SAMPLES = 5, FEW = 12 };
    for (int far = 0; far < 2; far++)
        for (int cosine = 0; cosine < 2; cosine++)
            for (size_t k = FEW; k < N; k += N - 1 - FEW) {
                float x[N * D];
                struct rng r;
                rng_init(&r, 3, 0);
                for (size_t i = 0; i < N * D; i++)
                    x[i] = (float)(rng_normal(&r) + (far ? 30 * (double)(i / D % 8 >> i % D & 1) : 0));
                for (size_t i = 0; i < 40 * D; i++)         /* 40 equal rows: more than neighbours are known */
                    x[i] = 7;
                struct near *t = near_new(x, N, D, cosine ? NEAR_COSINE : NEAR_EUCLIDEAN);
                uint32_t *index = mem_new(N * k, sizeof *index);
                double *distance = mem_new(N * k, sizeof *distance), core[N], sum = 0, least = 0;
                near_knn_all(t, k, index, distance);
                struct reach_known g = { N, k, index, distance };
                reach_core(&g, SAMPLES, core);
                struct merge one[N], two[N];
                par_jobs = 1;
                reach_about(t, &g, core, one);
                par_jobs = 3;
                reach_about(t, &g, core, two);
                is_tree(t, N, core, one);
                for (size_t i = 0; i + 1 < N; i++)
                    assert_true(one[i].left == two[i].left && one[i].right == two[i].right && one[i].height == two[i].height);
                for (double eps = 0.001; eps < 5; eps *= 1.3) {
                    int32_t want[N], labels[N];
                    bool core_want[N], is_core[N];
                    dbscan(t, N, eps, SAMPLES, want, core_want);
                    dbscan_about(&g, core, one, eps, labels, is_core);
                    assert_memory_equal(is_core, core_want, sizeof is_core);
                    assert_memory_equal(labels, want, sizeof labels);
                }
                linkage_grow(one, N);
                double *prims = prim(t, N, SAMPLES);
                for (size_t i = 0; i + 1 < N; i++) {
                    assert_true(k == FEW || one[i].height == prims[i + 1]);
                    sum += one[i].height;
                    least += prims[i + 1];
                }
                assert_true(one[N - 2].height == prims[N - 1]);
                assert_true(sum >= least * (1 - 1e-12) && sum <= 1.001 * least);
                near_free(t);
                free(index);
                free(distance);
                free(prims);
            }
}

/* Two lines of more rows than stand for a part: 10 apart where they come closest, which is found from one to the next. */
static void two_lines(void **unused)
{
    (void)unused;
    enum { LINE = 20000, N = 2 * LINE, K = 2 };
    float *x = mem_new(2 * N, sizeof *x);
    uint32_t *index = mem_new(K * N, sizeof *index);
    double *distance = mem_new(K * N, sizeof *distance), *core = mem_zero(N, sizeof *core);
    struct merge *edges = mem_new(N, sizeof *edges);
    for (size_t i = 0; i < N; i++) {
        size_t at = i % LINE;
        x[2 * i] = (float)at;
        x[2 * i + 1] = i < LINE ? 0 : 10 + (float)(at > 7001 ? at - 7001 : 7001 - at) / 4;
    }
    struct near *t = near_new(x, N, 2, NEAR_EUCLIDEAN);
    for (size_t i = 0; i < N; i++) {
        size_t at = i % LINE;
        index[K * i] = (uint32_t)(at ? i - 1 : i + 2);
        index[K * i + 1] = (uint32_t)(at + 1 < LINE ? i + 1 : i - 2);
        for (size_t j = 0; j < K; j++)
            distance[K * i + j] = near_distance(t, i, index[K * i + j]);
    }
    reach_about(t, &(struct reach_known){ N, K, index, distance }, core, edges);
    is_tree(t, N, core, edges);
    assert_true(edges[N - 2].height == 10);
    assert_int_equal(edges[N - 2].left % LINE, 7001);
    near_free(t);
    free(x);
    free(index);
    free(distance);
    free(core);
    free(edges);
}

/* Two groups of three (merged at 1, 2 and at 1, 4), joined at 8; a point that joins at 16. */
static struct condensed *by_hand(size_t min_size)
{
    const struct merge merges[] = { { 0, 1, 1, 2 }, { 3, 4, 1, 2 }, { 2, 7, 2, 3 }, { 5, 8, 4, 3 }, { 9, 10, 8, 6 }, { 6, 11, 16, 7 } };
    return hdbscan_condense(merges, 7, min_size);
}

static void condensed_by_hand(void **unused)
{
    (void)unused;
    struct condensed *c = by_hand(2);
    const double leaves[] = { 1, 1, 2, 1, 1, 4, 16 };
    assert_int_equal(c->clusters, 3);
    for (size_t i = 0; i < 7; i++)
        assert_true(c->leaves[i] == leaves[i]);
    assert_int_equal(c->from[6], 0);
    assert_true(c->from[0] == c->from[2] && c->from[3] == c->from[5] && c->from[0] != c->from[3] && c->from[0] && c->from[3]);
    assert_true(c->cluster[0].parts && !c->cluster[1].parts && !c->cluster[2].parts);
    assert_true(c->cluster[1].height == 8 && c->cluster[2].height == 8 && c->cluster[1].size == 3);

    int32_t labels[7];
    double probability[7], outlier[7];
    /* stabilities: 2 (1 - 1/8) + 1/2 - 1/8 = 2.125, 1.875; the root 1/16 + 6/8 */
    hdbscan_choose(c, HDBSCAN_EOM, 0, true);
    assert_int_equal(hdbscan_label(c, 0, labels, probability), 2);
    const int32_t two[] = { 0, 0, 0, 1, 1, 1, -1 };
    const double strength[] = { 1, 1, 0.5, 1, 1, 0.25, 0 };
    assert_memory_equal(labels, two, sizeof two);
    for (size_t i = 0; i < 7; i++)
        assert_true(probability[i] == strength[i]);
    hdbscan_outliers(c, outlier);
    const double odd[] = { 0, 0, 0.5, 0, 0, 0.75, 1 - 1 / 16. };
    for (size_t i = 0; i < 7; i++)
        assert_true(outlier[i] == odd[i]);

    /* both begin at 8: with epsilon 9 they are one, if one is allowed */
    hdbscan_choose(c, HDBSCAN_EOM, 9, false);
    assert_int_equal(hdbscan_label(c, 9, labels, probability), 2);
    hdbscan_choose(c, HDBSCAN_EOM, 9, true);
    assert_int_equal(hdbscan_label(c, 9, labels, probability), 1);
    const int32_t all[] = { 0, 0, 0, 0, 0, 0, -1 };
    assert_memory_equal(labels, all, sizeof all);
    hdbscan_choose(c, HDBSCAN_LEAF, 0, false);
    assert_int_equal(hdbscan_label(c, 0, labels, probability), 2);
    condensed_free(c);

    /* no cluster but the root: noise, or one */
    c = by_hand(4);
    assert_int_equal(c->clusters, 1);
    hdbscan_choose(c, HDBSCAN_EOM, 0, false);
    assert_int_equal(hdbscan_label(c, 0, labels, probability), 0);
    hdbscan_choose(c, HDBSCAN_EOM, 0, true);
    assert_int_equal(hdbscan_label(c, 0, labels, probability), 1);
    assert_int_equal(labels[6], -1);
    condensed_free(c);
}

/* A pair, a pair and a point between them, all joined at 2: whichever pair it is merged with first. */
static void ties(void **unused)
{
    (void)unused;
    const struct merge first[] = { { 0, 1, 1, 2 }, { 2, 3, 1, 2 }, { 4, 5, 2, 3 }, { 6, 7, 2, 5 } };
    const struct merge second[] = { { 0, 1, 1, 2 }, { 2, 3, 1, 2 }, { 4, 6, 2, 3 }, { 5, 7, 2, 5 } };
    for (int way = 0; way < 2; way++) {
        int32_t labels[5];
        const int32_t want[5] = { 0, 0, 1, 1, -1 };
        double probability[5];
        struct condensed *c = hdbscan_condense(way ? second : first, 5, 2);
        assert_int_equal(c->clusters, 3);
        assert_int_equal(c->from[4], 0);
        hdbscan_choose(c, HDBSCAN_EOM, 0, false);
        hdbscan_label(c, 0, labels, probability);
        assert_memory_equal(labels, want, sizeof want);
        condensed_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_is_prims), cmocka_unit_test(from_neighbours), cmocka_unit_test(two_lines),
        cmocka_unit_test(condensed_by_hand), cmocka_unit_test(ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
