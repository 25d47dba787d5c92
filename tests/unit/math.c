/* math: products, eigenpairs, moments and principal components against closed forms and
 * slow references
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
#include "math/blas.h"
#include "math/dist.h"
#include "math/eig.h"
#include "math/moments.h"
#include "math/pca.h"
#include "math/top.h"

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.17g, not %.17g: off by %g", got, want, got - want);
}

/* x[n][d], normal with the spread of a column falling and the given mean. */
static float *normal(size_t n, size_t d, double mean, uint64_t seed)
{
    float *x = mem_new(n * d, sizeof *x);
    struct rng r;
    rng_init(&r, seed, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            x[i * d + j] = (float)(mean + rng_normal(&r) * pow(0.8, (double)j));
    return x;
}

static void products(void **state)
{
    (void)state;
    enum { M = 5, N = 3, K = 7 };
    float *a = normal(M, K, 0, 1), *b = normal(N, K, 0, 2), c[M * N];
    for (int i = 0; i < M * N; i++)
        c[i] = 1;
    blas_f32(false, true, M, N, K, 2, a, K, b, K, 0.5f, c, N);
    double ad[M * K], bt[K * N], cd[M * N];
    for (size_t i = 0; i < M * K; i++)
        ad[i] = (double)a[i];
    for (size_t i = 0; i < K; i++)
        for (size_t j = 0; j < N; j++)
            bt[i * N + j] = (double)b[j * K + i];
    blas_f64(false, false, M, N, K, 1, ad, K, bt, N, 0, cd, N);
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < N; j++) {
            double dot = 0;
            for (size_t k = 0; k < K; k++)
                dot += (double)a[i * K + k] * (double)b[j * K + k];
            near((double)c[i * N + j], 2 * dot + 0.5, 1e-5);
            near(cd[i * N + j], dot, 1e-14);
        }
    free(a);
    free(b);
}

/* The second difference matrix: eigenvalues 2 - 2 cos(pi k / (n + 1)). */
static void eigenpairs(void **state)
{
    (void)state;
    enum { N = 40 };
    double a[N * N] = { 0 }, w[N];
    for (int i = 0; i < N; i++) {
        a[i * N + i] = 2;
        if (i)
            a[i * N + i - 1] = a[(i - 1) * N + i] = -1;
    }
    assert_true(eig_sym(a, N, w));
    for (int k = 0; k < N; k++) {
        near(w[k], 2 - 2 * cos(acos(-1) * (k + 1) / (N + 1)), 1e-13);
        for (int i = 0; i < N; i++) {
            const double *v = a + k * N;
            double av = 2 * v[i] - (i ? v[i - 1] : 0) - (i < N - 1 ? v[i + 1] : 0);
            near(av, w[k] * v[i], 1e-13);
        }
    }
    a[3] = NAN;
    assert_false(eig_sym(a, N, w));
    assert_true(eig_sym(a, 0, w));
}

/* The largest of the same matrix, in any number; and of one whose eigenvalues are all the same, or 0. */
static void largest_eigenpairs(void **state)
{
    (void)state;
    enum { N = 40 };
    static const size_t many[] = { 0, 1, 7, 39, 40 };
    double a[N * N], w[N], v[N * N];
    for (size_t m = 0; m < 5; m++) {
        memset(a, 0, sizeof a);
        for (int i = 0; i < N; i++) {
            a[i * N + i] = 2;
            if (i)
                a[i * N + i - 1] = a[(i - 1) * N + i] = -1;
        }
        assert_true(eig_sym_top(a, N, many[m], w, v));
        for (size_t k = 0; k < many[m]; k++) {
            near(w[k], 2 + 2 * cos(acos(-1) * ((double)k + 1) / (N + 1)), 1e-13);
            for (size_t i = 0; i < N; i++) {
                const double *x = v + k * N;
                near(2 * x[i] - (i ? x[i - 1] : 0) - (i < N - 1 ? x[i + 1] : 0), w[k] * x[i], 1e-13);
            }
        }
    }
    for (int same = 0; same < 2; same++) {
        memset(a, 0, sizeof a);
        for (int i = 0; i < N; i++)
            a[i * N + i] = 3 * same;
        assert_true(eig_sym_top(a, N, 5, w, v));
        for (size_t k = 0; k < 25; k++) {
            double dot = 0;
            for (size_t i = 0; i < N; i++)
                dot += v[k / 5 * N + i] * v[k % 5 * N + i];
            near(dot, k / 5 == k % 5, 1e-12);
            near(w[k % 5], 3 * same, 1e-13);
        }
    }
    a[3] = NAN;
    assert_false(eig_sym_top(a, N, 5, w, v));
}

struct held { const double *a; size_t n; };

