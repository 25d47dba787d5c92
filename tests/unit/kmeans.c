/* kmeans: against a slow Lloyd in double, on data with ties, copies, far and huge numbers
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
#include "cluster/kmeans.h"
#include "cluster/minibatch.h"
#include "math/dist.h"
#include "npy.h"

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.17g, not %.17g: off by %g", got, want, got - want);
}

/* x[n][d] around 8 points; with `whole`, whole numbers, so that distances tie. */
static float *blobs(size_t n, size_t d, double spread, double mean, bool whole, uint64_t seed)
{
    float *x = mem_new(n * d, sizeof *x);
    struct rng r;
    rng_init(&r, seed, 0);
    for (size_t i = 0; i < n; i++) {
        struct rng c;
        rng_init(&c, seed, 1 + rng_below(&r, 8));
        for (size_t j = 0; j < d; j++) {
            double v = mean + 3 * rng_normal(&c) + spread * rng_normal(&r);
            x[i * d + j] = (float)(whole ? floor(v) : v);
        }
    }
    return x;
}

/* Lloyd in the plainest way: as scikit-learn's lloyd_iter_chunked_dense, its relocation and
 * its stops. */
static void slow(const float *x, size_t n, size_t d, size_t k, double *centre, double tol, size_t max_iter,
                 int32_t *label, size_t *n_iter, double *inertia)
{
    double tolerance = 0, *next = mem_new(k * d, sizeof *next), *far = mem_new(n, sizeof *far);
    int32_t *old = mem_new(n, sizeof *old);
    size_t *count = mem_new(k, sizeof *count);
    bool still = false;
    for (size_t j = 0; j < d; j++) {
        double m = 0;
        for (size_t i = 0; i < n; i++)
            m += (double)x[i * d + j] / (double)n;
        for (size_t i = 0; i < n; i++)
            tolerance += tol * ((double)x[i * d + j] - m) * ((double)x[i * d + j] - m) / (double)(n * d);
    }
    memset(old, 0xff, n * sizeof *old);
    for (*n_iter = 0; *n_iter <= max_iter; ) {
        *inertia = 0;
        for (size_t i = 0; i < n; i++) {
            double least = INFINITY;
            for (size_t j = 0; j < k; j++) {
                double e = dist_sq_f64(x + i * d, centre + j * d, d);
                if (e < least) {
                    least = e;
                    label[i] = (int32_t)j;
                }
            }
            far[i] = least;
            *inertia += least;
        }
        if (*n_iter == max_iter || still)
            break;
        memset(next, 0, k * d * sizeof *next);
        memset(count, 0, k * sizeof *count);
        for (size_t i = 0; i < n; i++) {
            count[label[i]]++;
            for (size_t j = 0; j < d; j++)
                next[(size_t)label[i] * d + j] += (double)x[i * d + j];
        }
        bool *empty = mem_new(k, sizeof *empty), any = false;
        for (size_t j = 0; j < k; j++)
            empty[j] = count[j] == 0;
        for (size_t j = 0; j < k; j++) {
            size_t row = 0;
            if (!empty[j])
                continue;
            for (size_t i = 1; i < n; i++)
                if (far[i] > far[row])
                    row = i;
            if (!any && far[row] == 0)
                break;
            any = true;
            for (size_t i = 0; i < d; i++) {
                next[j * d + i] = (double)x[row * d + i];
                next[(size_t)label[row] * d + i] -= (double)x[row * d + i];
            }
            count[j] = 1;
            count[label[row]]--;
            far[row] = -1;
        }
        free(empty);
        size_t most = 0;
        double shift = 0;
        for (size_t j = 0; j < k; j++)
            most = count[j] > count[most] ? j : most;
        for (size_t pass = 0; pass < 2; pass++)
            for (size_t j = 0; j < k; j++)
                for (size_t i = 0; i < d; i++) {
                    if (pass == 0 && count[j])
                        next[j * d + i] /= (double)count[j];
                    if (pass == 1 && !count[j])
                        next[j * d + i] = next[most * d + i];
                }
        for (size_t j = 0; j < k * d; j++) {
            shift += (next[j] - centre[j]) * (next[j] - centre[j]);
            centre[j] = next[j];
        }
        ++*n_iter;
        bool same = memcmp(old, label, n * sizeof *old) == 0;
        memcpy(old, label, n * sizeof *old);
        if (same)
            break;
        still = shift <= tolerance;         /* one more labelling */
    }
    free(next);
    free(far);
    free(old);
    free(count);
}

