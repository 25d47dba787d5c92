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
    const struct CMUnitTest tests[] = { cmocka_unit_test(tree_is_prims), cmocka_unit_test(condensed_by_hand), cmocka_unit_test(ties) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
