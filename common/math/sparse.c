/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/sparse.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

enum { BLOCK = 64 };

struct sparse_rows *sparse_new(size_t d)
{
    struct sparse_rows *s = mem_zero(1, sizeof *s);
    s->d = d;
    mem_grow(&s->begin, &s->begin_cap, 1, sizeof *s->begin);
    s->begin[0] = 0;
    return s;
}

void sparse_free(struct sparse_rows *s)
{
    if (!s)
        return;
    free(s->begin);
    free(s->at);
    free(s->column_begin);
    free(s->place);
    free(s->row);
    free(s);
}

void sparse_add(struct sparse_rows *s, size_t nnz, const uint32_t *column, const float *value)
{
    mem_grow(&s->begin, &s->begin_cap, s->n + 2, sizeof *s->begin);
    mem_grow(&s->at, &s->at_cap, s->nnz + nnz + 1, sizeof *s->at);
    for (size_t i = 0; i < nnz; i++)
        s->at[s->nnz + i] = (struct sparse_number){ column[i], value[i] };
    s->begin[++s->n] = s->nnz += nnz;
}

void sparse_add_dense(struct sparse_rows *s, const float *x)
{
    uint32_t *column = mem_new(s->d, sizeof *column);
    for (size_t i = 0; i < s->d; i++)
        column[i] = (uint32_t)i;
    sparse_add(s, s->d, column, x);
    free(column);
}

void sparse_index(struct sparse_rows *s)
{
    size_t *next = mem_zero(s->d + 1, sizeof *next);
    s->column_begin = mem_zero(s->d + 1, sizeof *s->column_begin);
    s->place = mem_new(s->nnz, sizeof *s->place);
    s->row = mem_new(s->nnz, sizeof *s->row);
    for (size_t e = 0; e < s->nnz; e++)
        s->column_begin[s->at[e].column + 1]++;
    for (size_t j = 0; j < s->d; j++)
        s->column_begin[j + 1] += s->column_begin[j];
    memcpy(next, s->column_begin, (s->d + 1) * sizeof *next);
    for (size_t i = 0; i < s->n; i++)
        for (size_t e = s->begin[i]; e < s->begin[i + 1]; e++) {
            size_t at = next[s->at[e].column]++;
            s->place[at] = e;
            s->row[at] = (uint32_t)i;
        }
    free(next);
}

double sparse_mean(const struct sparse_rows *s, double *mean)
{
    double squares = 0;
    memset(mean, 0, s->d * sizeof *mean);
    for (size_t e = 0; e < s->nnz; e++) {
        mean[s->at[e].column] += (double)s->at[e].value;
        squares += (double)s->at[e].value * (double)s->at[e].value;
    }
    for (size_t j = 0; j < s->d; j++) {
        mean[j] /= (double)s->n;
        squares -= (double)s->n * mean[j] * mean[j];
    }
    return squares;
}

/* ---- all products of columns, and of rows ---- */

struct products {
    const struct sparse_rows *s;
    double *out;
    double *side, corner;       /* rows: what each less the mean adds */
    size_t *next, end;          /* columns: where each stands, and the rows that are done now */
};

/* A block of rows of c, from the diagonal on, for one run of rows of X: each that has the
 * column adds what stands in it from there on. */
static void columns_block(size_t block, void *state)
{
    struct products *p = state;
    const struct sparse_rows *s = p->s;
    for (size_t j = par_begin(block, BLOCK); j < par_end(block, BLOCK, s->d); j++) {
        double *c = p->out + j * s->d;
        size_t at = p->next[j];
        for (; at < s->column_begin[j + 1] && s->row[at] < p->end; at++) {
            const struct sparse_number *x = s->at + s->place[at], *end = s->at + s->begin[s->row[at] + 1];
            double v = (double)x->value;
            if (at + 4 < s->nnz)
                __builtin_prefetch(s->at + s->place[at + 4]);
            for (; x < end; x++)
                c[x->column] += v * (double)x->value;
        }
        p->next[j] = at;
    }
}

/* A block of rows of g, from the diagonal on: for each number of the row, what the rows
 * from it on have in its column. */
static void rows_block(size_t block, void *state)
{
    struct products *p = state;
    const struct sparse_rows *s = p->s;
    for (size_t i = par_begin(block, BLOCK); i < par_end(block, BLOCK, s->n); i++) {
        double *g = p->out + i * s->n;
        memset(g + i, 0, (s->n - i) * sizeof *g);
        for (size_t e = s->begin[i]; e < s->begin[i + 1]; e++) {
            double v = (double)s->at[e].value;
            const size_t *range = s->column_begin + s->at[e].column;
            for (size_t at = range[1]; at-- > range[0] && s->row[at] >= i; )
                g[s->row[at]] += v * (double)s->at[s->place[at]].value;
        }
        for (size_t k = i; k < s->n; k++)
            g[k] += p->corner - p->side[i] - p->side[k];
    }
}

static void mirror(double *a, size_t n)
{
    enum { TILE = 64 };
    for (size_t r = 0; r < n; r += TILE)
        for (size_t c = 0; c <= r; c += TILE)
            for (size_t i = r; i < n && i < r + TILE; i++)
                for (size_t j = c; j < i && j < c + TILE; j++)
                    a[i * n + j] = a[j * n + i];
}

