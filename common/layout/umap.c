/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layout/umap.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "layout/lanes.h"
#include "math/draws.h"

enum { ROWS = 64 };

/* ---- how strongly neighbours belong together ---- */

struct members { const double *distance; size_t n, k; double mean, *weight, *rho, *sigma; };

/* The sigma with which `sure` and the sum of exp(-gap / sigma) over gap[k] make `wanted`; 0 if sure is as much. By Newton's
 * method in 1 / sigma, of which the sum is a convex function, from 0 on: no step leads beyond the root. */
static double solve_sigma(const double *gap, size_t k, double sure, double wanted)
{
    double beta = 0;
    if (sure >= wanted)
        return 0;
    for (int step = 0; step < 300; step++) {
        double off = sure - wanted, slope = 0;
        for (size_t j = 0; j < k; j++) {
            double e = exp(-beta * gap[j]);
            off += e;
            slope += gap[j] * e;
        }
        if (!(off > 1e-12 * wanted) || !(slope > 0))
            break;
        beta += off / slope;
    }
    return beta > 0 ? 1 / beta : INFINITY;
}

static void member_rows(size_t block, void *state)
{
    const struct members *m = state;
    size_t k = m->k;
    double *gap = mem_new(k, sizeof *gap);
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, m->n); i++) {
        const double *d = m->distance + i * k;
        double *weight = m->weight + i * k, rho = 0, sum = 0;
        size_t far = 0;
        for (size_t j = 0; j < k; j++) {
            rho = rho > 0 ? rho : d[j];
            sum += d[j];
        }
        for (size_t j = 0; j < k; j++)
            if (d[j] > rho)
                gap[far++] = d[j] - rho;
        double sigma = solve_sigma(gap, far, (double)(k - far), log2((double)k + 1));
        sigma = fmax(sigma, 1e-3 * (rho > 0 ? sum / ((double)k + 1) : m->mean));
        for (size_t j = 0; j < k; j++)
            weight[j] = d[j] > rho && sigma > 0 ? exp(-(d[j] - rho) / sigma) : 1;
        if (m->rho)
            m->rho[i] = rho;
        if (m->sigma)
            m->sigma[i] = sigma;
    }
    free(gap);
}

void umap_members(const double *distance, size_t n, size_t k, double *weight, double *rho, double *sigma)
{
    struct members m = { distance, n, k, 0, weight, rho, sigma };
    for (size_t i = 0; i < n * k; i++)
        m.mean += distance[i] / ((double)n * ((double)k + 1));
    par_for(par_blocks(n, ROWS), member_rows, &m);
}

struct graph *umap_graph(const uint32_t *index, double *distance, size_t n, size_t k)
{
    umap_members(distance, n, k, distance, NULL, NULL);
    return graph_join(index, distance, n, k, 1);
}

/* ---- the curve ---- */

enum { CURVE_POINTS = 300 };

/* The sum of squared errors for distances in units of spread; with jtj and jte its normal equations. */
static double curve_error(double min_dist, double a, double b, double jtj[3], double jte[2])
{
    double sum = 0;
    jtj[0] = jtj[1] = jtj[2] = jte[0] = jte[1] = 0;
    for (size_t i = 0; i < CURVE_POINTS; i++) {
        double x = 3 * (double)i / (CURVE_POINTS - 1), p = pow(x, 2 * b), f = 1 / (1 + a * p);
        double error = (x < min_dist ? 1 : exp(min_dist - x)) - f;
        double by_a = -p * f * f, by_b = x > 0 ? -2 * a * p * log(x) * f * f : 0;
        sum += error * error;
        jtj[0] += by_a * by_a;
        jtj[1] += by_a * by_b;
        jtj[2] += by_b * by_b;
        jte[0] += by_a * error;
        jte[1] += by_b * error;
    }
    return sum;
}

