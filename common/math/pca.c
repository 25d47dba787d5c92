/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/pca.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/world.h"
#include "math/blas.h"
#include "math/eig.h"
#include "math/top.h"

enum { BLOCK = 256, TILE = 256 };       /* rows of a block, side of a tile of a product */

struct pca_fit {
    size_t d, n;                /* columns, all rows so far */
    float *rows;                /* those that are not in `sum` yet */
    size_t held, cap;
    double *mean, *sum;         /* of n - held rows: mean[d], products about it sum[d][d] */
    double *block, *shift;      /* the block being added: centred [BLOCK][d]; mean - old mean [d] */
    size_t block_n;
    bool first;                 /* no more than the first components are asked for: pca_fit_first */
};

struct pca_fit *pca_fit_new(size_t d)
{
    struct pca_fit *f = mem_zero(1, sizeof *f);
    f->d = d;
    return f;
}

void pca_fit_free(struct pca_fit *f)
{
    if (!f)
        return;
    free(f->rows);
    free(f->mean);
    free(f->sum);
    free(f->block);
    free(f->shift);
    free(f);
}

void pca_free(struct pca *p)
{
    if (!p)
        return;
    free(p->mean);
    free(p->variance);
    free(p->components);
    free(p);
}

/* mean[d] of x[n][d], and the rows less it to centred[n][d]. */
static void centre(const float *x, size_t n, size_t d, double *mean, double *centred)
{
    memset(mean, 0, d * sizeof *mean);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            mean[j] += (double)x[i * d + j];
    for (size_t j = 0; j < d; j++)
        mean[j] /= (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            centred[i * d + j] = (double)x[i * d + j] - mean[j];
}

/* The tile-th tile on or above the diagonal, counted by rows of tiles: where it begins. */
static void tile_at(size_t tile, size_t size, size_t *row, size_t *col)
{
    size_t across = par_blocks(size, TILE), r = 0;
    while (tile >= across - r)
        tile -= across - r++;
    *row = r * TILE;
    *col = (r + tile) * TILE;
}

static size_t tiles_of(size_t size)
{
    size_t across = par_blocks(size, TILE);
    return across * (across + 1) / 2;
}

static size_t tile_side(size_t begin, size_t size)
{
    return size - begin < TILE ? size - begin : TILE;
}

/* Of a matrix whose tiles the ranks have made, each its share: all of them. */
static void join_tiles(double *a, size_t size)
{
    size_t from, to, r, c, n = 0, bytes, tile = 0;
    if (world.size == 1)
        return;
    world_share(tiles_of(size), &from, &to);
    double *own = mem_new(mem_mul(to - from, TILE * TILE), sizeof *own);
    for (size_t t = from; t < to; t++) {
        tile_at(t, size, &r, &c);
        for (size_t i = 0; i < tile_side(r, size); i++, n += tile_side(c, size))
            memcpy(own + n, a + (r + i) * size + c, tile_side(c, size) * sizeof *a);
    }
    for (size_t k = 0; k < world.size; k++) {
        double *told = world_from(k, own, n * sizeof *own, &bytes), *p = told;
        for (; p < told + bytes / sizeof *p; tile++) {
            tile_at(tile, size, &r, &c);
            for (size_t i = 0; i < tile_side(r, size); i++, p += tile_side(c, size))
                memcpy(a + (r + i) * size + c, p, tile_side(c, size) * sizeof *a);
        }
        free(told);
    }
    free(own);
}

/* Add the block's products, and what the shift of the mean adds, to one tile of sum. */
static void add_tile(size_t tile, void *state)
{
    struct pca_fit *f = state;
    size_t d = f->d, before = f->n - f->held, r, c;
    tile_at(tile, d, &r, &c);
    size_t rows = tile_side(r, d), cols = tile_side(c, d);
    blas_f64(true, false, rows, cols, f->block_n, 1, f->block + r, d, f->block + c, d, 1, f->sum + r * d + c, d);
    double weight = (double)before * (double)f->block_n / (double)(before + f->block_n);
    if (before)
        for (size_t i = r; i < r + rows; i++)
            for (size_t j = c; j < c + cols; j++)
                f->sum[i * d + j] += weight * f->shift[i] * f->shift[j];
}

static void add_block(struct pca_fit *f, const float *x, size_t n)
{
    size_t d = f->d, before = f->n - f->held;
    f->block_n = n;
    centre(x, n, d, f->shift, f->block);
    for (size_t j = 0; j < d; j++)
        f->shift[j] -= f->mean[j];
    world_for(tiles_of(d), add_tile, f);
    for (size_t j = 0; j < d; j++)
        f->mean[j] += f->shift[j] * (double)n / (double)(before + n);
    f->held -= n;
}

/* Take whole blocks, or with `all` everything, out of the rows held. */
static void add_held(struct pca_fit *f, int all)
{
    size_t d = f->d, at = 0, end = f->held;
    if (!f->sum) {
        f->sum = mem_zero(mem_mul(d, d), sizeof *f->sum);
        f->mean = mem_zero(d, sizeof *f->mean);
        f->shift = mem_new(d, sizeof *f->shift);
        f->block = mem_aligned(mem_mul(BLOCK, d), sizeof *f->block);
    }
    for (; end - at >= BLOCK; at += BLOCK)
        add_block(f, f->rows + at * d, BLOCK);
    if (all && end > at) {
        add_block(f, f->rows + at * d, end - at);
        at = end;
    }
    memmove(f->rows, f->rows + at * d, (end - at) * d * sizeof *f->rows);
}

void pca_fit_add(struct pca_fit *f, const float *x, size_t n)
{
    if (n == 0)
        return;
    mem_grow(&f->rows, &f->cap, mem_mul(f->held + n, f->d), sizeof *f->rows);
    memcpy(f->rows + f->held * f->d, x, n * f->d * sizeof *x);
    f->held += n;
    f->n += n;
    if (f->n > f->d && f->held >= BLOCK)
        add_held(f, 0);
}

void pca_fit_add_sparse(struct pca_fit *f, const struct sparse_rows *s)
{
    float *x = mem_new(f->d, sizeof *x);
    for (size_t i = 0; i < s->n; i++) {
        memset(x, 0, f->d * sizeof *x);
        for (size_t e = s->begin[i]; e < s->begin[i + 1]; e++)
            x[s->at[e].column] = s->at[e].value;
        pca_fit_add(f, x, 1);
    }
    free(x);
}

size_t pca_count(const double *variance, size_t m, double share)
{
    double total = 0, sum = 0;
    for (size_t i = 0; i < m; i++)
        total += variance[i];
    size_t k = 0;
    while (k < m && (sum += variance[k] / total) <= share)
        k++;
    return k < m ? k + 1 : m;
}

/* Sum of the diagonal. */
static double trace(const double *a, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i * n + i];
    return sum;
}

