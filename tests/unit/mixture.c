/* mixture: densities against the formula of two dimensions, a likelihood that rises, collapse, threads
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
#include "cluster/mixture.h"

enum { N = 1000, D = 2, K = 3 };

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.17g, not %.17g: off by %g", got, want, got - want);
}

/* Three clouds, slanted, `far` from 0; start[N] is right for most. */
static float *clouds(double far, int32_t *start)
{
    float *x = mem_new(N * D, sizeof *x);
    struct rng r;
    rng_init(&r, 7, 0);
    for (size_t i = 0; i < N; i++) {
        double a = rng_normal(&r), b = rng_normal(&r);
        size_t c = i % K;
        x[i * D] = (float)(far + a + 3 * (double)c);
        x[i * D + 1] = (float)(far + 0.5 * b + (c ? a : -a));
        start[i] = (int32_t)(i % 10 ? c : rng_below(&r, K));
    }
    return x;
}

static struct mixture_options options(enum mixture_kind kind, size_t steps)
{
    return (struct mixture_options){ .k = K, .kind = kind, .reg = 1e-6, .max_iter = steps };
}

/* The density by the inverse and the determinant of a 2 x 2 matrix. */
static double density(const struct mixture *m, size_t k, const float *x)
{
    const double *c = m->covariance + (m->kind == MIXTURE_FULL ? 4 * k : 0);
    double xx, xy, yy;
    switch (m->kind) {
    case MIXTURE_SPHERICAL: xx = yy = c[k]; xy = 0; break;
    case MIXTURE_DIAG: xx = c[2 * k]; yy = c[2 * k + 1]; xy = 0; break;
    default: xx = c[0]; yy = c[3]; xy = c[1]; assert_true(fabs(c[1] - c[2]) < 1e-12);
    }
    double a = (double)x[0] - m->mean[2 * k], b = (double)x[1] - m->mean[2 * k + 1], det = xx * yy - xy * xy;
    return m->weight[k] / (2 * 3.14159265358979323846 * sqrt(det)) * exp(-(yy * a * a - 2 * xy * a * b + xx * b * b) / det / 2);
}

static void is_the_formula(void **unused)
{
    (void)unused;
    int32_t start[N], label[N];
    float p[N * K];
    for (int far = 0; far < 2; far++) {
        float *x = clouds(far ? 1000 : 0, start);
        for (int kind = MIXTURE_SPHERICAL; kind <= MIXTURE_FULL; kind++) {
            struct mixture_options o = options((enum mixture_kind)kind, 5);
            struct mixture *m = mixture_fit(x, N, D, start, &o);
            double total = 0, weights = 0, likelihood = mixture_label(m, x, N, label, p);
            for (size_t i = 0; i < N; i++) {
                double sum = 0, of[K];
                for (size_t k = 0; k < K; k++)
                    sum += of[k] = density(m, k, x + i * D);
                for (size_t k = 0; k < K; k++) {
                    near((double)p[i * K + k], of[k] / sum, 1e-6);
                    assert_true(of[label[i]] >= of[k]);
                }
                total += log(sum);
            }
            near(likelihood, total / N, far ? 1e-8 : 1e-12);
            for (size_t k = 0; k < K; k++)
                weights += m->weight[k];
            near(weights, 1, 1e-12);
            mixture_free(m);
        }
        free(x);
    }
}

/* Each step makes it likelier, and the same bits come of any number of threads. */
static void rises(void **unused)
{
    (void)unused;
    int32_t start[N];
    float *x = clouds(0, start);
    for (int kind = MIXTURE_SPHERICAL; kind <= MIXTURE_FULL; kind++) {
        double last = -INFINITY;
        for (size_t steps = 1; steps < 12; steps++) {
            struct mixture_options o = options((enum mixture_kind)kind, steps);
            par_jobs = 1;
            struct mixture *m = mixture_fit(x, N, D, start, &o);
            par_jobs = 3;
            struct mixture *again = mixture_fit(x, N, D, start, &o);
            assert_memory_equal(m->covariance, again->covariance, m->rows * m->columns * sizeof(double));
            assert_memory_equal(m->mean, again->mean, K * D * sizeof(double));
            assert_true(m->likelihood > last && m->n_iter == steps && !m->converged);
            last = m->likelihood;
            mixture_free(m);
            mixture_free(again);
        }
    }
    free(x);
}

