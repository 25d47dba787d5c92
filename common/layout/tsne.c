/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layout/tsne.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "layout/affinity.h"
#include "layout/lanes.h"
#include "layout/repel.h"

enum { ROWS = 128, EARLY = 250, CHECK = 50, PATIENCE = 300 };

size_t tsne_neighbours(size_t n, double perplexity)
{
    double wanted = floor(3 * perplexity + 1);
    return wanted < (double)n - 1 ? (size_t)wanted : n - 1;
}

struct graph *tsne_joint(const uint32_t *index, double *distance, size_t n, size_t k, double perplexity)
{
    affinity_rows(distance, n, k, perplexity, distance, NULL);
    struct graph *p = graph_join(index, distance, n, k, 0);
    for (size_t e = 0; e < p->start[n]; e++)
        p->weight[e] /= 2 * (double)n;
    return p;
}

/* ---- making a map ---- */

struct run {
    size_t n, dims;
    float *y, *next, *update, *gain, *push;     /* [n][dims]; push: what repel gives */
    size_t *start;              /* [n + 1] each row's edges, a multiple of LANES */
    uint32_t *to;
    float *p;                   /* 0 in lanes that are over */
    double z, exaggeration, rate, momentum;
    bool checks;                /* this step: how good is it? */
    double *kl, *norm;          /* [blocks] */
};

double tsne_bytes(const struct graph *p, size_t dims)
{
    return 8 * ((double)p->start[p->n] + LANES * (double)p->n) + 4 * 5 * (double)(p->n * dims) + repel_bytes(p->n);
}

/* The edges of p, padded to whole vectors. */
static void lay_out(struct run *r, const struct graph *p)
{
    r->start = mem_new(r->n + 1, sizeof *r->start);
    r->start[0] = 0;
    for (size_t i = 0; i < r->n; i++)
        r->start[i + 1] = r->start[i] + (p->start[i + 1] - p->start[i] + LANES - 1) / LANES * LANES;
    r->to = mem_aligned(r->start[r->n], sizeof *r->to);
    r->p = mem_aligned(r->start[r->n], sizeof *r->p);
    for (size_t i = 0; i < r->n; i++)
        for (size_t e = r->start[i], from = p->start[i]; e < r->start[i + 1]; e++, from++) {
            bool over = from >= p->start[i + 1];
            r->to[e] = over ? (uint32_t)i : p->to[from];
            r->p[e] = over ? 0 : (float)p->weight[from];
        }
}

/* pull[dims] = sum over j of p_ij q_ij (y_i - y_j); with kl also sum of p_ij log(p_ij / q_ij) + p_ij log z. */
__attribute__((always_inline)) static inline void pull_point(const struct run *r, size_t i, const size_t dims, float *pull,
                                                             double *kl)
{
    vec sum[3] = { { 0 } };
    for (size_t e = r->start[i]; e < r->start[i + 1]; e += LANES) {
        vec p, apart[3], d = { 0 };
        memcpy(&p, r->p + e, sizeof p);
        gather(r->y, r->to + e, dims, apart);
        for (size_t c = 0; c < dims; c++) {
            apart[c] = r->y[i * dims + c] - apart[c];
            d += apart[c] * apart[c];
        }
        vec w = p / (1 + d);
        for (size_t c = 0; c < dims; c++)
            sum[c] += w * apart[c];
        for (size_t l = 0; kl && l < LANES; l++)
            if (p[l] > 0)
                *kl += (double)p[l] * log((double)p[l] * (1 + (double)d[l]) * r->z);
    }
    for (size_t c = 0; c < dims; c++) {
        pull[c] = 0;
        for (size_t l = 0; l < LANES; l++)
            pull[c] += sum[c][l];
    }
}

static void move_points(size_t block, void *state)
{
    const struct run *r = state;
    double kl = 0, norm = 0;
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, r->n); i++) {
        float pull[3];
        if (r->checks)                          /* the compiler makes one of each */
            r->dims == 2 ? pull_point(r, i, 2, pull, &kl) : pull_point(r, i, 3, pull, &kl);
        else
            r->dims == 2 ? pull_point(r, i, 2, pull, NULL) : pull_point(r, i, 3, pull, NULL);
        for (size_t c = 0; c < r->dims; c++) {
            size_t at = i * r->dims + c;
            float gradient = (float)(4 * (r->exaggeration * (double)pull[c] - (double)r->push[at] / r->z));
            float gain = r->update[at] * gradient < 0 ? r->gain[at] + 0.2f : r->gain[at] * 0.8f;
            r->gain[at] = gain > 0.01f ? gain : 0.01f;
            gradient *= r->gain[at];
            norm += (double)gradient * (double)gradient;
            r->update[at] = (float)r->momentum * r->update[at] - (float)r->rate * gradient;
            r->next[at] = r->y[at] + r->update[at];
        }
    }
    r->kl[block] = kl;
    r->norm[block] = norm;
}