/* By Levenberg and Marquardt's method. */
void umap_curve(double min_dist, double spread, double *a, double *b)
{
    double jtj[3], jte[2], damp = 1e-3, within = min_dist / spread;
    *a = *b = 1;
    double error = curve_error(within, *a, *b, jtj, jte);
    for (int step = 0; step < 200 && damp < 1e12; step++) {
        double p = jtj[0] * (1 + damp), q = jtj[2] * (1 + damp), det = p * q - jtj[1] * jtj[1];
        double to_a = *a + (q * jte[0] - jtj[1] * jte[1]) / det, to_b = *b + (p * jte[1] - jtj[1] * jte[0]) / det;
        double next_jtj[3], next_jte[2], next = curve_error(within, to_a, to_b, next_jtj, next_jte);
        if (to_a > 0 && to_b > 0 && next <= error) {
            bool there = fabs(to_a - *a) < 1e-12 && fabs(to_b - *b) < 1e-12;
            *a = to_a;
            *b = to_b;
            error = next;
            memcpy(jtj, next_jtj, sizeof jtj);
            memcpy(jte, next_jte, sizeof jte);
            damp /= 10;
            if (there)
                break;
        } else {
            damp *= 10;
        }
    }
    *a /= pow(spread, 2 * *b);
}

/* ---- forces ---- */

/* The points that act. */
struct field { const float *y; size_t n, dims, rate; float a, b; };

#define LONGEST 4.0f                /* of a force in a column */
enum { CHUNK = 128, POOL = 4 * CHUNK };

/* Add to sum[dims] the forces on a point `at` from the points list[count], which has LANES more of any points: they pull it,
 * twice as much, as they are pulled, too; or push it. */
__attribute__((always_inline)) static inline void add_forces(const struct field *f, const float *at, const uint32_t *list,
                                                             size_t count, const bool pull, const size_t dims, vec *sum)
{
    const ivec lane = { 0, 1, 2, 3, 4, 5, 6, 7 };
    for (size_t e = 0; e < count; e += LANES) {
        vec apart[3], d = 1e-12f - (vec){ 0 };              /* so that it has a logarithm */
        gather(f->y, list + e, dims, apart);
        for (size_t c = 0; c < dims; c++) {
            apart[c] = at[c] - apart[c];
            d += apart[c] * apart[c];
        }
        vec p = d;
        lanes_power(&p, f->b);
        vec below = 1 + f->a * p;
        vec force = pull ? -2 * f->a * f->b * p / (d * below) : 2 * f->b / ((0.001f + d) * below);
        force = (vec)((ivec)force & (lane < (int32_t)(count - e)));
        for (size_t c = 0; c < dims; c++) {
            apart[c] *= force;
            lanes_clamp(apart + c, -LONGEST, LONGEST);
            sum[c] += pull ? 2 * apart[c] : apart[c];
        }
    }
}

static struct field field_of(const float *y, size_t n, const struct umap_options *o)
{
    return (struct field){ y, n, o->dims, o->negative_sample_rate, (float)o->a, (float)o->b };
}

/* Points drawn of all, many at once: those from `at` on are fresh. */
struct pool { struct rng rng; size_t at; uint32_t point[POOL]; };

static void pool_begin(struct pool *p, uint64_t seed, uint64_t stream)
{
    rng_init(&p->rng, seed, stream);
    p->at = POOL;
}

static void pool_fill(struct pool *p, size_t n)
{
    draws_u32(&p->rng, p->point, POOL);
    for (size_t l = 0; l < POOL; l++)
        p->point[l] = (uint32_t)((uint64_t)p->point[l] * n >> 32);
    p->at = 0;
}

/* An edge's rate is in units of 2^-31. It acts in those epochs (from 1 on) in which epoch times rate passes a whole number. */
static inline bool acts(uint32_t rate, uint32_t epoch)
{
    return (epoch * rate & 0x7fffffff) < rate;
}

static uint32_t rate_of(double weight, double most)
{
    return (uint32_t)(weight / most * 0x80000000);
}

/* The force on a point at `at` in this epoch, to force[dims]: its edges pull, and for each that does, `rate` points that
 * are drawn push. */