static void times_held(const double *v, size_t b, double *y, void *state)
{
    const struct held *m = state;
    blas_f64(false, false, b, m->n, m->n, 1, v, m->n, m->a, m->n, 0, y, m->n);
}

/* The largest of a matrix known in full: u diag(w) u' by Householder reflections of a diagonal. */
static void top_eigenpairs(void **state)
{
    (void)state;
    enum { N = 300, K = 12 };
    double *a = mem_zero(N * N, sizeof *a), want[N], w[K], *v = mem_new(K * N, sizeof *v), h[N], ss = 0;
    struct rng r;
    rng_init(&r, 5, 0);
    for (size_t i = 0; i < N; i++) {
        want[i] = i < 3 ? 100 - (double)i / 10 : 90 * pow(0.98, (double)i);
        if (i == 7)
            want[i] = want[6];          /* a pair that is one value */
        a[i * N + i] = want[i];
        h[i] = rng_normal(&r);
        ss += h[i] * h[i];
    }
    for (int side = 0; side < 2; side++)        /* from the left, from the right */
        for (size_t j = 0; j < N; j++) {
            double dot = 0;
            for (size_t i = 0; i < N; i++)
                dot += h[i] * a[side ? j * N + i : i * N + j];
            for (size_t i = 0; i < N; i++)
                a[side ? j * N + i : i * N + j] -= 2 * dot / ss * h[i];
        }
    assert_true(top_exact(N, K, times_held, &(struct held){ a, N }, w, v));
    for (size_t k = 0; k < K; k++) {
        near(w[k], want[k], 1e-11);
        double dot = 0;                         /* the vector, reflected: axis k, or the plane of 6 and 7 */
        for (size_t i = 0; i < N; i++)
            dot += h[i] * v[k * N + i];
        double on_axis = v[k * N + k] - 2 * dot / ss * h[k];
        size_t other = k == 6 ? 7 : k == 7 ? 6 : k;
        double on_other = other == k ? 0 : v[k * N + other] - 2 * dot / ss * h[other];
        near(on_axis * on_axis + on_other * on_other, 1, 1e-10);
    }
    a[7] = NAN;
    assert_false(top_exact(N, K, times_held, &(struct held){ a, N }, w, v));
    free(a);
    free(v);
}

static void distances(void **state)
{
    (void)state;
    float x[19], y[19];
    double z[19];
    long double want = 0;
    for (int i = 0; i < 19; i++) {
        x[i] = 1e6f + (float)i;
        y[i] = 1e6f + (float)(i % 5) * 0.25f;
        z[i] = (double)y[i];
        long double e = (long double)x[i] - (long double)y[i];
        want += e * e;
    }
    near(dist_sq(x, y, 19), (double)want, 1e-12);
    near(dist_sq_f64(x, z, 19), (double)want, 1e-12);
    assert_true(dist_sq(x, x, 19) == 0);
    x[18] = NAN;
    assert_true(isnan(dist_sq(x, y, 19)));
}

/* Against two passes in long double; the mean is 10^5 times the spread. */
static void moments(void **state)
{
    (void)state;
    enum { N = 1003, D = 6 };
    float *x = normal(N, D, 1e5, 3);
    for (size_t i = 0; i < N; i++)
        x[i * D + 5] = 0.1f;
    struct moments *whole = moments_new(D), *rows = moments_new(D);
    moments_add(whole, x, N);
    for (size_t i = 0; i < N; i++)
        moments_add(rows, x + i * D, 1);
    double mean[D], var[D], mean1[D], var1[D], scale[D];
    assert_int_equal(moments_get(whole, mean, var), N);
    assert_int_equal(moments_get(rows, mean1, var1), N);
    assert_memory_equal(mean, mean1, sizeof mean);
    assert_memory_equal(var, var1, sizeof var);
    for (size_t j = 0; j < D; j++) {
        long double m = 0, v = 0;
        for (size_t i = 0; i < N; i++)
            m += (long double)x[i * D + j];
        m /= N;
        for (size_t i = 0; i < N; i++)
            v += ((long double)x[i * D + j] - m) * ((long double)x[i * D + j] - m);
        near(mean[j], (double)m, 1e-15 * fabs((double)m));
        near(var[j], (double)(v / N), 1e-13 * (double)(v / N));
    }
    moments_scale(N, D, mean, var, scale);
    assert_true(var[5] == 0 && scale[5] == 1);
    near(scale[0], sqrt(var[0]), 0);
    moments_free(whole);
    moments_free(rows);

    /* In parts: the first alone is the same bytes, all of them the same numbers; an empty one adds nothing. */
    struct moments *part = moments_new(D), *sum = moments_new(D);
    static const size_t cuts[] = { 0, 100, 100, 101, N };
    double taken[1 + 3 * D];
    for (size_t i = 0; i + 1 < sizeof cuts / sizeof *cuts; i++) {
        moments_add(part, x + cuts[i] * D, cuts[i + 1] - cuts[i]);
        double before[D], var_before[D];
        assert_int_equal(moments_get(part, before, var_before), cuts[i + 1] - cuts[i]);
        moments_take(part, taken);
        moments_join(sum, taken);
        if (i == 0) {
            assert_int_equal(moments_get(sum, mean1, var1), cuts[1]);
            assert_memory_equal(mean1, before, sizeof mean1);
            assert_memory_equal(var1, var_before, sizeof var1);
        }
    }
    assert_int_equal(moments_get(sum, mean1, var1), N);
    for (size_t j = 0; j < D; j++) {
        near(mean1[j], mean[j], 1e-15 * fabs(mean[j]));
        near(var1[j], var[j], 1e-13 * var[j]);
    }
    assert_true(var1[5] == 0);
    moments_free(part);
    moments_free(sum);
    free(x);
    struct moments *none = moments_new(D);
    assert_int_equal(moments_get(none, mean, var), 0);
    moments_free(none);
}

