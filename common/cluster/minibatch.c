/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/minibatch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

enum { SAMPLE = 3, EVERY = 10, PATIENCE = 10, BLOCK = 8192, CUT = 64, START_ITER = 300 };
static const double ratio = 0.01;       /* of the largest weight: centres with less are set anew */

struct work {
    const struct minibatch_options *o;
    size_t n, d, batch;
    size_t *row;                /* the rows that x holds, ascending */
    size_t rows;
    float *x;                   /* [rows][d] */
    int32_t *label;             /* [rows] */
    double *distance;           /* [rows] */
};

/* ---- rows ---- */

static size_t start_rows(size_t n, size_t k, size_t batch)
{
    size_t rows = SAMPLE * (batch < n ? batch : n);
    rows = rows < k ? SAMPLE * k : rows;
    return rows < n ? rows : n;
}

static size_t room(size_t n, size_t k, size_t batch)
{
    size_t rows = start_rows(n, k, batch), block = BLOCK < n ? BLOCK : n;
    return rows > block ? rows : block;
}

double minibatch_bytes(size_t n, size_t d, size_t k, size_t batch)
{
    return 8 * (double)room(n, k, batch) * ((double)d + 4) + 32 * (double)k * (double)d;
}

static void fetch_cut(size_t b, void *state)
{
    const struct work *w = state;
    for (size_t i = par_begin(b, CUT); i < par_end(b, CUT, w->rows); i++)
        w->o->row(w->row[i], w->x + i * w->d, w->o->state);
}

static void fetch(struct work *w)
{
    par_for(par_blocks(w->rows, CUT), fetch_cut, w);
}