__attribute__((always_inline)) static inline void all_forces(const struct field *f, const float *at, const uint32_t *to,
    const uint32_t *rate, size_t edges, uint32_t epoch, struct pool *pool, const size_t dims, float *force)
{
    uint32_t list[CHUNK + LANES];
    size_t count = 0, pushes = 0;
    vec sum[3] = { { 0 } };
    for (size_t e = 0; e < edges; e++) {
        list[count] = to[e];
        count += acts(rate[e], epoch);
        if (count == CHUNK || e + 1 == edges) {
            for (size_t l = 0; l < LANES; l++)
                list[count + l] = 0;
            add_forces(f, at, list, count, true, dims, sum);
            pushes += count * f->rate;
            count = 0;
        }
    }
    for (size_t some; pushes; pushes -= some) {
        if (pool->at == POOL)
            pool_fill(pool, f->n);
        some = pushes < POOL - pool->at ? pushes : POOL - pool->at;
        add_forces(f, at, pool->point + pool->at, some, false, dims, sum);
        pool->at += (some + LANES - 1) / LANES * LANES;
    }
    for (size_t c = 0; c < dims; c++) {
        force[c] = 0;
        for (size_t l = 0; l < LANES; l++)
            force[c] += sum[c][l];
    }
}

static void forces_on(const struct field *f, const float *at, const uint32_t *to, const uint32_t *rate, size_t edges,
                      uint32_t epoch, struct pool *pool, float *force)
{
    if (f->dims == 2)               /* the compiler makes one of each */
        all_forces(f, at, to, rate, edges, epoch, pool, 2, force);
    else
        all_forces(f, at, to, rate, edges, epoch, pool, 3, force);
}

/* ---- steps: Adam (Kingma and Ba 2015) with uwot's settings ---- */

#define MEAN_KEEPS 0.5
#define SQUARE_KEEPS 0.9

/* How far an epoch (from 1 on) of n steps: the rate falls to 0, the means are made up for having begun at 0. */
static float step_length(double rate, size_t epoch, size_t n)
{
    double falls = 1 - (double)(epoch - 1) / (double)n;
    return (float)(rate * falls * sqrt(1 - pow(SQUARE_KEEPS, (double)epoch)) / (1 - pow(MEAN_KEEPS, (double)epoch)));
}

static inline float adam(float force, float *mean, float *square, float length)
{
    *mean += (float)(1 - MEAN_KEEPS) * (force - *mean);
    *square += (float)(1 - SQUARE_KEEPS) * (force * force - *square);
    return length * *mean / (sqrtf(*square) + 1e-7f);
}

/* ---- making a map ---- */

struct run {
    struct field field;             /* where the points are */
    float *next, *mean, *square;    /* [n][dims] */
    size_t *start;                  /* [n + 1] */
    uint32_t *to, *rate;            /* [start[n]] */
    uint32_t epoch;
    float length;
    uint64_t seed;
};

double umap_bytes(const struct graph *g, size_t dims)
{
    return 8 * (double)g->start[g->n] + 8 * (double)g->n + 16 * (double)(g->n * dims);
}

/* The edges of g that act at all. */
static void take_edges(struct run *r, const struct graph *g, size_t n_epochs)
{
    size_t n = g->n, edges = g->start[n], kept = 0;
    double most = 0;
    for (size_t e = 0; e < edges; e++)
        most = g->weight[e] > most ? g->weight[e] : most;
    r->start = mem_new(n + 1, sizeof *r->start);
    r->to = mem_new(edges, sizeof *r->to);
    r->rate = mem_new(edges, sizeof *r->rate);
    for (size_t i = 0; i < n; i++) {
        r->start[i] = kept;
        for (size_t e = g->start[i]; e < g->start[i + 1]; e++)
            if (g->weight[e] * (double)n_epochs >= most) {
                r->to[kept] = g->to[e];
                r->rate[kept++] = rate_of(g->weight[e], most);
            }
    }
    r->start[n] = kept;
}