/* Our result from the rows `from` as starts equals the slow one's. */
static void same_as_slow(const float *x, size_t n, size_t d, size_t k, const size_t *from, double tol,
                         size_t max_iter, double accuracy)
{
    double *init = mem_new(k * d, sizeof *init), *centre = mem_new(k * d, sizeof *centre), inertia;
    int32_t *label = mem_new(n, sizeof *label);
    size_t n_iter;
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < d; i++)
            init[j * d + i] = (double)x[(from ? from[j] : j) * d + i];
    memcpy(centre, init, k * d * sizeof *init);
    slow(x, n, d, k, centre, tol, max_iter, label, &n_iter, &inertia);
    struct kmeans *m = kmeans_fit(x, n, d, &(struct kmeans_options){ .k = k, .n_init = 1, .max_iter = max_iter,
                                                                     .tol = tol, .init = init });
    assert_int_equal(m->n_iter, n_iter);
    assert_memory_equal(m->label, label, n * sizeof *label);
    near(m->inertia, inertia, 1e-11 * inertia);
    for (size_t i = 0; i < k * d; i++)
        near(m->centre[i], centre[i], accuracy);
    free(init);
    free(centre);
    free(label);
    kmeans_free(m);
}

static void lloyd(void **state)
{
    (void)state;
    const size_t shape[][3] = { { 1000, 5, 7 }, { 333, 17, 30 }, { 31, 2, 3 }, { 32, 1, 1 }, { 2500, 3, 13 }, { 40, 100, 6 } };
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
        size_t n = shape[s][0], d = shape[s][1], k = shape[s][2];
        float *x = blobs(n, d, 1.5, 0, false, s);
        same_as_slow(x, n, d, k, NULL, 0, 300, 1e-12);
        same_as_slow(x, n, d, k, NULL, 0.05, 300, 1e-12);
        same_as_slow(x, n, d, k, NULL, 0, 2, 1e-12);
        free(x);
    }
}

/* Whole numbers: many rows are as far from one centre as from another, and float cannot tell
 * which is nearer; the mean is far larger than the spread. */
static void ties(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        float *x = blobs(400, 2, 1, 0, true, seed);
        same_as_slow(x, 400, 2, 9, NULL, 0, 300, 1e-12);
        free(x);
        x = blobs(400, 3, 1, 3e5, false, seed);
        same_as_slow(x, 400, 3, 9, NULL, 0, 300, 1e-9);
        free(x);
    }
}

static void huge_and_tiny(void **state)
{
    (void)state;
    const float scale[] = { 1e30f, 1e-30f, 1e37f, 1e-38f };
    for (size_t s = 0; s < 4; s++) {
        float *x = blobs(300, 4, 1, 0, false, 5);
        for (size_t i = 0; i < 300 * 4; i++)
            x[i] *= scale[s];
        same_as_slow(x, 300, 4, 6, NULL, 0, 300, 1e-12 * (double)scale[s]);
        struct kmeans_options o = { .k = 8, .n_init = 4, .max_iter = 100, .seed = 1 };
        struct kmeans *m = kmeans_fit(x, 300, 4, &o);
        assert_int_equal(m->used, 8);
        assert_true(isfinite(m->inertia));
        kmeans_free(m);
        free(x);
    }
}

/* Starts that are copies of each other, or far away from all rows, lose their rows. */
static void empty(void **state)
{
    (void)state;
    float *x = blobs(200, 3, 1, 0, false, 8);
    const size_t from[6] = { 3, 3, 3, 10, 10, 60 };
    same_as_slow(x, 200, 3, 6, from, 0, 300, 1e-12);
    same_as_slow(x, 200, 3, 6, from, 0, 1, 1e-12);
    for (size_t i = 0; i < 3; i++)
        x[i] = 1e6f;
    const size_t far[2] = { 0, 5 };
    same_as_slow(x, 200, 3, 2, far, 0, 300, 1e-9);
    free(x);
}

