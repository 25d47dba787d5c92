/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/top.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "math/blas.h"
#include "math/eig.h"

enum { BLOCK = 32, RESTARTS = 300 };

/* Vectors are rows. */
struct top {
    size_t n;
    double *q;                  /* orthonormal q[have][n], and the block that is next behind them */
    double *dot;                /* room for products of a block with all */
    struct rng rng;
};

static double norm_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += x[j] * x[j];
    return sqrt(sum);
}

/* Take what lies in q[have] out of w[b][n]; what was taken is added to s[have][b] (or NULL). */
static void project(struct top *t, size_t have, double *w, size_t b, double *s)
{
    if (!have)
        return;
    blas_f64(false, true, have, b, t->n, 1, t->q, t->n, w, t->n, 0, t->dot, b);
    blas_f64(true, false, b, t->n, have, -1, t->dot, b, t->q, t->n, 1, w, t->n);
    for (size_t i = 0; s && i < have * b; i++)
        s[i] += t->dot[i];
}

static void draw(struct top *t, double *x)
{
    for (size_t j = 0; j < t->n; j++)
        x[j] = rng_normal(&t->rng);
}

/* Make w[b][n], which lies behind q[have] in memory, orthonormal, also to q: w = r' q with
 * r[b][b]. Rows without anything of their own are drawn anew. At most n - have rows are
 * wanted. */
static void straighten(struct top *t, size_t have, size_t b, double scale, double *r)
{
    double *w = t->q + have * t->n;
    memset(r, 0, b * b * sizeof *r);
    for (size_t i = 0; i < b; i++) {
        double *x = w + i * t->n, before = norm_of(x, t->n), after = 0;
        bool drawn = false;
        for (int pass = 0; pass < 4; pass++) {
            if (i) {
                blas_f64(false, true, i, 1, t->n, 1, w, t->n, x, t->n, 0, t->dot, 1);
                blas_f64(true, false, 1, t->n, i, -1, t->dot, 1, w, t->n, 1, x, t->n);
            }
            for (size_t k = 0; k < i && !drawn; k++)
                r[i * b + k] += t->dot[k];
            after = norm_of(x, t->n);
            if (!drawn && !(after > 1e-14 * scale)) {
                draw(t, x);
                drawn = true;
                before = norm_of(x, t->n);
                pass = 0;
                project(t, have, x, 1, NULL);
            } else if (pass && after > 0.5 * before) {
                break;
            } else {
                project(t, have, x, 1, NULL);
                before = after;
            }
        }
        r[i * b + i] = drawn ? 0 : after;
        after = norm_of(x, t->n);
        for (size_t j = 0; j < t->n; j++)
            x[j] /= after;
    }
}

static void start(struct top *t, size_t n, size_t most, uint64_t seed)
{
    t->n = n;
    t->q = mem_aligned(mem_mul(most, n), sizeof *t->q);
    t->dot = mem_new(mem_mul(most, most), sizeof *t->dot);
    rng_init(&t->rng, seed, 0);
}

/* Eigenvectors of the leading h[m][m], of `ld` numbers a row, descending, to vec[m][m]. */
static bool solve(const double *h, size_t ld, size_t m, double *vec, double *w)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            vec[i * m + j] = 0.5 * (h[i * ld + j] + h[j * ld + i]);
    if (!eig_sym(vec, m, w))
        return false;
    for (size_t i = 0; i < m / 2; i++) {
        double swap = w[i];
        w[i] = w[m - 1 - i];
        w[m - 1 - i] = swap;
        for (size_t j = 0; j < m; j++) {
            swap = vec[i * m + j];
            vec[i * m + j] = vec[(m - 1 - i) * m + j];
            vec[(m - 1 - i) * m + j] = swap;
        }
    }
    return true;
}