static int by_number(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* Draw rows, each with the same chance whenever one is drawn, or take all. In the order of the file, for the disk's sake. */
static void draw(struct work *w, size_t rows, bool all, struct rng *r)
{
    w->rows = rows;
    for (size_t i = 0; i < rows; i++)
        w->row[i] = all ? i : rng_below(r, w->n);
    qsort(w->row, rows, sizeof *w->row, by_number);
    fetch(w);
}

/* ---- a step ---- */

double minibatch_step(struct kmeans *m, double *weight, const float *x, size_t n, int32_t *label, double *distance)
{
    size_t k = m->k, d = m->d, *count = mem_zero(k, sizeof *count);
    double *sum = mem_zero(mem_mul(k, d), sizeof *sum), inertia = 0;
    kmeans_label(m, x, n, label);
    kmeans_distance(m, x, n, label, distance);
    for (size_t i = 0; i < n; i++) {
        size_t j = (size_t)label[i];
        inertia += distance[i] * distance[i];
        count[j]++;
        for (size_t c = 0; c < d; c++)
            sum[j * d + c] += (double)x[i * d + c];
    }
    for (size_t j = 0; j < k; j++) {
        if (!count[j])
            continue;
        double all = weight[j] + (double)count[j];
        for (size_t c = 0; c < d; c++)
            m->centre[j * d + c] = (m->centre[j * d + c] * weight[j] + sum[j * d + c]) / all;
        weight[j] = all;
    }
    free(sum);
    free(count);
    return inertia;
}

struct standing { double weight; size_t centre; };

static int by_weight(const void *a, const void *b)
{
    const struct standing *x = a, *y = b;
    return x->weight != y->weight ? (x->weight > y->weight) - (x->weight < y->weight)
                                  : (x->centre > y->centre) - (x->centre < y->centre);
}

void minibatch_reassign(struct kmeans *m, double *weight, const float *x, size_t n, struct rng *r)
{
    size_t k = m->k, d = m->d, few = 0, most = n / 2 < k ? n / 2 : k;
    struct standing *order = mem_new(k, sizeof *order);
    size_t *row = mem_new(n, sizeof *row);
    for (size_t j = 0; j < k; j++)
        order[j] = (struct standing){ weight[j], j };
    qsort(order, k, sizeof *order, by_weight);
    while (few < most && order[few].weight < ratio * order[k - 1].weight)
        few++;
    for (size_t i = 0; i < n; i++)
        row[i] = i;
    if (few)
        rng_shuffle(r, row, n);
    for (size_t i = 0; i < few; i++) {
        for (size_t c = 0; c < d; c++)
            m->centre[order[i].centre * d + c] = (double)x[row[i] * d + c];
        weight[order[i].centre] = order[few].weight;
    }
    free(order);
    free(row);
}

/* ---- all of it ---- */

static void start(struct work *w, struct kmeans *m, struct rng *r)
{
    const struct minibatch_options *o = w->o;
    if (o->init) {
        memcpy(m->centre, o->init, m->k * m->d * sizeof *m->centre);
        return;
    }
    size_t rows = start_rows(w->n, m->k, w->batch);
    draw(w, rows, rows == w->n, r);
    struct kmeans *first = kmeans_fit(w->x, rows, w->d, &(struct kmeans_options){
        .k = m->k, .n_init = o->n_init, .max_iter = START_ITER, .tol = 1e-4, .seed = o->seed });
    memcpy(m->centre, first->centre, m->k * m->d * sizeof *m->centre);
    kmeans_free(first);
}

static void steps(struct work *w, struct kmeans *m, struct rng *r)
{
    double *weight = mem_zero(m->k, sizeof *weight), mean = 0, least = INFINITY;
    double share = 2 * (double)w->batch / ((double)w->n + 1);
    size_t stale = 0, since = 0, given = 0;
    share = share < 1 ? share : 1;
    double most = fmax(1, floor((double)w->o->max_iter * (double)w->n / (double)w->batch));
    while (!m->converged && (double)m->n_iter < most) {
        draw(w, w->batch, false, r);
        bool anew = given < m->k || (since += w->batch) >= EVERY * m->k;
        double inertia = minibatch_step(m, weight, w->x, w->batch, w->label, w->distance) / (double)w->batch;
        if (anew) {
            minibatch_reassign(m, weight, w->x, w->batch, r);
            since = 0;
        }
        given = 0;
        for (size_t j = 0; j < m->k; j++)
            given += weight[j] > 0;
        if (++m->n_iter > 1) {                  /* the first is that of the start */
            mean = m->n_iter == 2 ? inertia : mean * (1 - share) + inertia * share;
            stale = mean < least ? 0 : stale + 1;
            least = fmin(mean, least);
            m->converged = stale >= PATIENCE;
        }
        if (w->o->tick)
            w->o->tick(m->n_iter, w->o->state);
    }
    free(weight);
}

/* The inertia of all rows, and how many centres have some. */
static void measure(struct work *w, struct kmeans *m)
{
    bool *has = mem_zero(m->k, sizeof *has);
    for (size_t at = 0; at < w->n; at += BLOCK) {
        w->rows = w->n - at < BLOCK ? w->n - at : BLOCK;
        for (size_t i = 0; i < w->rows; i++)
            w->row[i] = at + i;
        fetch(w);
        kmeans_label(m, w->x, w->rows, w->label);
        kmeans_distance(m, w->x, w->rows, w->label, w->distance);
        for (size_t i = 0; i < w->rows; i++) {
            m->inertia += w->distance[i] * w->distance[i];
            m->used += !has[w->label[i]];
            has[w->label[i]] = true;
        }
    }
    free(has);
}

struct kmeans *minibatch_fit(size_t n, size_t d, const struct minibatch_options *o)
{
    struct kmeans *m = mem_zero(1, sizeof *m);
    size_t rows = room(n, o->k, o->batch);
    struct work w = { .o = o, .n = n, .d = d, .batch = o->batch < n ? o->batch : n };
    struct rng r;
    rng_init(&r, o->seed, UINT64_MAX);          /* the starts have the first streams */
    w.row = mem_new(rows, sizeof *w.row);
    w.x = mem_new(mem_mul(rows, d), sizeof *w.x);
    w.label = mem_new(rows, sizeof *w.label);
    w.distance = mem_new(rows, sizeof *w.distance);
    m->k = o->k;
    m->d = d;
    m->centre = mem_new(mem_mul(o->k, d), sizeof *m->centre);
    start(&w, m, &r);
    steps(&w, m, &r);
    measure(&w, m);
    void *const all[] = { w.row, w.x, w.label, w.distance };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    return m;
}