/* Four distinct rows and six centres: two are not used, and that is said. */
static void copies(void **state)
{
    (void)state;
    float x[40];
    for (int i = 0; i < 40; i++)
        x[i] = (float)(i % 4);
    struct kmeans *m = kmeans_fit(x, 40, 1, &(struct kmeans_options){ .k = 6, .n_init = 3, .max_iter = 50, .seed = 1 });
    assert_int_equal(m->used, 4);
    assert_true(m->inertia == 0 && m->converged);
    kmeans_free(m);
    m = kmeans_fit(x, 40, 1, &(struct kmeans_options){ .k = 1, .n_init = 3, .max_iter = 50 });
    near(m->centre[0], 1.5, 0);
    near(m->inertia, 50, 0);
    kmeans_free(m);
    m = kmeans_fit(x, 1, 1, &(struct kmeans_options){ .k = 1, .n_init = 1, .max_iter = 1 });
    assert_true(m->inertia == 0 && m->n_iter == 1);
    kmeans_free(m);
}

static void any_threads(void **state)
{
    (void)state;
    enum { N = 7000, D = 6, K = 20 };
    float *x = blobs(N, D, 1, 10, false, 3);
    struct kmeans_options o = { .k = K, .n_init = 3, .max_iter = 30, .seed = 7, .tol = 1e-4 };
    struct kmeans *m[3];
    for (int i = 0; i < 3; i++) {
        par_jobs = i + 1;
        m[i] = kmeans_fit(x, N, D, &o);
    }
    par_jobs = 1;
    for (int i = 1; i < 3; i++) {
        assert_memory_equal(m[0]->label, m[i]->label, N * sizeof(int32_t));
        assert_memory_equal(m[0]->centre, m[i]->centre, K * D * sizeof(double));
        assert_true(m[0]->inertia == m[i]->inertia);
    }
    o.seed = 8;
    struct kmeans *other = kmeans_fit(x, N, D, &o);
    assert_memory_not_equal(m[0]->centre, other->centre, K * D * sizeof(double));
    kmeans_free(other);
    for (int i = 0; i < 3; i++)
        kmeans_free(m[i]);
    free(x);
}

/* Well-kept-apart blobs are found from any seed, by one greedy start. */
static void plus_plus(void **state)
{
    (void)state;
    enum { N = 800, D = 4 };
    float *x = blobs(N, D, 0.01, 0, false, 11);
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct kmeans *m = kmeans_fit(x, N, D, &(struct kmeans_options){ .k = 8, .n_init = 1, .max_iter = 10,
                                                                         .seed = seed });
        assert_true(m->inertia < 1.2 * N * D * 1e-4);
        kmeans_free(m);
    }
    free(x);
}

static void best_of_starts(void **state)
{
    (void)state;
    float *x = blobs(500, 2, 2, 0, false, 4);
    double least = INFINITY;
    struct kmeans_options o = { .k = 12, .n_init = 1, .max_iter = 100, .seed = 2 };
    struct kmeans *one = kmeans_fit(x, 500, 2, &o);
    for (o.n_init = 1; o.n_init <= 10; o.n_init++) {
        struct kmeans *m = kmeans_fit(x, 500, 2, &o);
        assert_true(m->inertia <= least);
        least = m->inertia;
        kmeans_free(m);
    }
    assert_true(least < one->inertia);
    kmeans_free(one);
    free(x);
}

static void predict(void **state)
{
    (void)state;
    float *x = blobs(900, 7, 1, 5, false, 6);
    struct kmeans *m = kmeans_fit(x, 900, 7, &(struct kmeans_options){ .k = 9, .n_init = 2, .max_iter = 300 });
    int32_t label[900];
    double distance[900], sum = 0;
    kmeans_label(m, x, 900, label);
    kmeans_distance(m, x, 900, label, distance);
    assert_memory_equal(label, m->label, sizeof label);
    for (size_t i = 0; i < 900; i++) {
        near(distance[i], sqrt(dist_sq_f64(x + 7 * i, m->centre + 7 * label[i], 7)), 0);
        sum += distance[i] * distance[i];
    }
    near(sum, m->inertia, 1e-9);
    kmeans_label(m, x, 33, label);
    assert_memory_equal(label, m->label, 33 * sizeof *label);
    kmeans_free(m);
    free(x);
}

