/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/spectral.h"

#include <arpack/arpack.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/openblas.h"
#include "base/rng.h"
#include "math/eig.h"

/* ---- the eigenvectors ---- */

struct system {
    const struct graph *g;
    double *scratch;            /* of its products */
    double *root_degree;        /* [n] sqrt of the degree */
    double *scaled;             /* [n] scratch */
    double *known;              /* [parts][n]: unit vectors of eigenvalue 1 of S */
    size_t parts;
    size_t most;                /* bytes that LAPACK may take; 0 is no limit */
};

/* y = (S - 2 sum of known v v^T) x with S = D^-1/2 W D^-1/2: the known ones go to -1. */
static void apply(struct system *s, const double *x, double *y)
{
    size_t n = s->g->n;
    for (size_t i = 0; i < n; i++)
        s->scaled[i] = x[i] / s->root_degree[i];
    graph_multiply(s->g, s->scaled, y, s->scratch);
    for (size_t i = 0; i < n; i++)
        y[i] /= s->root_degree[i];
    for (size_t p = 0; p < s->parts; p++) {
        const double *v = s->known + p * n;
        double dot = 0;
        for (size_t i = 0; i < n; i++)
            dot += v[i] * x[i];
        for (size_t i = 0; i < n; i++)
            y[i] -= 2 * dot * v[i];
    }
}

double spectral_dense_bytes(const struct graph *g)
{
    return 8 * (double)g->n * (double)g->n * (g->half ? 2.5 : 2);
}

/* All eigenpairs, by LAPACK; the largest `want` into value, vector. */
static enum spectral_end dense(struct system *s, size_t want, double *value, double *vector)
{
    size_t n = s->g->n;
    if (s->most && spectral_dense_bytes(s->g) > (double)s->most)
        return SPECTRAL_TOO_LARGE;
    double *a = mem_new(n * n, sizeof *a), *w = mem_new(n, sizeof *w), *unit = mem_zero(n, sizeof *unit);
    for (size_t i = 0; i < n; i++) {
        unit[i] = 1;
        apply(s, unit, a + i * n);
        unit[i] = 0;
    }
    bool good = eig_sym(a, n, w);
    for (size_t k = 0; good && k < want; k++) {
        value[k] = w[n - 1 - k];
        memcpy(vector + k * n, a + (n - 1 - k) * n, n * sizeof *vector);
    }
    free(a);
    free(w);
    free(unit);
    return good ? SPECTRAL_DONE : SPECTRAL_STUCK;
}

/* Where eigenvalues lie so close together that ARPACK cannot part them, as in graphs of parts that
 * hardly touch, LAPACK can, up to so many rows. */
enum { MOST_RESTARTS = 1000, MOST_DENSE = 5000 };

/* The largest `want` eigenpairs by implicitly restarted Lanczos (ARPACK). */
static enum spectral_end lanczos(struct system *s, size_t want, double *value, double *vector)
{
    size_t n = s->g->n, ncv = 2 * want + 1 > want + 24 ? 2 * want + 1 : want + 24;
    ncv = ncv < n ? ncv : n;
    double *resid = mem_new(n, sizeof *resid), *v = mem_new(mem_mul(n, ncv), sizeof *v);
    double *workd = mem_new(3 * n, sizeof *workd), *workl = mem_new(ncv * (ncv + 8), sizeof *workl);
    a_int ido = 0, info = 1, iparam[11] = { 1, 0, MOST_RESTARTS, 1, 0, 0, 1 }, ipntr[11];
    struct rng rng;
    openblas_ready();
    rng_init(&rng, 0, 1);
    for (size_t i = 0; i < n; i++)
        resid[i] = rng_uniform(&rng) - 0.5;
    for (;;) {
        dsaupd_c(&ido, "I", (a_int)n, "LA", (a_int)want, 0, resid, (a_int)ncv, v, (a_int)n, iparam, ipntr, workd,
                 workl, (a_int)(ncv * (ncv + 8)), &info);
        if (ido != 1 && ido != -1)
            break;
        apply(s, workd + ipntr[0] - 1, workd + ipntr[1] - 1);
    }
    a_int *select = mem_zero(ncv, sizeof *select);
    bool good = info == 0;
    if (good) {
        double *d = mem_new(want, sizeof *d);
        dseupd_c(1, "A", select, d, vector, (a_int)n, 0, "I", (a_int)n, "LA", (a_int)want, 0, resid, (a_int)ncv, v,
                 (a_int)n, iparam, ipntr, workd, workl, (a_int)(ncv * (ncv + 8)), &info);
        good = info == 0;
        double *swap = mem_new(n, sizeof *swap);    /* they come ascending */
        for (size_t k = 0; k < want; k++)
            value[k] = d[want - 1 - k];
        for (size_t k = 0; k < want / 2; k++) {
            memcpy(swap, vector + k * n, n * sizeof *swap);
            memcpy(vector + k * n, vector + (want - 1 - k) * n, n * sizeof *swap);
            memcpy(vector + (want - 1 - k) * n, swap, n * sizeof *swap);
        }
        free(swap);
        free(d);
    }
    free(select);
    free(resid);
    free(v);
    free(workd);
    free(workl);
    return good ? SPECTRAL_DONE : SPECTRAL_STUCK;
}