/* Products with a matrix that is held, for math/top: a strip of columns each. */
struct dense { const double *a, *v; double *y; size_t n, b; };

enum { STRIP = 256 };

static void dense_strip(size_t strip, void *state)
{
    const struct dense *m = state;
    size_t from = strip * STRIP, n = m->n;
    blas_f64(false, false, m->b, par_end(strip, STRIP, n) - from, n, 1, m->v, n, m->a + from, n, 0, m->y + from, n);
}

static void dense_apply(const double *v, size_t b, double *y, void *state)
{
    struct dense *m = state;
    m->v = v;
    m->b = b;
    m->y = y;
    par_for(par_blocks(m->n, STRIP), dense_strip, m);
}

/* Whether k of n are so few that math/top is faster than all by math/eig. */
static bool few(size_t n, size_t k)
{
    return n >= 1500 && k <= n / 32;
}

/* Eigenpairs of a[n][n], which is spoilt: variances to p, and the vectors of those that are
 * kept, descending, to the rows of *v, the caller's to free. `first`: no other variances. */
static bool solve(struct pca *p, double *a, size_t n, double want, bool first, double **v)
{
    double scale = 1 / (double)(p->n - 1);
    size_t some = want >= 1 && (first || few(n, (size_t)want)) ? (size_t)want : n;
    double *w = mem_new(n, sizeof *w);
    p->total = trace(a, n) * scale;
    *v = mem_aligned(mem_mul(some, n), sizeof **v);
    bool good = want <= (double)n;
    if (good && some < n && !few(n, some)) {
        good = eig_sym_top(a, n, some, w, *v);
    } else if (good && some < n) {
        good = top_exact(n, some, dense_apply, &(struct dense){ .a = a, .n = n }, w, *v);
    } else if (good && (good = eig_sym(a, n, w))) {
        for (size_t i = 0; i < n; i++)          /* from ascending to descending */
            memcpy(*v + i * n, a + (n - 1 - i) * n, n * sizeof *a);
        for (size_t i = 0; i < n / 2; i++) {
            double t = w[i];
            w[i] = w[n - 1 - i];
            w[n - 1 - i] = t;
        }
    }
    p->m = some;
    for (size_t i = 0; i < some && good; i++)
        p->variance[i] = w[i] > 0 ? w[i] * scale : 0;
    if (good)
        p->k = want <= 0 ? n : want < 1 ? pca_count(p->variance, n, want) : (size_t)want;
    free(w);
    return good;
}

