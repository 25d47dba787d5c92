/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/eig.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "math/blas.h"

/* LAPACK as OpenBLAS has it; the lengths of the text arguments come last. */
extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
                    double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);

bool eig_sym(double *a, size_t n, double *w)
{
    if (n == 0)
        return true;
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(a[i]))        /* LAPACK would not return */
            return false;
    if (n > EIG_MAX)
        return false;
    int order = (int)n, ask = -1, info = 0, iwork_size;
    double work_size;
    blas_one_thread();
    dsyevd_("V", "U", &order, a, &order, w, &work_size, &ask, &iwork_size, &ask, &info, 1, 1);
    int lwork = (int)work_size, liwork = iwork_size;
    double *work = mem_new((size_t)lwork, sizeof *work);
    int *iwork = mem_new((size_t)liwork, sizeof *iwork);
    dsyevd_("V", "U", &order, a, &order, w, work, &lwork, iwork, &liwork, &info, 1, 1);
    free(work);
    free(iwork);
    return info == 0;
}

/* ---- the largest ones ---- */

enum { DEPTH = 6, STRIP = 256, MOST_STARTS = 60 };

/* A basis grows by blocks of b rows to DEPTH of them; image is a times it. */
struct krylov {
    const double *a;
    size_t n, b, rows;          /* columns; rows of a block; rows of basis that there are */
    double *basis, *image;      /* [DEPTH b][n] */
};

static void image_strip(size_t i, void *state)
{
    struct krylov *s = state;
    size_t from = i * STRIP, n = s->n - from < STRIP ? s->n - from : STRIP, at = (s->rows - s->b) * s->n;
    blas_f64(false, false, s->b, n, s->n, 1, s->basis + at, s->n, s->a + from, s->n, 0, s->image + at + from, s->n);
}

static double dot(const double *x, const double *y, size_t n)
{
    double s[8] = { 0 };
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t l = 0; l < 8; l++)
            s[l] += x[i + l] * y[i + l];
    for (size_t l = 0; i < n; i++, l++)
        s[l] += x[i] * y[i];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static void draw_row(double *x, size_t n, struct rng *r)
{
    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal(r);
}

/* Make rows begin ... begin + b - 1 of the basis unit and at right angles to all before; what has
 * nothing left is drawn anew. */
static void straighten(struct krylov *s, size_t begin, struct rng *r)
{
    double *dots = mem_new(mem_mul(s->b, begin + 1), sizeof *dots);
    for (int pass = 0; pass < 2 && begin; pass++) {
        double *x = s->basis + begin * s->n;
        blas_f64(false, true, s->b, begin, s->n, 1, x, s->n, s->basis, s->n, 0, dots, begin);
        blas_f64(false, false, s->b, s->n, begin, -1, dots, begin, s->basis, s->n, 1, x, s->n);
    }
    free(dots);
    for (size_t i = begin; i < begin + s->b; i++) {
        double *x = s->basis + i * s->n, before = sqrt(dot(x, x, s->n)), norm = before;
        size_t from = begin;            /* the rows before are done, unless much is lost */
        for (int pass = 0; pass < 4; pass++) {
            for (size_t j = from; j < i; j++) {
                double c = dot(x, s->basis + j * s->n, s->n);
                for (size_t l = 0; l < s->n; l++)
                    x[l] -= c * s->basis[j * s->n + l];
            }
            norm = sqrt(dot(x, x, s->n));
            if (!(norm > 1e-12 * before) || norm < 1e-300) {
                draw_row(x, s->n, r);
                before = norm = sqrt(dot(x, x, s->n));
                pass = 0;
            }
            if (pass && norm > 0.5 * before)
                break;
            before = norm;
            from = 0;
        }
        for (size_t l = 0; l < s->n; l++)
            x[l] /= norm;
    }
}

/* Rayleigh and Ritz: the best b directions within the basis become its first block, their
 * images the first of image. The values to w[b]; false if LAPACK fails. */
static bool ritz(struct krylov *s, double *w)
{
    size_t m = s->rows, n = s->n;
    double *t = mem_new(m * m, sizeof *t), *values = mem_new(m, sizeof *values);
    double *next = mem_aligned(mem_mul(s->b, n), sizeof *next);
    blas_f64(false, true, m, m, n, 1, s->basis, n, s->image, n, 0, t, m);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < i; j++)
            t[i * m + j] = t[j * m + i] = (t[i * m + j] + t[j * m + i]) / 2;
    bool good = eig_sym(t, m, values);
    if (good) {
        double *top = mem_new(s->b * m, sizeof *top);
        for (size_t i = 0; i < s->b; i++) {
            w[i] = values[m - 1 - i];
            memcpy(top + i * m, t + (m - 1 - i) * m, m * sizeof *top);
        }
        double *both[2] = { s->basis, s->image };
        for (int i = 0; i < 2; i++) {
            blas_f64(false, false, s->b, n, m, 1, top, m, both[i], n, 0, next, n);
            memcpy(both[i], next, s->b * n * sizeof *next);
        }
        free(top);
    }
    free(t);
    free(values);
    free(next);
    return good;
}

/* Whether the first k rows of the basis are eigenvectors. */
static bool converged(const struct krylov *s, const double *w, size_t k)
{
    for (size_t i = 0; i < k; i++) {
        double ss = 0;
        for (size_t l = 0; l < s->n; l++) {
            double e = s->image[i * s->n + l] - w[i] * s->basis[i * s->n + l];
            ss += e * e;
        }
        if (!(sqrt(ss) <= 1e-11 * w[0]))
            return false;
    }
    return true;
}

bool eig_few(size_t n, size_t k)
{
    return n >= 1500 && k <= n / 32;
}

bool eig_sym_top(const double *a, size_t n, size_t k, double *w, double *v)
{
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(a[i]))
            return false;
    blas_one_thread();
    struct krylov s = { .a = a, .n = n, .b = k + k / 4 + 8 };
    double *values = mem_new(s.b, sizeof *values);
    struct rng r;
    bool done = false, good = true;
    s.basis = mem_aligned(mem_mul(DEPTH * s.b, n), sizeof *s.basis);
    s.image = mem_aligned(mem_mul(DEPTH * s.b, n), sizeof *s.image);
    rng_init(&r, 0, 0);
    for (size_t i = 0; i < s.b; i++)
        draw_row(s.basis + i * n, n, &r);
    straighten(&s, 0, &r);
    s.rows = s.b;
    par_for(par_blocks(n, STRIP), image_strip, &s);
    for (int start = 0; start < MOST_STARTS && good && !done; start++) {
        for (s.rows = s.b; s.rows < DEPTH * s.b; ) {
            memcpy(s.basis + s.rows * n, s.image + (s.rows - s.b) * n, s.b * n * sizeof *s.basis);
            straighten(&s, s.rows, &r);
            s.rows += s.b;
            par_for(par_blocks(n, STRIP), image_strip, &s);
        }
        good = ritz(&s, values);
        done = good && converged(&s, values, k);
    }
    memcpy(w, values, k * sizeof *w);
    memcpy(v, s.basis, k * n * sizeof *v);
    free(values);
    free(s.basis);
    free(s.image);
    return done;
}