void sparse_columns_product(const struct sparse_rows *s, const double *mean, double *c)
{
    enum { RUN = 4096 };        /* rows that stay in the cache while all columns pass over them */
    struct products p = { .s = s, .out = c, .next = mem_new(s->d, sizeof *p.next) };
    memset(c, 0, s->d * s->d * sizeof *c);
    memcpy(p.next, s->column_begin, s->d * sizeof *p.next);
    for (size_t begin = 0; begin < s->n; begin += RUN) {
        p.end = begin + RUN;
        par_for(par_blocks(s->d, BLOCK), columns_block, &p);
    }
    for (size_t j = 0; j < s->d; j++)
        for (size_t k = j; k < s->d; k++)
            c[j * s->d + k] -= (double)s->n * mean[j] * mean[k];
    free(p.next);
    mirror(c, s->d);
}

void sparse_rows_product(const struct sparse_rows *s, const double *mean, double *g)
{
    struct products p = { .s = s, .out = g, .side = mem_zero(s->n, sizeof *p.side) };
    for (size_t i = 0; i < s->n; i++)
        for (size_t e = s->begin[i]; e < s->begin[i + 1]; e++)
            p.side[i] += (double)s->at[e].value * mean[s->at[e].column];
    for (size_t j = 0; j < s->d; j++)
        p.corner += mean[j] * mean[j];
    par_for(par_blocks(s->n, BLOCK), rows_block, &p);
    mirror(g, s->n);
    free(p.side);
}

/* ---- products with a few vectors, which lie side by side: t[i][b] ---- */

struct passing { const struct sparse_rows *s; const double *in; size_t b; double *out; };

static void across(size_t block, void *state)
{
    struct passing *p = state;
    const struct sparse_rows *s = p->s;
    size_t b = p->b;
    for (size_t i = par_begin(block, BLOCK); i < par_end(block, BLOCK, s->n); i++) {
        double *restrict out = p->out + i * b;
        for (size_t e = s->begin[i]; e < s->begin[i + 1]; e++) {
            const double *restrict in = p->in + s->at[e].column * b;
            double v = (double)s->at[e].value;
            for (size_t k = 0; k < b; k++)
                out[k] += v * in[k];
        }
    }
}

enum { SHARDS = 4 };            /* fixed: each sums its rows for itself */

static void down(size_t shard, void *state)
{
    struct passing *p = state;
    const struct sparse_rows *s = p->s;
    size_t b = p->b, size = par_blocks(s->n, SHARDS);
    double *z = p->out + shard * s->d * b;
    for (size_t i = par_begin(shard, size); i < par_end(shard, size, s->n); i++) {
        const double *restrict in = p->in + i * b;
        for (size_t e = s->begin[i]; e < s->begin[i + 1]; e++) {
            double *restrict out = z + s->at[e].column * b;
            double v = (double)s->at[e].value;
            for (size_t k = 0; k < b; k++)
                out[k] += v * in[k];
        }
    }
}

static void transpose(const double *x, size_t rows, size_t columns, double *to)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            to[j * rows + i] = x[i * columns + j];
}

/* t[n][b], less nothing yet, to y[b][d] = t' (X - mean). */
static void finish(const struct sparse_rows *s, const double *mean, const double *t, size_t b, double *y)
{
    double *z = mem_zero(mem_mul(mem_mul(s->d, b), SHARDS), sizeof *z), *sum = mem_zero(b, sizeof *sum);
    par_for(SHARDS, down, &(struct passing){ s, t, b, z });
    for (size_t shard = 1; shard < SHARDS; shard++)
        for (size_t i = 0; i < s->d * b; i++)
            z[i] += z[shard * s->d * b + i];
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < b; k++)
            sum[k] += t[i * b + k];
    for (size_t j = 0; j < s->d; j++)
        for (size_t k = 0; k < b; k++)
            z[j * b + k] -= mean[j] * sum[k];
    transpose(z, s->d, b, y);
    free(z);
    free(sum);
}

void sparse_combine(const struct sparse_rows *s, const double *mean, const double *u, size_t b, double *y)
{
    double *t = mem_new(mem_mul(s->n, b), sizeof *t);
    transpose(u, b, s->n, t);
    finish(s, mean, t, b, y);
    free(t);
}

void sparse_apply(const struct sparse_rows *s, const double *mean, const double *v, size_t b, double *y)
{
    double *t = mem_zero(mem_mul(s->n, b), sizeof *t), *w = mem_new(mem_mul(s->d, b), sizeof *w);
    double *shift = mem_zero(b, sizeof *shift);
    transpose(v, b, s->d, w);
    for (size_t j = 0; j < s->d; j++)
        for (size_t k = 0; k < b; k++)
            shift[k] += mean[j] * w[j * b + k];
    par_for(par_blocks(s->n, BLOCK), across, &(struct passing){ s, w, b, t });
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < b; k++)
            t[i * b + k] -= shift[k];
    finish(s, mean, t, b, y);
    free(t);
    free(w);
    free(shift);
}