/* Rows on a line, a component without rows, no reg: held, finite, counted. */
static void collapses(void **unused)
{
    (void)unused;
    float x[20 * D];
    int32_t start[20] = { 0 }, label[20];
    for (size_t i = 0; i < 20; i++)
        x[2 * i] = x[2 * i + 1] = (float)i;
    for (int kind = MIXTURE_SPHERICAL; kind <= MIXTURE_FULL; kind++)
        for (int reg = 0; reg < 2; reg++) {
            struct mixture_options o = { .k = 2, .kind = (enum mixture_kind)kind, .reg = reg ? 1e-6 : 0, .max_iter = 10 };
            struct mixture *m = mixture_fit(x, 20, D, start, &o);
            assert_true(isfinite(m->likelihood) && isfinite(mixture_label(m, x, 20, label, NULL)));
            assert_true(m->least > 0 && m->collapsed >= (kind == MIXTURE_TIED || kind == MIXTURE_FULL ? 2 : 1));
            mixture_free(m);
        }
}

/* The first of the most likely starts, each from k-means; or the one from given means. */
static void best_of_starts(void **unused)
{
    (void)unused;
    int32_t start[N];
    float *x = clouds(0, start);
    struct mixture_options o = options(MIXTURE_FULL, 3);
    o.k = 5;
    o.n_init = 4;
    o.seed = 1;
    struct mixture *best = mixture_best(x, N, D, &o), *first = NULL;
    double most = -INFINITY;
    uint64_t most_likely = 0;
    for (uint64_t i = 0; i < 4; i++) {
        struct kmeans *means = kmeans_fit(x, N, D, &(struct kmeans_options){
            .k = 5, .n_init = 1, .max_iter = 300, .tol = 1e-4, .seed = 1 + i });
        struct mixture *m = mixture_fit(x, N, D, means->label, &o);
        if (m->likelihood > most) {
            most = m->likelihood;
            most_likely = i;
            mixture_free(first);
            first = m;
        } else {
            mixture_free(m);
        }
        kmeans_free(means);
    }
    assert_true(most_likely == 1 || most_likely == 2);          /* else a test of less */
    assert_true(best->likelihood >= most && best->likelihood <= most);
    assert_memory_equal(best->mean, first->mean, 5 * D * sizeof *best->mean);
    double init[K * D] = { 0, 0, 3, 0, 6, 0 };
    for (size_t i = 0; i < N; i++)
        start[i] = x[i * D] < 1.5F ? 0 : x[i * D] < 4.5F ? 1 : 2;
    o.k = K;
    o.init = init;
    struct mixture *given = mixture_best(x, N, D, &o), *known = mixture_fit(x, N, D, start, &o);
    assert_memory_equal(given->mean, known->mean, K * D * sizeof *given->mean);
    mixture_free(best);
    mixture_free(first);
    mixture_free(given);
    mixture_free(known);
    free(x);
}

/* Three components of two columns, along the axes: 2 weights, 6 means, 6 variances. */
static void criteria(void **unused)
{
    (void)unused;
    struct mixture m = { .k = 3, .d = 2, .kind = MIXTURE_DIAG };
    double bic, aic;
    mixture_criteria(&m, -2, 100, &bic, &aic);
    near(bic, 400 + 14 * log(100), 1e-12);
    near(aic, 428, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(is_the_formula), cmocka_unit_test(rises), cmocka_unit_test(collapses),
        cmocka_unit_test(best_of_starts), cmocka_unit_test(criteria) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
