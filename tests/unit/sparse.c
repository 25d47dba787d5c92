/* sparse, top, pca_sparse: against the same work on dense matrices
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
#include "math/pca.h"
#include "math/sparse.h"
#include "math/top.h"

/* Random rows with about `filled` numbers each, of falling size from column to column; the
 * same as a dense matrix in x[n][d]. */
static struct sparse_rows *rows(size_t n, size_t d, double filled, uint64_t seed, float *x)
{
    struct sparse_rows *s = sparse_new(d);
    struct rng rng;
    uint32_t *column = mem_new(d, sizeof *column);
    float *value = mem_new(d, sizeof *value);
    rng_init(&rng, seed, 0);
    memset(x, 0, n * d * sizeof *x);
    for (size_t i = 0; i < n; i++) {
        size_t nnz = 0;
        for (size_t j = 0; j < d; j++)
            if (rng_uniform(&rng) < filled / (double)d) {
                column[nnz] = (uint32_t)j;
                x[i * d + j] = value[nnz++] = (float)((rng_uniform(&rng) + 0.2) * pow(0.98, (double)j));
            }
        sparse_add(s, nnz, column, value);
    }
    sparse_index(s);
    free(column);
    free(value);
    return s;
}

static void near(const double *got, const double *want, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= tolerance))
            fail_msg("at %zu: %.17g, not %.17g", i, got[i], want[i]);
}

/* Dense rows are stored whole; sparse ones can be added to the dense fit. */
static void dense(void **state)
{
    (void)state;
    enum { N = 30, D = 7 };
    static float x[N * D];
    struct sparse_rows *s = rows(N, D, 3, 4, x), *whole = sparse_new(D);
    for (size_t i = 0; i < N; i++)
        sparse_add_dense(whole, x + i * D);
    assert_int_equal(whole->n, N);
    assert_int_equal(whole->nnz, N * D);
    for (size_t i = 0; i < N * D; i++)
        assert_true(whole->at[i].column == i % D && whole->at[i].value == x[i]);
    struct pca_fit *a = pca_fit_new(D), *b = pca_fit_new(D);
    pca_fit_add(a, x, N);
    pca_fit_add_sparse(b, s);
    struct pca *p = pca_fit_solve(a, 0), *q = pca_fit_solve(b, 0);
    assert_memory_equal(p->mean, q->mean, D * sizeof *p->mean);
    assert_memory_equal(p->components, q->components, D * D * sizeof *p->components);
    pca_free(p);
    pca_free(q);
    sparse_free(s);
    sparse_free(whole);
}

static void products(void **state)
{
    (void)state;
    enum { N = 70, D = 90, B = 3 };
    static float x[N * D];
    static double mean[D], c[D * D], g[N * N], centred[N * D], want[D * D > N * N ? D * D : N * N], v[B * D], y[B * D];
    struct sparse_rows *s = rows(N, D, 9, 1, x);
    double total = sparse_mean(s, mean), sum = 0;
    for (size_t i = 0; i < N * D; i++) {
        centred[i] = (double)x[i] - mean[i % D];
        sum += centred[i] * centred[i];
    }
    near(&total, &sum, 1, 1e-10);
    for (int jobs = 1; jobs <= 3; jobs += 2) {
        par_jobs = jobs;
        sparse_columns_product(s, mean, c);
        sparse_rows_product(s, mean, g);
        memset(want, 0, sizeof want);
        for (size_t i = 0; i < D; i++)
            for (size_t j = 0; j < D; j++)
                for (size_t k = 0; k < N; k++)
                    want[i * D + j] += centred[k * D + i] * centred[k * D + j];
        near(c, want, D * D, 1e-11);
        for (size_t b = 0; b < B; b++)
            for (size_t j = 0; j < D; j++)
                v[b * D + j] = cos((double)(b * D + j));
        sparse_apply(s, mean, v, B, y);
        for (size_t b = 0; b < B; b++)
            for (size_t j = 0; j < D; j++) {
                double dot = 0;
                for (size_t k = 0; k < D; k++)
                    dot += v[b * D + k] * want[k * D + j];
                near(y + b * D + j, &dot, 1, 1e-11);
            }
        memset(want, 0, sizeof want);
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++)
                for (size_t k = 0; k < D; k++)
                    want[i * N + j] += centred[i * D + k] * centred[j * D + k];
        near(g, want, N * N, 1e-11);
    }
    sparse_free(s);
}