/* Those of the largest `want` eigenvalues, by whichever of the two is fit. */
static enum spectral_end solve(struct system *s, size_t want, double *value, double *vector)
{
    size_t n = s->g->n, k = s->parts + want;
    if (want == 0)
        return SPECTRAL_DONE;
    if (n <= 64 || k + 1 >= n)
        return dense(s, want, value, vector);
    enum spectral_end end = lanczos(s, want, value, vector);
    return end == SPECTRAL_STUCK && n <= MOST_DENSE ? dense(s, want, value, vector) : end;
}

enum spectral_end spectral_embedding(const struct graph *g, size_t k, size_t most, double *eigenvalues,
                                     double *embedding)
{
    size_t n = g->n;
    struct system s = { .g = g, .most = most };
    s.scaled = mem_new(n, sizeof *s.scaled);
    s.root_degree = mem_new(n, sizeof *s.root_degree);
    s.scratch = mem_new(graph_scratch(g), sizeof *s.scratch);
    for (size_t i = 0; i < n; i++)
        s.scaled[i] = 1;
    graph_multiply(g, s.scaled, s.root_degree, s.scratch);
    for (size_t i = 0; i < n; i++)
        s.root_degree[i] = s.root_degree[i] > 0 ? sqrt(s.root_degree[i]) : 1;

    /* an edge whose normalised weight is lost in rounding beside 1 does not connect */
    size_t *part = mem_new(n, sizeof *part), parts = graph_parts(g, 4 * DBL_EPSILON, s.root_degree, part);
    size_t known = parts < k ? parts : k;
    double *vectors = mem_zero(mem_mul(k, n), sizeof *vectors), *values = mem_new(k, sizeof *values);
    for (size_t p = 0; p < known; p++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            if (part[i] == p) {
                vectors[p * n + i] = s.root_degree[i];
                sum += s.root_degree[i] * s.root_degree[i];
            }
        for (size_t i = 0; i < n; i++)
            vectors[p * n + i] /= sqrt(sum);
        values[p] = 1;
    }
    s.known = vectors;
    s.parts = known;
    enum spectral_end end = solve(&s, k - known, values + known, vectors + known * n);
    for (size_t c = 0; end == SPECTRAL_DONE && c < k; c++) {
        double largest = 0, sign = 1;
        for (size_t i = 0; i < n; i++)
            embedding[i * k + c] = vectors[c * n + i] / s.root_degree[i];
        for (size_t i = 0; i < n; i++)
            if (fabs(embedding[i * k + c]) > largest) {
                largest = fabs(embedding[i * k + c]);
                sign = embedding[i * k + c] < 0 ? -1 : 1;
            }
        for (size_t i = 0; i < n; i++)
            embedding[i * k + c] *= sign;
        eigenvalues[c] = 1 - values[c];
    }
    free(s.scratch);
    free(s.scaled);
    free(s.root_degree);
    free(part);
    free(vectors);
    free(values);
    return end;
}

/* ---- labels by discretization ---- */

