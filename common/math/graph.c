/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/graph.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "base/union.h"
#include "math/dist.h"
#include "math/near.h"
#include "math/sort.h"

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
    sort_f64(sq, count);
    double median = count ? sqrt(sq[count / 2]) / 2 + sqrt(sq[(count - 1) / 2]) / 2 : 0;
    free(sq);
    return median > 0 ? 1 / (median * median) : 1;
}

/* ---- rows of neighbours ---- */

struct edge { uint32_t to; double weight; };

static int by_node(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    return (x->to > y->to) - (x->to < y->to);
}

double graph_join_bytes(size_t n, size_t k)
{
    return (double)n * (double)k * 2 * (sizeof(struct edge) + sizeof(uint32_t) + sizeof(double)) + 16 * (double)n;
}

/* weight NULL: 1/2 each. */
static struct graph *join(const uint32_t *index, const double *weight, size_t n, size_t k, double product)
{
    struct graph *g = mem_zero(1, sizeof *g);
    g->n = n;
    g->start = mem_zero(n + 1, sizeof *g->start);
    for (size_t e = 0; e < n * k; e++) {
        g->start[e / k + 1]++;
        g->start[index[e] + 1]++;
    }
    for (size_t i = 0; i < n; i++)
        g->start[i + 1] += g->start[i];
    struct edge *edges = mem_new(g->start[n], sizeof *edges);
    size_t *fill = mem_new(n, sizeof *fill);
    memcpy(fill, g->start, n * sizeof *fill);
    for (size_t e = 0; e < n * k; e++) {
        size_t i = e / k, j = index[e];
        double w = weight ? weight[e] : 0.5;
        edges[fill[i]++] = (struct edge){ (uint32_t)j, w };
        edges[fill[j]++] = (struct edge){ (uint32_t)i, w };
    }
    free(fill);
    g->to = mem_new(g->start[n], sizeof *g->to);
    g->weight = mem_new(g->start[n], sizeof *g->weight);
    size_t out = 0;
    for (size_t i = 0, begin = 0; i < n; i++) {     /* an edge in both directions becomes one */
        size_t end = g->start[i + 1];
        qsort(edges + begin, end - begin, sizeof *edges, by_node);
        g->start[i] = out;
        for (size_t e = begin; e < end; e++) {
            if (out > g->start[i] && g->to[out - 1] == edges[e].to) {
                double a = g->weight[out - 1], b = edges[e].weight;
                g->weight[out - 1] = a + b - product * (a * b);
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

struct graph *graph_neighbours(const uint32_t *index, size_t n, size_t k)
{
    return join(index, NULL, n, k, 0);
}

struct graph *graph_join(const uint32_t *index, const double *weight, size_t n, size_t k, double product)
{
    return join(index, weight, n, k, product);
}

struct graph *graph_knn(const float *x, size_t n, size_t d, size_t k)
{
    struct near *t = near_new(x, n, d, NEAR_EUCLIDEAN);
    uint32_t *index = mem_new(mem_mul(n, k), sizeof *index);
    near_knn_all(t, k, index, NULL);
    near_free(t);
    struct graph *g = graph_neighbours(index, n, k);
    free(index);
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

size_t graph_scratch(const struct graph *g)
{
    return g->half ? mem_mul(par_blocks(g->n, ROWS), g->n) : 0;
}

void graph_multiply(const struct graph *g, const double *z, double *y, double *scratch)
{
    struct product p = { g, z, y, scratch };
    size_t n = g->n;
    if (!g->half) {
        par_for(par_blocks(n, 8 * ROWS), sparse_block, &p);
        return;
    }
    size_t blocks = par_blocks(n, ROWS);
    par_for(blocks, half_block, &p);
    memset(y, 0, n * sizeof *y);
    for (size_t b = 0; b < blocks; b++)
        for (size_t i = 0; i < par_end(b, ROWS, n); i++)
            y[i] += scratch[b * n + i];
}

/* ---- parts ---- */

size_t graph_parts(const struct graph *g, double least, const double *scale, size_t *part)
{
    size_t n = g->n, count = 0;
    union_parent *parent = union_new(n);
    for (size_t i = 0; i < n; i++) {
        const double *weight = g->half ? half_row(g, i) : g->weight + g->start[i];
        const uint32_t *to = g->half ? NULL : g->to + g->start[i];
        size_t edges = to ? g->start[i + 1] - g->start[i] : i;
        for (size_t e = 0; e < edges; e++) {
            size_t j = to ? to[e] : e;
            if (weight[e] > (scale ? least * scale[i] * scale[j] : least))
                union_join(parent, i, j);
        }
    }
    for (size_t i = 0; i < n; i++) {
        size_t root = union_root(parent, i);
        part[i] = root == i ? count++ : part[root];
    }
    free(parent);
    return count;
}