/* The same as pca_fit_solve of the dense rows, wide or tall, and applied. */
static void exact(void **state)
{
    (void)state;
    static const size_t shapes[][3] = { { 300, 500, 12 }, { 700, 200, 30 }, { 60, 40, 40 }, { 40, 60, 39 }, { 2, 5, 1 }, { 500, 20, 3 } };
    for (size_t c = 0; c < sizeof shapes / sizeof *shapes; c++) {
        size_t n = shapes[c][0], d = shapes[c][1], k = shapes[c][2];
        float *x = mem_new(n * d, sizeof *x), *got = mem_new(k, sizeof *got), *want = mem_new(d, sizeof *want);
        struct sparse_rows *s = rows(n, d, 15, c, x);
        struct pca_fit *fit = pca_fit_new(d);
        pca_fit_add(fit, x, n);
        struct pca *dense = pca_fit_solve(fit, (double)k), *p = pca_sparse(s, k, 0, 0);
        assert_non_null(p);
        near(p->variance, dense->variance, k, 1e-12);
        near(&p->total, &dense->total, 1, 1e-11);
        for (size_t i = 0; i < k; i++) {
            double gap = i + 1 < dense->m ? dense->variance[i] - dense->variance[i + 1] : 1;
            if (i && dense->variance[i - 1] - dense->variance[i] < gap)
                gap = dense->variance[i - 1] - dense->variance[i];
            if (gap > 1e-6)
                near(p->components + i * d, dense->components + i * d, d, 1e-12 / gap);
        }
        double *prepared = pca_sparse_prepare(p);
        uint32_t *column = mem_new(d, sizeof *column);
        float *value = mem_new(d, sizeof *value);
        for (size_t i = 0; i < n; i += 7) {
            size_t nnz = 0;
            for (size_t e = s->begin[i]; e < s->begin[i + 1]; e++) {
                column[nnz] = s->at[e].column;
                value[nnz++] = s->at[e].value;
            }
            pca_sparse_apply(p, prepared, NULL, nnz, column, value, got);
            pca_apply(p, NULL, x + i * d, want);
            for (size_t j = 0; j < k; j++)
                assert_true(fabsf(got[j] - want[j]) <= 1e-6f);
        }
        free(column);
        free(value);
        free(prepared);
        pca_free(p);
        pca_free(dense);
        sparse_free(s);
        free(x);
        free(got);
        free(want);
    }
}

static void random_is_close(void **state)
{
    (void)state;
    enum { N = 400, D = 300, K = 10 };
    float *x = mem_new(N * D, sizeof *x);
    struct sparse_rows *s = rows(N, D, 20, 5, x);
    struct pca *p = pca_sparse(s, K, 0, 0), *r = pca_sparse(s, K, 8, 3), *again = pca_sparse(s, K, 8, 3);
    assert_memory_equal(r->components, again->components, K * D * sizeof(double));
    for (size_t i = 0; i < K; i++) {
        assert_true(r->variance[i] <= p->variance[i] * (1 + 1e-12));
        assert_true(r->variance[i] >= p->variance[i] * 0.97);
    }
    pca_free(p);
    pca_free(r);
    pca_free(again);
    sparse_free(s);
    free(x);
}

/* Operators whose eigenpairs are known: a diagonal with a cluster, few distinct values, zero. */
struct diagonal { size_t n; const double *a; };
static void apply(const double *v, size_t b, double *y, void *state)
{
    const struct diagonal *o = state;
    for (size_t i = 0; i < b; i++)
        for (size_t j = 0; j < o->n; j++)
            y[i * o->n + j] = v[i * o->n + j] * o->a[j];
}

static void known(void **state)
{
    (void)state;
    enum { N = 1000, K = 50 };
    static double a[N], w[K], v[K * N];
    for (int kind = 0; kind < 4; kind++) {
        for (size_t j = 0; j < N; j++)
            a[j] = kind == 0 ? 1 / (1.0 + (double)j) : kind == 1 ? (double)(j < 7 ? 3 : j < 40 ? 2 : 1) : kind == 2 ? 0 :
                   1 + 1e-3 * (double)(N - j) / N;
        assert_true(top_exact(N, K, apply, &(struct diagonal){ N, a }, w, v));
        near(w, a, K, 1e-12);
        for (size_t i = 0; i < K; i++) {
            double norm = 0, dot = 0;
            for (size_t j = 0; j < N; j++) {
                norm += v[i * N + j] * v[i * N + j];
                dot += i ? v[i * N + j] * v[(i - 1) * N + j] : 0;
            }
            assert_true(fabs(norm - 1) < 1e-12 && fabs(dot) < 1e-12);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense), cmocka_unit_test(products), cmocka_unit_test(exact), cmocka_unit_test(random_is_close), cmocka_unit_test(known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