/* One step; with checks the divergence before it, and the length of the gradient. */
static void make_step(struct run *r, struct repel *repel, double *kl, double *norm)
{
    size_t blocks = par_blocks(r->n, ROWS);
    r->z = repel_forces(repel, r->y, r->push);
    par_for(blocks, move_points, r);
    float *y = r->y;
    r->y = r->next;
    r->next = y;
    *kl = *norm = 0;
    for (size_t b = 0; b < blocks; b++) {
        *kl += r->kl[b];
        *norm += r->norm[b];
    }
    *norm = sqrt(*norm);
}

struct tsne_end tsne_fit(const struct graph *p, float *y, const struct tsne_options *o)
{
    size_t n = p->n, size = n * o->dims, blocks = par_blocks(n, ROWS);
    struct run r = { .n = n, .dims = o->dims };
    float **const arrays[] = { &r.y, &r.next, &r.update, &r.gain, &r.push };
    for (size_t a = 0; a < 5; a++)
        *arrays[a] = mem_zero(size, sizeof(float));
    for (size_t i = 0; i < size; i++) {
        r.y[i] = y[i];
        r.gain[i] = 1;
    }
    r.kl = mem_new(blocks, sizeof *r.kl);
    r.norm = mem_new(blocks, sizeof *r.norm);
    lay_out(&r, p);
    r.rate = o->learning_rate > 0 ? o->learning_rate : fmax((double)n / o->early_exaggeration / 4, 50);
    struct repel *repel = repel_new(n, o->dims, o->angle);
    double kl = 0, norm, best = INFINITY;
    size_t step = 0, best_step = 0;
    while (step < o->n_iter) {
        bool early = step < EARLY;
        if (step == EARLY)
            memset(r.update, 0, size * sizeof *r.update);
        for (size_t i = 0; step == EARLY && i < size; i++)
            r.gain[i] = 1;
        r.exaggeration = early ? o->early_exaggeration : 1;
        r.momentum = early ? 0.5 : 0.8;
        r.checks = ++step % CHECK == 0;
        make_step(&r, repel, &kl, &norm);
        if (r.checks && o->tick)
            o->tick(step, kl);
        if (!r.checks || early)
            continue;
        if (kl < best) {
            best = kl;
            best_step = step;
        } else if (step - best_step > PATIENCE) {
            break;
        }
        if (norm <= 1e-7)
            break;
    }
    memcpy(y, r.y, size * sizeof *y);
    r.checks = true;
    make_step(&r, repel, &kl, &norm);       /* for the divergence of where it ended */
    repel_free(repel);
    for (size_t a = 0; a < 5; a++)
        free(*arrays[a]);
    free(r.start);
    free(r.to);
    free(r.p);
    free(r.kl);
    free(r.norm);
    return (struct tsne_end){ kl, step };
}

double tsne_divergence(const struct graph *p, const float *y, size_t dims)
{
    double z = 0, kl = 0;
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < i; j++) {
            double d = 0;
            for (size_t c = 0; c < dims; c++)
                d += pow((double)y[i * dims + c] - (double)y[j * dims + c], 2);
            z += 2 / (1 + d);
        }
    for (size_t i = 0; i < p->n; i++)
        for (size_t e = p->start[i]; e < p->start[i + 1]; e++) {
            double d = 0, w = p->weight[e];
            for (size_t c = 0; c < dims; c++)
                d += pow((double)y[i * dims + c] - (double)y[p->to[e] * dims + c], 2);
            if (w > 0)
                kl += w * log(w * (1 + d) * z);
        }
    return kl;
}

/* ---- placing new points ---- */

enum { PLACE_STEPS = 250, PLACE_MEDIAN = 25 };
#define PLACE_EXAGGERATION 1.5
#define PLACE_RATE 0.1
#define PLACE_MOMENTUM 0.8
#define PLACE_MOST 0.25             /* longest gradient */