/* A constant column whose mean rounds has a variance of rounding only: scale 1. */
static void constant_but_for_rounding(void **state)
{
    (void)state;
    double mean[2] = { 1e8, 1 }, var[2] = { 1e-10, 1e-10 }, scale[2];
    moments_scale(1000, 2, mean, var, scale);
    assert_true(scale[0] == 1);
    near(scale[1], 1e-5, 1e-19);
}

static struct pca *fit(const float *x, size_t n, size_t d, double want)
{
    struct pca_fit *f = pca_fit_new(d);
    pca_fit_add(f, x, n);
    return pca_fit_solve(f, want);
}

/* Unit rows at right angles, largest entry positive, variance that of the scores. */
static void check_components(const struct pca *p, const float *x)
{
    for (size_t i = 0; i < p->k; i++) {
        const double *v = p->components + i * p->d;
        double largest = 0;
        for (size_t j = 0; j < p->d; j++)
            if (fabs(v[j]) > fabs(largest))
                largest = v[j];
        assert_true(largest > 0);
        for (size_t o = 0; o <= i; o++) {
            double dot = 0;
            for (size_t j = 0; j < p->d; j++)
                dot += v[j] * p->components[o * p->d + j];
            near(dot, i == o, 1e-12);
        }
        double ss = 0;
        for (size_t r = 0; r < p->n; r++) {
            double y = 0;
            for (size_t j = 0; j < p->d; j++)
                y += ((double)x[r * p->d + j] - p->mean[j]) * v[j];
            ss += y * y;
        }
        near(ss / (double)(p->n - 1), p->variance[i], 1e-12 * p->variance[0]);
    }
}

/* Few components of many: those of the whole solution, by rows and by columns. */
static void few_components(void **state)
{
    (void)state;
    const size_t shape[][2] = { { 1600, 1700 }, { 1700, 1600 } };
    for (size_t s = 0; s < 2; s++) {
        size_t n = shape[s][0], d = shape[s][1];
        float *x = normal(n, d, 2, s);      /* spreads fall so fast that few columns matter */
        struct pca *p = fit(x, n, d, 3);
        assert_int_equal(p->m, 3);
        check_components(p, x);
        float *cut = mem_new(n * 80, sizeof *cut);
        for (size_t i = 0; i < n; i++)
            memcpy(cut + i * 80, x + i * d, 80 * sizeof *cut);
        struct pca *all = fit(cut, n, 80, 0);
        for (size_t i = 0; i < 3; i++)
            near(p->variance[i], all->variance[i], 1e-10);
        near(p->total, all->total, 1e-6);
        pca_free(p);
        pca_free(all);
        free(cut);
        free(x);
    }
}

static void components(void **state)
{
    (void)state;
    const size_t shape[][2] = { { 900, 7 }, { 300, 300 }, { 12, 40 }, { 40, 12 }, { 2, 5 } };
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
        size_t n = shape[s][0], d = shape[s][1];
        float *x = normal(n, d, 100, s);
        struct pca *p = fit(x, n, d, 0);
        assert_non_null(p);
        assert_int_equal(p->k, n < d ? n : d);
        check_components(p, x);
        double total = 0;
        for (size_t j = 0; j < d; j++) {
            double m = 0, v = 0;
            for (size_t i = 0; i < n; i++)
                m += (double)x[i * d + j] / (double)n;
            for (size_t i = 0; i < n; i++)
                v += ((double)x[i * d + j] - m) * ((double)x[i * d + j] - m);
            total += v / (double)(n - 1);
        }
        near(p->total, total, 1e-12 * total);
        pca_free(p);
        free(x);
    }
}