/* Make v[d] a unit vector at right angles to the `before` unit rows of basis; false if
 * nothing is left of it. */
static bool straighten(double *v, const double *basis, size_t before, size_t d)
{
    for (int pass = 0; pass < 3; pass++) {
        double norm = 0;
        for (size_t i = 0; i < before && pass; i++) {
            double dot = 0;
            for (size_t j = 0; j < d; j++)
                dot += v[j] * basis[i * d + j];
            for (size_t j = 0; j < d; j++)
                v[j] -= dot * basis[i * d + j];
        }
        for (size_t j = 0; j < d; j++)
            norm += v[j] * v[j];
        norm = sqrt(norm);
        if (!(norm > (pass ? 1e-6 : 0)))
            return false;
        for (size_t j = 0; j < d; j++)
            v[j] /= norm;
    }
    return true;
}

struct products { const double *x; double *out; size_t n, d; };

static void product_tile(size_t tile, void *state)
{
    struct products *g = state;
    size_t r, c;
    tile_at(tile, g->n, &r, &c);
    blas_f64(false, true, tile_side(r, g->n), tile_side(c, g->n), g->d, 1, g->x + r * g->d, g->d,
             g->x + c * g->d, g->d, 0, g->out + r * g->n + c, g->n);
}

/* Fill the half below the diagonal. */
static void mirror(double *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            a[i * n + j] = a[j * n + i];
}

/* n <= d: eigenvectors u of the rows' products give the components x' u. */
static bool solve_rows(struct pca_fit *f, struct pca *p, double want)
{
    size_t n = f->n, d = f->d;
    double *x = mem_aligned(mem_mul(n, d), sizeof *x), *gram = mem_aligned(mem_mul(n, n), sizeof *gram), *u;
    centre(f->rows, n, d, p->mean, x);
    world_for(tiles_of(n), product_tile, &(struct products){ x, gram, n, d });
    join_tiles(gram, n);
    mirror(gram, n);
    bool good = solve(p, gram, n, want, f->first, &u);
    free(gram);
    double *v = p->components = mem_aligned(mem_mul(p->k, d), sizeof *v);
    size_t axis = 0;
    for (size_t i = 0; i < p->k && good; i++, v += d) {
        blas_f64(false, false, 1, d, n, 1, u + i * n, n, x, d, 0, v, d);
        bool has = p->variance[i] > (double)n * DBL_EPSILON * p->variance[0];
        while (!has || !straighten(v, p->components, i, d)) {
            memset(v, 0, d * sizeof *v);
            v[axis++ % d] = 1;
            has = true;
        }
    }
    free(x);
    free(u);
    return good;
}

/* n > d: eigenvectors of the covariance. */
static bool solve_columns(struct pca_fit *f, struct pca *p, double want)
{
    add_held(f, 1);
    join_tiles(f->sum, f->d);
    memcpy(p->mean, f->mean, f->d * sizeof *f->mean);
    mirror(f->sum, f->d);
    return solve(p, f->sum, f->d, want, f->first, &p->components);
}