struct place {
    size_t n, dims, m, k;
    const float *map;
    const uint32_t *index;
    const double *p;
    float *lanes;                   /* [dims][whole vectors] of the map */
    size_t wide;
    float *y;
};

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Where a new point begins: the median of its nearest. */
static void begin_at(const struct place *t, size_t i, double *at)
{
    float v[PLACE_MEDIAN];
    size_t some = t->k < PLACE_MEDIAN ? t->k : PLACE_MEDIAN;
    for (size_t c = 0; c < t->dims; c++) {
        for (size_t j = 0; j < some; j++)
            v[j] = t->map[t->index[i * t->k + j] * t->dims + c];
        qsort(v, some, sizeof *v, ascending);
        at[c] = ((double)v[some / 2] + (double)v[(some - 1) / 2]) / 2;
    }
}

/* gradient[dims] = sum p q (y - y_j) times the exaggeration - sum q^2 (y - y_j) / sum q, all over the map. */
static void slope_at(const struct place *t, size_t i, const double *at, double *gradient)
{
    vec push[3] = { { 0 } }, z = { 0 };
    for (size_t j = 0; j < t->wide; j += LANES) {
        vec apart[3], d = { 0 };
        for (size_t c = 0; c < t->dims; c++) {
            memcpy(&apart[c], t->lanes + c * t->wide + j, sizeof apart[c]);
            apart[c] = (float)at[c] - apart[c];
            d += apart[c] * apart[c];
        }
        vec q = 1 / (1 + d);
        z += q;
        for (size_t c = 0; c < t->dims; c++)
            push[c] += q * q * apart[c];
    }
    double sum = 0;
    for (size_t l = 0; l < LANES; l++)
        sum += (double)z[l];
    for (size_t c = 0; c < t->dims; c++) {
        gradient[c] = 0;
        for (size_t l = 0; l < LANES; l++)
            gradient[c] -= (double)push[c][l] / sum;
    }
    for (size_t j = 0; j < t->k; j++) {
        const float *other = t->map + t->index[i * t->k + j] * t->dims;
        double d = 1;
        for (size_t c = 0; c < t->dims; c++)
            d += (at[c] - (double)other[c]) * (at[c] - (double)other[c]);
        for (size_t c = 0; c < t->dims; c++)
            gradient[c] += PLACE_EXAGGERATION * t->p[i * t->k + j] / d * (at[c] - (double)other[c]);
    }
}

static void place_point(size_t i, void *state)
{
    const struct place *t = state;
    double at[3], update[3] = { 0 }, gain[3] = { 1, 1, 1 }, gradient[3];
    begin_at(t, i, at);
    for (size_t step = 0; step < PLACE_STEPS; step++) {
        double length = 0;
        slope_at(t, i, at, gradient);
        for (size_t c = 0; c < t->dims; c++)
            length += gradient[c] * gradient[c];
        double scale = sqrt(length) > PLACE_MOST ? PLACE_MOST / sqrt(length) : 1;
        for (size_t c = 0; c < t->dims; c++) {
            gradient[c] *= scale;
            gain[c] = update[c] * gradient[c] > 0 ? gain[c] * 0.8 + 0.01 : gain[c] + 0.2;
            update[c] = PLACE_MOMENTUM * update[c] - PLACE_RATE * gain[c] * gradient[c];
            at[c] += update[c];
        }
    }
    for (size_t c = 0; c < t->dims; c++)
        t->y[i * t->dims + c] = (float)at[c];
}

void tsne_place(const float *map, size_t n, size_t dims, const uint32_t *index, double *distance, size_t m, size_t k,
                float *y)
{
    struct place t = { .n = n, .dims = dims, .m = m, .k = k, .map = map, .index = index, .p = distance, .y = y,
                       .wide = (n + LANES - 1) / LANES * LANES };
    affinity_rows(distance, m, k, fmin(TSNE_PLACE_PERPLEXITY, (double)k), distance, NULL);
    t.lanes = mem_aligned(dims * t.wide, sizeof *t.lanes);
    for (size_t c = 0; c < dims; c++)
        for (size_t i = 0; i < t.wide; i++)
            t.lanes[c * t.wide + i] = i < n ? map[i * dims + c] : 1e18f;    /* a lane that is over weighs nothing */
    par_for(m, place_point, &t);
    free(t.lanes);
}
