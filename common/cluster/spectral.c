/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/spectral.h"

#include <arpack/arpack.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "math/dist.h"
#include "math/eig.h"
#include "math/near.h"

/* ---- graphs ---- */

enum { ROWS = 128 };            /* of a half matrix in a par block */

static double *half_row(const struct graph *g, size_t i)
{
    return g->half + (i ? i * (i - 1) / 2 : 0);
}

double graph_rbf_bytes(size_t n)
{
    double parts = (double)par_blocks(n, ROWS) * (double)n;
    return ((double)n * (double)n / 2 + parts) * sizeof(double);
}

struct rbf { struct graph *g; const float *x; size_t d; double gamma; };

static void rbf_block(size_t block, void *state)
{
    const struct rbf *w = state;
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, w->g->n); i++) {
        double *row = half_row(w->g, i);
        for (size_t j = 0; j < i; j++)
            row[j] = exp(-w->gamma * dist_sq(w->x + i * w->d, w->x + j * w->d, w->d));
    }
}

struct graph *graph_rbf(const float *x, size_t n, size_t d, double gamma)
{
    struct graph *g = mem_zero(1, sizeof *g);
    g->n = n;
    g->half = mem_aligned(n ? n * (n - 1) / 2 : 0, sizeof *g->half);
    par_for(par_blocks(n, ROWS), rbf_block, &(struct rbf){ g, x, d, gamma });
    return g;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double graph_rbf_gamma(const float *x, size_t n, size_t d)
{
    enum { MOST = 1000000 };
    bool all = n * (n - 1) / 2 <= MOST;
    size_t count = all ? n * (n - 1) / 2 : MOST, at = 0;
    double *sq = mem_new(count, sizeof *sq);
    struct rng rng;
    rng_init(&rng, 0, 0);
    if (all) {
        for (size_t i = 1; i < n; i++)
            for (size_t j = 0; j < i; j++)
                sq[at++] = dist_sq(x + i * d, x + j * d, d);
    } else {
        while (at < count) {
            size_t i = (size_t)rng_below(&rng, n), j = (size_t)rng_below(&rng, n);
            if (i != j)
                sq[at++] = dist_sq(x + i * d, x + j * d, d);
        }
    }
    qsort(sq, count, sizeof *sq, ascending);
    double median = count ? sqrt(sq[count / 2]) / 2 + sqrt(sq[(count - 1) / 2]) / 2 : 0;
    free(sq);
    return median > 0 ? 1 / (median * median) : 1;
}

struct knn { const struct near *t; size_t k; uint32_t *index; };

static void knn_leaf(size_t leaf, void *state)
{
    struct knn *w = state;
    near_knn(w->t, leaf, w->k, w->index, NULL);
}

struct edge { uint32_t to; double weight; };

static int by_node(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    return (x->to > y->to) - (x->to < y->to);
}

struct graph *graph_knn(const float *x, size_t n, size_t d, size_t k)
{
    struct graph *g = mem_zero(1, sizeof *g);
    size_t others = k - 1;                  /* the row itself is one of the k */
    struct knn w = { near_new(x, n, d, NEAR_EUCLIDEAN), others, mem_new(mem_mul(n, others), sizeof(uint32_t)) };
    par_for(near_leaves(w.t), knn_leaf, &w);
    near_free((struct near *)w.t);
    g->n = n;
    g->start = mem_zero(n + 1, sizeof *g->start);
    for (size_t e = 0; e < n * others; e++) {
        g->start[e / others + 1]++;
        g->start[w.index[e] + 1]++;
    }
    for (size_t i = 0; i < n; i++)
        g->start[i + 1] += g->start[i];
    struct edge *edges = mem_new(g->start[n], sizeof *edges);
    size_t *fill = mem_new(n, sizeof *fill);
    memcpy(fill, g->start, n * sizeof *fill);
    for (size_t e = 0; e < n * others; e++) {
        size_t i = e / others, j = w.index[e];
        edges[fill[i]++] = (struct edge){ (uint32_t)j, 0.5 };
        edges[fill[j]++] = (struct edge){ (uint32_t)i, 0.5 };
    }
    free(w.index);
    free(fill);
    g->to = mem_new(g->start[n], sizeof *g->to);
    g->weight = mem_new(g->start[n], sizeof *g->weight);
    size_t out = 0;
    for (size_t i = 0, begin = 0; i < n; i++) {     /* an edge in both directions becomes one of weight 1 */
        size_t end = g->start[i + 1];
        qsort(edges + begin, end - begin, sizeof *edges, by_node);
        g->start[i] = out;
        for (size_t e = begin; e < end; e++) {
            if (out > g->start[i] && g->to[out - 1] == edges[e].to) {
                g->weight[out - 1] += edges[e].weight;
                continue;
            }
            g->to[out] = edges[e].to;
            g->weight[out++] = edges[e].weight;
        }
        begin = end;
    }
    g->start[n] = out;
    free(edges);
    return g;
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    free(g->half);
    free(g->start);
    free(g->to);
    free(g->weight);
    free(g);
}

/* ---- y = W z ---- */

struct product {
    const struct graph *g;
    const double *z;
    double *y;
    double *part;               /* [blocks][n], of a half matrix */
};

/* A block's rows of the half matrix, used from both sides: part = its share of W z. */
static void half_block(size_t block, void *state)
{
    const struct product *p = state;
    size_t n = p->g->n, end = par_end(block, ROWS, n);
    double *restrict part = p->part + block * n;
    memset(part, 0, n * sizeof *part);
    for (size_t i = par_begin(block, ROWS); i < end; i++) {
        const double *restrict row = half_row(p->g, i), *restrict z = p->z;
        double sum[8] = { 0 }, zi = z[i], tail = 0;
        size_t j = 0;
        for (; j + 8 <= i; j += 8)
            for (size_t l = 0; l < 8; l++) {
                sum[l] += row[j + l] * z[j + l];
                part[j + l] += row[j + l] * zi;
            }
        for (; j < i; j++) {
            tail += row[j] * z[j];
            part[j] += row[j] * zi;
        }
        for (size_t l = 0; l < 8; l++)
            tail += sum[l];
        part[i] += tail;
    }
}

static void sparse_block(size_t block, void *state)
{
    const struct product *p = state;
    const struct graph *g = p->g;
    for (size_t i = par_begin(block, 8 * ROWS); i < par_end(block, 8 * ROWS, g->n); i++) {
        double sum = 0;
        for (size_t e = g->start[i]; e < g->start[i + 1]; e++)
            sum += g->weight[e] * p->z[g->to[e]];
        p->y[i] = sum;
    }
}

static void multiply(struct product *p)
{
    size_t n = p->g->n;
    if (!p->g->half) {
        par_for(par_blocks(n, 8 * ROWS), sparse_block, p);
        return;
    }
    size_t blocks = par_blocks(n, ROWS);
    par_for(blocks, half_block, p);
    memset(p->y, 0, n * sizeof *p->y);
    for (size_t b = 0; b < blocks; b++)
        for (size_t i = 0; i < par_end(b, ROWS, n); i++)
            p->y[i] += p->part[b * n + i];
}

/* ---- parts that are not connected ---- */

static size_t root_of(size_t *parent, size_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

static void join(size_t *parent, size_t i, size_t j)
{
    size_t a = root_of(parent, i), b = root_of(parent, j);
    if (a != b)
        parent[a > b ? a : b] = a > b ? b : a;
}

/* part[i] of each node, numbered by first appearance; returns how many there are. Edges
 * whose normalised weight is lost in rounding beside 1 do not connect. */
static size_t parts_of(const struct graph *g, const double *root_degree, size_t *part)
{
    size_t n = g->n, *parent = mem_new(n, sizeof *parent), count = 0;
    for (size_t i = 0; i < n; i++)
        parent[i] = i;
    for (size_t i = 0; i < n; i++) {
        if (g->half) {
            const double *row = half_row(g, i);
            for (size_t j = 0; j < i; j++)
                if (row[j] > 4 * DBL_EPSILON * root_degree[i] * root_degree[j])
                    join(parent, i, j);
        } else {
            for (size_t e = g->start[i]; e < g->start[i + 1]; e++)
                join(parent, i, g->to[e]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        size_t root = root_of(parent, i);
        part[i] = root == i ? count++ : part[root];
    }
    free(parent);
    return count;
}

/* ---- the eigenvectors ---- */

struct system {
    struct product product;
    double *root_degree;        /* [n] sqrt of the degree */
    double *scaled;             /* [n] scratch */
    double *known;              /* [parts][n]: unit vectors of eigenvalue 1 of S */
    size_t parts;
};

/* y = (S - 2 sum of known v v^T) x with S = D^-1/2 W D^-1/2: the known ones go to -1. */
static void apply(struct system *s, const double *x, double *y)
{
    size_t n = s->product.g->n;
    for (size_t i = 0; i < n; i++)
        s->scaled[i] = x[i] / s->root_degree[i];
    s->product.z = s->scaled;
    s->product.y = y;
    multiply(&s->product);
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

/* All eigenpairs, by LAPACK; the largest `want` into value, vector. */
static bool dense(struct system *s, size_t want, double *value, double *vector)
{
    size_t n = s->product.g->n;
    budget_need(8 * (double)n * (double)n * (s->product.g->half ? 2.5 : 2), "the matrix for LAPACK");
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
    return good;
}

/* Where eigenvalues lie so close together that ARPACK cannot part them, as in graphs of parts that
 * hardly touch, LAPACK can, up to so many rows. */
enum { MOST_RESTARTS = 1000, MOST_DENSE = 5000 };

/* The largest `want` eigenpairs by implicitly restarted Lanczos (ARPACK). */
static bool lanczos(struct system *s, size_t want, double *value, double *vector)
{
    size_t n = s->product.g->n, ncv = 2 * want + 1 > want + 24 ? 2 * want + 1 : want + 24;
    ncv = ncv < n ? ncv : n;
    double *resid = mem_new(n, sizeof *resid), *v = mem_new(mem_mul(n, ncv), sizeof *v);
    double *workd = mem_new(3 * n, sizeof *workd), *workl = mem_new(ncv * (ncv + 8), sizeof *workl);
    a_int ido = 0, info = 1, iparam[11] = { 1, 0, MOST_RESTARTS, 1, 0, 0, 1 }, ipntr[11];
    struct rng rng;
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
    return good;
}

bool spectral_embedding(const struct graph *g, size_t k, double *eigenvalues, double *embedding)
{
    size_t n = g->n;
    struct system s = { .product = { .g = g } };
    s.scaled = mem_new(n, sizeof *s.scaled);
    s.root_degree = mem_new(n, sizeof *s.root_degree);
    s.product.part = g->half ? mem_new(mem_mul(par_blocks(n, ROWS), n), sizeof(double)) : NULL;
    for (size_t i = 0; i < n; i++)
        s.scaled[i] = 1;
    s.product.z = s.scaled;
    s.product.y = s.root_degree;
    multiply(&s.product);
    for (size_t i = 0; i < n; i++)
        s.root_degree[i] = s.root_degree[i] > 0 ? sqrt(s.root_degree[i]) : 1;

    size_t *part = mem_new(n, sizeof *part), parts = parts_of(g, s.root_degree, part);
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
    bool good = true;
    size_t want = k - known;
    if (want)
        good = n <= 64 || k + 1 >= n ? dense(&s, want, values + known, vectors + known * n)
            : lanczos(&s, want, values + known, vectors + known * n) ||
              (n <= MOST_DENSE && dense(&s, want, values + known, vectors + known * n));
    for (size_t c = 0; good && c < k; c++) {
        double most = 0, sign = 1;
        for (size_t i = 0; i < n; i++)
            embedding[i * k + c] = vectors[c * n + i] / s.root_degree[i];
        for (size_t i = 0; i < n; i++)
            if (fabs(embedding[i * k + c]) > most) {
                most = fabs(embedding[i * k + c]);
                sign = embedding[i * k + c] < 0 ? -1 : 1;
            }
        for (size_t i = 0; i < n; i++)
            embedding[i * k + c] *= sign;
        eigenvalues[c] = 1 - values[c];
    }
    free(s.product.part);
    free(s.scaled);
    free(s.root_degree);
    free(part);
    free(vectors);
    free(values);
    return good;
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