bool top_exact(size_t n, size_t k, top_apply *apply, void *state, double *w, double *v)
{
    size_t b = n < BLOCK ? n : BLOCK, most = 3 * k + 4 * BLOCK < n ? 3 * k + 4 * BLOCK : n;
    struct top t;
    /* q[have] have been multiplied, `next` more wait behind them */
    size_t ld = most + 3 * b, have = 0, next = b;
    start(&t, n, ld, 1);
    double *h = mem_zero(mem_mul(ld, ld), sizeof *h), *vec = mem_new(mem_mul(ld, ld), sizeof *vec);
    double *value = mem_new(ld, sizeof *value), *r = mem_zero(b * b, sizeof *r), *s = mem_new(ld * b, sizeof *s);
    double *kept = mem_aligned(mem_mul(k + b, n), sizeof *kept);
    bool done = false, good = true;
    for (size_t i = 0; i < b; i++)
        draw(&t, t.q + i * n);
    straighten(&t, 0, b, 1, r);
    for (int round = 0; !done && good && round < RESTARTS; round++) {
        while (next && (have < most || next < b)) {      /* the rest of the whole space is always taken */
            size_t from = have;
            double *block = t.q + (have + next) * n;
            apply(t.q + from * n, next, block, state);
            have += next;
            memset(s, 0, have * next * sizeof *s);
            double scale = norm_of(block, n * next);
            project(&t, have, block, next, s);
            project(&t, have, block, next, s);
            for (size_t i = 0; i < have; i++)
                for (size_t j = 0; j < next; j++)
                    h[i * ld + from + j] = h[(from + j) * ld + i] = s[i * next + j];
            if (n - have < next)
                next = n - have;
            b = have - from;
            memset(r, 0, b * b * sizeof *r);
            if (next == b) {
                straighten(&t, have, next, scale, r);
            } else if (next) {                      /* the last of the whole space: any vectors at right angles */
                for (size_t i = 0; i < next; i++)
                    draw(&t, t.q + (have + i) * n);
                project(&t, have, t.q + have * n, next, NULL);
                double *unused = mem_new(next * next, sizeof *unused);
                straighten(&t, have, next, 0, unused);
                free(unused);
            }
        }
        good = solve(h, ld, have, vec, value);
        done = good;
        for (size_t i = 0; good && i < k && next; i++) {    /* |r' times the end of the vector| */
            double sum = 0;
            for (size_t c = 0; c < b; c++) {
                double x = 0;
                for (size_t a = 0; a < b; a++)
                    x += r[a * b + c] * vec[i * have + have - b + a];
                sum += x * x;
            }
            done = done && sqrt(sum) <= 1e-12 * value[0];
        }
        size_t keep = done ? k : k + b < have ? k + b : have;
        blas_f64(false, false, keep, n, have, 1, vec, have, t.q, n, 0, kept, n);
        if (done)
            break;
        memmove(t.q + keep * n, t.q + have * n, next * n * sizeof *t.q);
        memcpy(t.q, kept, keep * n * sizeof *kept);
        memset(h, 0, ld * ld * sizeof *h);
        for (size_t i = 0; i < keep; i++)
            h[i * ld + i] = value[i];
        have = keep;
    }
    if (done) {
        memcpy(w, value, k * sizeof *w);
        memcpy(v, kept, k * n * sizeof *v);
    }
    free(t.q);
    free(t.dot);
    free(h);
    free(vec);
    free(value);
    free(r);
    free(s);
    free(kept);
    return done;
}

void top_random(size_t n, size_t k, size_t steps, uint64_t seed, top_apply *apply, void *state, double *w,
                double *v)
{
    size_t wide = (k + 10 + 15) / 16 * 16, b = wide < n ? wide : n;     /* whole vectors of the processor */
    struct top t;
    start(&t, n, 2 * b, seed);
    double *r = mem_new(b * b, sizeof *r), *vec = mem_new(b * b, sizeof *vec), *value = mem_new(b, sizeof *value);
    double *y = t.q + b * n;
    for (size_t i = 0; i < b; i++)
        draw(&t, t.q + i * n);
    straighten(&t, 0, b, 1, r);
    for (size_t step = 0; step < steps; step++) {
        apply(t.q, b, y, state);
        double scale = norm_of(y, b * n);
        memcpy(t.q, y, b * n * sizeof *y);
        straighten(&t, 0, b, scale, r);
    }
    apply(t.q, b, y, state);
    blas_f64(false, true, b, b, n, 1, t.q, n, y, n, 0, r, b);
    memset(w, 0, k * sizeof *w);
    memset(v, 0, k * n * sizeof *v);
    if (solve(r, b, b, vec, value)) {
        memcpy(w, value, k * sizeof *w);
        blas_f64(false, false, k, n, b, 1, vec, b, t.q, n, 0, v, n);
    }
    free(t.q);
    free(t.dot);
    free(r);
    free(vec);
    free(value);
}