extern void dgesvd_(const char *jobu, const char *jobvt, const int *m, const int *n, double *a, const int *lda,
                    double *s, double *u, const int *ldu, double *vt, const int *ldvt, double *work,
                    const int *lwork, int *info, size_t, size_t);

/* Rows of unit length of the columns scaled to one length: points on a sphere. */
static double *on_sphere(const double *embedding, size_t n, size_t k)
{
    double *x = mem_new(mem_mul(n, k), sizeof *x);
    for (size_t c = 0; c < k; c++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += embedding[i * k + c] * embedding[i * k + c];
        for (size_t i = 0; i < n; i++)
            x[i * k + c] = sum > 0 ? embedding[i * k + c] / sqrt(sum) : 0;
    }
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t c = 0; c < k; c++)
            sum += x[i * k + c] * x[i * k + c];
        for (size_t c = 0; c < k && sum > 0; c++)
            x[i * k + c] /= sqrt(sum);
    }
    return x;
}

/* The first rotation (stored by columns): a row drawn, then always the row that is most at
 * right angles to those taken. */
static void first_rotation(const double *x, size_t n, size_t k, uint64_t seed, double *rotation)
{
    struct rng rng;
    rng_init(&rng, seed, 0);
    size_t row = (size_t)rng_below(&rng, n);
    double *taken = mem_zero(n, sizeof *taken);
    for (size_t c = 0; ; c++) {
        memcpy(rotation + c * k, x + row * k, k * sizeof *rotation);
        if (c + 1 == k)
            break;
        row = 0;
        for (size_t i = 0; i < n; i++) {
            double dot = 0;
            for (size_t j = 0; j < k; j++)
                dot += x[i * k + j] * rotation[c * k + j];
            taken[i] += fabs(dot);
            if (taken[i] < taken[row])
                row = i;
        }
    }
    free(taken);
}

bool spectral_discretize(const double *embedding, size_t n, size_t k, uint64_t seed, int32_t *labels)
{
    enum { STEPS = 30 };
    double *x = on_sphere(embedding, n, k), last = 0;
    double *rotation = mem_new(k * k, sizeof *rotation), *m = mem_new(k * k, sizeof *m), *sv = mem_new(k, sizeof *sv);
    double *u = mem_new(k * k, sizeof *u), *vt = mem_new(k * k, sizeof *vt), *work = mem_new(8 * k + 64, sizeof *work);
    int order = (int)k, lwork = (int)(8 * k + 64), info = 0;
    first_rotation(x, n, k, seed, rotation);
    openblas_ready();
    for (int step = 0; step <= STEPS && info == 0; step++) {
        memset(m, 0, k * k * sizeof *m);    /* m = discrete^T x, by rows; LAPACK reads its transpose */
        for (size_t i = 0; i < n; i++) {
            size_t best = 0;
            double most = -INFINITY;
            for (size_t c = 0; c < k; c++) {
                double dot = 0;
                for (size_t j = 0; j < k; j++)
                    dot += x[i * k + j] * rotation[c * k + j];
                if (dot > most) {
                    most = dot;
                    best = c;
                }
            }
            labels[i] = (int32_t)best;
            for (size_t j = 0; j < k; j++)
                m[best * k + j] += x[i * k + j];
        }
        dgesvd_("A", "A", &order, &order, m, &order, sv, u, &order, vt, &order, work, &lwork, &info, 1, 1);
        double sum = 0;
        for (size_t c = 0; c < k; c++)
            sum += sv[c];
        double cut = 2 * ((double)n - sum);
        if (fabs(cut - last) < DBL_EPSILON)
            break;
        last = cut;
        for (size_t c = 0; c < k; c++)      /* x^T discrete = u s vt; the rotation is u vt */
            for (size_t j = 0; j < k; j++) {
                double dot = 0;
                for (size_t l = 0; l < k; l++)
                    dot += u[l * k + j] * vt[c * k + l];
                rotation[c * k + j] = dot;
            }
    }
    free(x);
    free(rotation);
    free(m);
    free(sv);
    free(u);
    free(vt);
    free(work);
    return info == 0;
}
