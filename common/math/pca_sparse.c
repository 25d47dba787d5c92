/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "math/blas.h"
#include "math/pca.h"
#include "math/top.h"

enum { STRIP = 512 };           /* columns that a thread takes of a product */

/* The operator: a square matrix that was worked out, or the rows. */
struct operator { const struct sparse_rows *s; const double *mean; double *square; size_t n; };
struct product { const struct operator *o; const double *v; size_t b; double *y; };

static void strip(size_t block, void *state)
{
    struct product *p = state;
    size_t n = p->o->n, begin = par_begin(block, STRIP), end = par_end(block, STRIP, n);
    blas_f64(false, false, p->b, end - begin, n, 1, p->v, n, p->o->square + begin, n, 0, p->y + begin, n);
}

static void apply(const double *v, size_t b, double *y, void *state)
{
    const struct operator *o = state;
    if (o->square)
        par_for(par_blocks(o->n, STRIP), strip, &(struct product){ o, v, b, y });
    else
        sparse_apply(o->s, o->mean, v, b, y);
}

/* Components out of eigenvectors u[k][n] of the products of rows: u (X - mean), of length 1.
 * One without variance becomes zero: what is left of it is rounding. */
static void from_rows(const struct operator *o, const double *u, const double *w, size_t k, double *v)
{
    size_t d = o->s->d;
    sparse_combine(o->s, o->mean, u, k, v);
    for (size_t i = 0; i < k; i++) {
        double norm = 0;
        for (size_t j = 0; j < d; j++)
            norm += v[i * d + j] * v[i * d + j];
        double scale = w[i] > (double)o->n * DBL_EPSILON * w[0] && norm > 0 ? 1 / sqrt(norm) : 0;
        for (size_t j = 0; j < d; j++)
            v[i * d + j] *= scale;
    }
}

struct pca *pca_sparse(const struct sparse_rows *s, size_t k, size_t steps, uint64_t seed)
{
    struct pca *p = mem_zero(1, sizeof *p);
    *p = (struct pca){ .n = s->n, .d = s->d, .m = k, .k = k };
    p->mean = mem_new(s->d, sizeof *p->mean);
    p->variance = mem_new(k, sizeof *p->variance);
    p->components = mem_aligned(mem_mul(k, s->d), sizeof *p->components);
    double total = sparse_mean(s, p->mean), by = (double)(s->n - 1);
    p->total = total > 0 ? total / by : 0;
    bool rows = s->n < s->d && s->n <= PCA_SQUARE && !steps, good = true;
    struct operator o = { s, p->mean, NULL, rows ? s->n : s->d };
    if (!steps && o.n <= PCA_SQUARE) {
        o.square = mem_aligned(mem_mul(o.n, o.n), sizeof *o.square);
        (rows ? sparse_rows_product : sparse_columns_product)(s, p->mean, o.square);
    }
    double *v = rows ? mem_aligned(mem_mul(k, s->n), sizeof *v) : p->components;
    if (steps)
        top_random(o.n, k, steps, seed, apply, &o, p->variance, v);
    else
        good = top_exact(o.n, k, apply, &o, p->variance, v);
    if (good && rows)
        from_rows(&o, v, p->variance, k, p->components);
    if (rows)
        free(v);
    free(o.square);
    if (!good) {
        pca_free(p);
        return NULL;
    }
    for (size_t i = 0; i < k; i++) {
        double *c = p->components + i * s->d, largest = 0;
        p->variance[i] = p->variance[i] > 0 ? p->variance[i] / by : 0;
        for (size_t j = 0; j < s->d; j++)
            if (fabs(c[j]) > fabs(largest))
                largest = c[j];
        for (size_t j = 0; j < s->d && largest < 0; j++)
            c[j] = -c[j];
    }
    return p;
}

/* The components turned around, [d][k], and behind them what they give for the mean, [k]. */
double *pca_sparse_prepare(const struct pca *p)
{
    double *t = mem_zero(mem_mul(p->d + 1, p->k), sizeof *t);
    for (size_t i = 0; i < p->k; i++)
        for (size_t j = 0; j < p->d; j++) {
            t[j * p->k + i] = p->components[i * p->d + j];
            t[p->d * p->k + i] += p->components[i * p->d + j] * p->mean[j];
        }
    return t;
}

void pca_sparse_apply(const struct pca *p, const double *prepared, const double *scale, size_t nnz,
                      const uint32_t *column, const float *value, float *y)
{
    enum { AT_ONCE = 64 };
    for (size_t begin = 0; begin < p->k; begin += AT_ONCE) {
        size_t k = p->k - begin < AT_ONCE ? p->k - begin : AT_ONCE;
        double sum[AT_ONCE] = { 0 };
        for (size_t e = 0; e < nnz; e++) {
            const double *t = prepared + column[e] * p->k + begin;
            for (size_t i = 0; i < k; i++)
                sum[i] += (double)value[e] * t[i];
        }
        for (size_t i = 0; i < k; i++) {
            double v = sum[i] - prepared[p->d * p->k + begin + i];
            y[begin + i] = (float)(!scale ? v : scale[begin + i] > 0 ? v / scale[begin + i] : 0);
        }
    }
}