/* scikit-learn's centres after batches that are given. */
static void batch_steps(void **state)
{
    (void)state;
    enum { ROWS = 50, STEPS = 6, K = 10, D = 8 };
    size_t n = 0, k = 0, kd = 0;
    float *x = npy_shared("golden/cluster/blobs/x.npy", &n), *from = npy_shared("golden/cluster/blobs/kmeans_k10_init.npy", &k);
    double *want = npy_read_f64(golden_path("golden/cluster/blobs/minibatch_centres.npy"), &kd);
    double centre[K * D], weight[K] = { 0 }, distance[ROWS], rows = 0;
    int32_t label[ROWS];
    assert_true(x && from && want);
    assert_true(n == ROWS * STEPS * D && k == K * D && kd == K * D);
    for (size_t i = 0; i < kd; i++)
        centre[i] = (double)from[i];
    struct kmeans m = { .k = K, .d = D, .centre = centre };
    for (size_t t = 0; t < STEPS; t++)
        minibatch_step(&m, weight, x + t * ROWS * D, ROWS, label, distance);
    for (size_t i = 0; i < kd; i++)
        near(centre[i], want[i], 1e-12 * fabs(want[i]) + 1e-14);
    for (size_t j = 0; j < K; j++)
        rows += weight[j];
    near(rows, ROWS * STEPS, 0);
    free(x);
    free(from);
    free(want);
}

/* Centres with less than a hundredth of the most go to rows, of a batch of 8 no more than 4 of them; and weigh as the least
 * of the others. */
static void reassign(void **state)
{
    (void)state;
    const double weights[7] = { 1000, 9.9, 10, 0, 500, 3, 20 }, want[7] = { 1000, 10, 10, 10, 500, 10, 20 };
    double centre[7], weight[7];
    float x[8];
    struct rng r;
    rng_init(&r, 1, 0);
    for (int i = 0; i < 8; i++)
        x[i] = (float)(100 + i);
    struct kmeans m = { .k = 7, .d = 1, .centre = centre };
    for (size_t rows = 8; rows > 2; rows -= 4) {
        for (size_t j = 0; j < 7; j++) {
            centre[j] = (double)j;
            weight[j] = weights[j];
        }
        minibatch_reassign(&m, weight, x, rows, &r);
        bool few = rows == 4;                   /* then no more than the two lowest: 3 and 5 */
        for (size_t j = 0; j < 7; j++) {
            bool moved = centre[j] >= 100;
            assert_int_equal(moved, j == 3 || j == 5 || (j == 1 && !few));
            near(weight[j], few && (j == 1 || j == 3 || j == 5) ? 9.9 : want[j], 0);
            for (size_t i = 0; i < j && moved; i++)
                assert_true(centre[i] != centre[j]);
        }
    }
}

static void row_of(size_t i, float *x, void *rows)
{
    memcpy(x, (const float *)rows + 6 * i, 6 * sizeof *x);
}

/* The same for any number of threads; close to k-means on all rows; more centres than distinct rows. */
static void batches(void **state)
{
    (void)state;
    enum { N = 20000, D = 6, K = 8 };
    float *x = blobs(N, D, 0.5, 10, false, 3);
    struct minibatch_options o = { .k = K, .batch = 200, .n_init = 3, .max_iter = 20, .seed = 7, .row = row_of, .state = x };
    struct kmeans *m[3];
    for (int i = 0; i < 3; i++) {
        par_jobs = i + 1;
        m[i] = minibatch_fit(N, D, &o);
    }
    par_jobs = 1;
    for (int i = 1; i < 3; i++) {
        assert_memory_equal(m[0]->centre, m[i]->centre, K * D * sizeof(double));
        assert_true(m[0]->inertia == m[i]->inertia);
    }
    struct kmeans *all = kmeans_fit(x, N, D, &(struct kmeans_options){ .k = K, .n_init = 10, .max_iter = 300, .tol = 1e-4 });
    assert_true(m[0]->converged && m[0]->used == K && m[0]->inertia >= all->inertia && m[0]->inertia < 1.02 * all->inertia);
    o.seed++;
    struct kmeans *other = minibatch_fit(N, D, &o);
    assert_memory_not_equal(m[0]->centre, other->centre, K * D * sizeof(double));
    for (size_t i = 0; i < 40 * D; i++)
        x[i] = (float)(i / D % 4);
    o.max_iter = 3;
    struct kmeans *few = minibatch_fit(40, D, &o);          /* a batch of more than all */
    assert_true(few->used == 4 && few->inertia == 0);
    for (int i = 0; i < 3; i++)
        kmeans_free(m[i]);
    kmeans_free(all);
    kmeans_free(other);
    kmeans_free(few);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_steps), cmocka_unit_test(reassign), cmocka_unit_test(batches),
        cmocka_unit_test(lloyd), cmocka_unit_test(ties), cmocka_unit_test(huge_and_tiny), cmocka_unit_test(empty),
        cmocka_unit_test(copies), cmocka_unit_test(any_threads), cmocka_unit_test(plus_plus),
        cmocka_unit_test(best_of_starts), cmocka_unit_test(predict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