/* The same bits for any number of threads and any way of handing in the rows; also where
 * the fit goes over from rows to columns on the way. */
static void any_threads(void **state)
{
    (void)state;
    enum { N = 1500, D = 300 };
    float *x = normal(N, D, 1, 9);
    par_jobs = 1;
    struct pca *one = fit(x, N, D, 5);
    par_jobs = 3;
    struct pca_fit *f = pca_fit_new(D);
    for (size_t i = 0, step; i < N; i += step) {
        step = i % 7 + 1 < N - i ? i % 7 + 1 : N - i;
        pca_fit_add(f, x + i * D, step);
    }
    struct pca *three = pca_fit_solve(f, 5);
    par_jobs = 1;
    assert_memory_equal(one->variance, three->variance, D * sizeof(double));
    assert_memory_equal(one->components, three->components, 5 * D * sizeof(double));
    assert_memory_equal(one->mean, three->mean, D * sizeof(double));
    pca_free(one);
    pca_free(three);
    free(x);
}

static void applied(void **state)
{
    (void)state;
    enum { N = 50, D = 11 };
    float *x = normal(N, D, 3, 4), y[D], back[D];
    struct pca *p = fit(x, N, D, 0);
    double scale[D], ss[D] = { 0 };
    pca_whitening(p, scale);
    for (size_t i = 0; i < N; i++) {
        pca_apply(p, scale, x + i * D, y);
        for (size_t j = 0; j < D; j++)
            ss[j] += (double)y[j] * (double)y[j];
        pca_invert(p, scale, y, back);
        for (size_t j = 0; j < D; j++)
            near((double)back[j], (double)x[i * D + j], 1e-5);
    }
    for (size_t j = 0; j < D; j++)
        near(ss[j] / (N - 1), 1, 1e-5);
    pca_free(p);
    free(x);
}

/* Three rows that are one: no variance, and components all the same. */
static void degenerate(void **state)
{
    (void)state;
    float x[3 * 4] = { 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4 };
    struct pca *p = fit(x, 3, 4, 0);
    assert_int_equal(p->k, 3);
    check_components(p, x);
    float y[4];
    double scale[4];
    pca_whitening(p, scale);
    pca_apply(p, scale, x, y);
    assert_true(y[0] == 0 && p->variance[0] == 0);
    pca_free(p);
    assert_null(fit(x, 1, 4, 0));           /* too few rows */
    assert_null(fit(x, 3, 4, 4));           /* too many components */
    assert_null(fit(x, 0, 4, 0));
    const double variance[4] = { 4, 3, 2, 1 };
    assert_int_equal(pca_count(variance, 4, 0.4), 2);       /* to exceed, not to reach */
    assert_int_equal(pca_count(variance, 4, 0.39), 1);
    assert_int_equal(pca_count(variance, 4, 0.95), 4);
}

/* ZCA of the covariance 12 along (1, 1) and 4/3 along (1, -1); and of one direction only, where the ridge
 * stands for the other. */
static void test_zca(void **state)
{
    (void)state;
    const double s = sqrt(0.5);
    double v[] = { s, s, s, -s }, variance[] = { 12, 4. / 3 };
    struct pca p = { .n = 9, .d = 2, .m = 2, .k = 2, .variance = variance, .components = v };
    for (int i = 0; i < 2; i++) {
        double ridge = i, along = 1 / sqrt(12 + ridge), across = 1 / sqrt(4. / 3 + ridge), *w = pca_zca(&p, ridge);
        assert_true(fabs(w[0] - (along + across) / 2) < 1e-15);
        assert_true(fabs(w[1] - (along - across) / 2) < 1e-15);
        assert_true(fabs(w[2] - (along - across) / 2) < 1e-15);
        assert_true(fabs(w[3] - (along + across) / 2) < 1e-15);
        free(w);
    }
    p.k = p.m = 1;
    assert_null(pca_zca(&p, 0));
    double *w = pca_zca(&p, 0.25), along = 1 / sqrt(12.25), across = 2;
    assert_true(fabs(w[0] - (along + across) / 2) < 1e-15);
    assert_true(fabs(w[1] - (along - across) / 2) < 1e-15);
    free(w);
    p.k = p.m = 2;
    variance[1] = 1e-16;
    assert_null(pca_zca(&p, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zca),
        cmocka_unit_test(products), cmocka_unit_test(eigenpairs), cmocka_unit_test(largest_eigenpairs),
        cmocka_unit_test(top_eigenpairs), cmocka_unit_test(distances),
        cmocka_unit_test(moments), cmocka_unit_test(constant_but_for_rounding), cmocka_unit_test(components), cmocka_unit_test(few_components),
        cmocka_unit_test(any_threads), cmocka_unit_test(applied), cmocka_unit_test(degenerate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