static void set_signs(struct pca *p)
{
    for (size_t i = 0; i < p->k; i++) {
        double *v = p->components + i * p->d, largest = 0;
        for (size_t j = 0; j < p->d; j++)
            if (fabs(v[j]) > fabs(largest))
                largest = v[j];
        for (size_t j = 0; j < p->d && largest < 0; j++)
            v[j] = -v[j];
    }
}

struct pca *pca_fit_solve(struct pca_fit *f, double want)
{
    struct pca *p = mem_zero(1, sizeof *p);
    p->n = f->n;
    p->d = f->d;
    p->m = f->n < f->d ? f->n : f->d;
    p->mean = mem_new(p->d, sizeof *p->mean);
    p->variance = mem_new(p->m, sizeof *p->variance);
    bool good = f->n >= 2 && (f->n <= f->d ? solve_rows(f, p, want) : solve_columns(f, p, want));
    pca_fit_free(f);
    if (!good) {
        pca_free(p);
        return NULL;
    }
    set_signs(p);
    return p;
}

struct pca *pca_fit_first(struct pca_fit *f, size_t k)
{
    f->first = true;
    return pca_fit_solve(f, (double)k);
}

void pca_whitening(const struct pca *p, double *scale)
{
    for (size_t i = 0; i < p->k; i++) {
        bool rounding = p->variance[i] <= (double)p->d * DBL_EPSILON * p->variance[0];
        scale[i] = rounding ? 0 : sqrt(p->variance[i]);
    }
}

void pca_apply(const struct pca *p, const double *scale, const float *x, float *y)
{
    for (size_t i = 0; i < p->k; i++) {
        const double *v = p->components + i * p->d;
        double s[8] = { 0 };
        size_t j = 0;
        for (; j + 8 <= p->d; j += 8)
            for (size_t l = 0; l < 8; l++)
                s[l] += ((double)x[j + l] - p->mean[j + l]) * v[j + l];
        for (size_t l = 0; j < p->d; j++, l++)
            s[l] += ((double)x[j] - p->mean[j]) * v[j];
        double sum = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
        y[i] = (float)(!scale ? sum : scale[i] > 0 ? sum / scale[i] : 0);
    }
}

void pca_invert(const struct pca *p, const double *scale, const float *y, float *x)
{
    for (size_t j = 0; j < p->d; j++) {
        double sum = p->mean[j];
        for (size_t i = 0; i < p->k; i++)
            sum += (double)y[i] * (scale ? scale[i] : 1) * p->components[i * p->d + j];
        x[j] = (float)sum;
    }
}

double *pca_zca(const struct pca *p, double ridge)
{
    size_t d = p->d, k = p->k;
    double least = (double)d * DBL_EPSILON * (k ? p->variance[0] : 0);
    if (k < d ? ridge <= least : p->variance[k - 1] + ridge <= least)
        return NULL;
    double rest = k < d ? 1 / sqrt(ridge) : 0;          /* for directions without a component */
    double *w = mem_zero(mem_mul(d, d), sizeof *w), *scaled = mem_new(mem_mul(k, d), sizeof *scaled);
    for (size_t i = 0; i < d; i++)
        w[i * d + i] = rest;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < d; j++)
            scaled[i * d + j] = p->components[i * d + j] * (1 / sqrt(p->variance[i] + ridge) - rest);
    blas_f64(true, false, d, d, k, 1, p->components, d, scaled, d, 1, w, d);
    free(scaled);
    return w;
}

size_t pca_half_whitening(const struct pca *p, size_t most, float *matrix)
{
    size_t k = 0;
    double sum = 0;
    while (k < most && k < p->k && p->variance[k] > 1e-9 * p->variance[0])
        sum += sqrt(p->variance[k++]);
    double root = sqrt(sum / (double)(k ? k : 1) * (double)(p->n - 1) / (double)p->n);
    for (size_t i = 0; i < k; i++) {
        double by = root * sqrt(sqrt(p->variance[i]));
        for (size_t j = 0; j < p->d; j++)
            matrix[i * p->d + j] = (float)(p->components[i * p->d + j] / by);
    }
    return k;
}