static void move_points(size_t block, void *state)
{
    const struct run *r = state;
    const struct field *f = &r->field;
    struct pool pool;
    pool_begin(&pool, r->seed, (uint64_t)r->epoch << 32 | block);
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, f->n); i++) {
        size_t at = i * f->dims, e = r->start[i];
        float force[3];
        forces_on(f, f->y + at, r->to + e, r->rate + e, r->start[i + 1] - e, r->epoch, &pool, force);
        for (size_t c = 0; c < f->dims; c++)
            r->next[at + c] = f->y[at + c] + adam(force[c], r->mean + at + c, r->square + at + c, r->length);
    }
}

void umap_begin(float *y, size_t n, size_t dims, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed, UINT64_MAX);
    for (size_t c = 0; c < dims; c++) {
        float low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            low = fminf(low, y[i * dims + c]);
            high = fmaxf(high, y[i * dims + c]);
        }
        double scale = high > low ? 10 / ((double)high - (double)low) : 0;
        for (size_t i = 0; i < n; i++)
            y[i * dims + c] = (float)(((double)y[i * dims + c] - (double)low) * scale + 1e-4 * rng_normal(&rng));
    }
}

void umap_fit(const struct graph *g, float *y, const struct umap_options *o)
{
    size_t n = g->n, size = n * o->dims;
    float *now = mem_new(size, sizeof *now), *next = mem_new(size, sizeof *next);
    struct run r = { .mean = mem_zero(size, sizeof *r.mean), .square = mem_zero(size, sizeof *r.square), .seed = o->seed };
    memcpy(now, y, size * sizeof *y);
    take_edges(&r, g, o->n_epochs);
    for (size_t epoch = 1; epoch <= o->n_epochs; epoch++) {
        r.field = field_of(now, n, o);
        r.next = next;
        r.epoch = (uint32_t)epoch;
        r.length = step_length(o->learning_rate, epoch, o->n_epochs);
        par_for(par_blocks(n, ROWS), move_points, &r);
        next = now;
        now = r.next;
        if (o->tick)
            o->tick(epoch);
    }
    memcpy(y, now, size * sizeof *y);
    free(now);
    free(next);
    free(r.mean);
    free(r.square);
    free(r.start);
    free(r.to);
    free(r.rate);
}

/* ---- placing new points ---- */

enum { PLACE_EPOCHS = 100 };

struct place {
    struct field field;             /* the map */
    size_t m, k;
    const uint32_t *index;
    const double *weight;
    float *y;
    const struct umap_options *o;
};

/* All new points meet the same draws, so that each comes to lie where it would alone. */
static void place_point(size_t i, void *state)
{
    const struct place *t = state;
    const struct field *f = &t->field;
    const double *weight = t->weight + i * t->k;
    const uint32_t *to = t->index + i * t->k;
    uint32_t *rate = mem_new(t->k, sizeof *rate);
    double sum = 0, start[3] = { 0 };
    for (size_t j = 0; j < t->k; j++) {
        rate[j] = rate_of(weight[j], 1);
        sum += weight[j];
        for (size_t c = 0; c < f->dims; c++)
            start[c] += weight[j] * (double)f->y[to[j] * f->dims + c];
    }
    float at[3] = { 0 }, force[3], mean[3] = { 0 }, square[3] = { 0 };
    for (size_t c = 0; c < f->dims; c++)
        at[c] = (float)(start[c] / sum);
    for (uint32_t epoch = 1; epoch <= PLACE_EPOCHS; epoch++) {
        struct pool pool;
        float length = step_length(t->o->learning_rate / 4, epoch, PLACE_EPOCHS);
        pool_begin(&pool, t->o->seed, (uint64_t)epoch << 32);
        forces_on(f, at, to, rate, t->k, epoch, &pool, force);
        for (size_t c = 0; c < f->dims; c++)
            at[c] += adam(force[c], mean + c, square + c, length);
    }
    memcpy(t->y + i * f->dims, at, f->dims * sizeof *at);
    free(rate);
}

void umap_place(const float *map, size_t n, const uint32_t *index, double *distance, size_t m, size_t k, float *y,
                const struct umap_options *o)
{
    struct place t = { field_of(map, n, o), m, k, index, distance, y, o };
    umap_members(distance, m, k, distance, NULL, NULL);
    par_for(m, place_point, &t);
}
