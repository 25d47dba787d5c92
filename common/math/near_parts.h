/* near_parts - what the files of near share: the points in leaves, and comparing them in single precision
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_NEAR_PARTS_H
#define MATH_NEAR_PARTS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/dist.h"
#include "math/near.h"

/* A leaf is up to GROUPS groups of LANES points; in a group, column j of all its points
 * lies together: lane[group][j][LANES]. Lanes without a point hold FAR. */
enum { LANES = 32, GROUPS = 4, LEAF = LANES * GROUPS };
#define FAR 1e18f           /* its square is finite in float */

/* A vector of the processor. */
#if defined __AVX512F__
enum { WIDTH = 16 };
#elif defined __AVX__
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif
typedef float vec __attribute__((vector_size(WIDTH * sizeof(float))));

struct near {
    const float *x;         /* as given, or with rows of length 1: what distances are of */
    const float *y;         /* what float compares: x, or x / unit */
    float *scaled;          /* the copy among them, or NULL */
    float *own;             /* of near_some: the rows given; else NULL */
    size_t n, d, leaves;
    enum near_metric metric;
    uint32_t *order;        /* [n] rows in the order of the leaves */
    size_t *start;          /* [leaves + 1] */
    size_t *group;          /* [leaves + 1] the first group of each */
    float *lane;            /* [groups][d][LANES] */
    float *centre;          /* [leaves][d] about in the middle of a leaf, as y */
    double *radius;         /* [leaves] the farthest of its rows from there */
    double slack, lost;     /* relative error of a squared distance in float; absolute one: underflow */
    double unit;            /* 1, or the power of 2 that rows too large to square in float are divided by */
};

/* Fill order and start, and count the leaves. */
void near_arrange(struct near *t);

/* Squared Euclidean distance that stands for a distance in the metric, and back. A zero
 * row under cosine is 1 from a unit row: both ways give that. */
static inline double to_squared(const struct near *t, double distance)
{
    return t->metric == NEAR_COSINE ? 2 * distance : distance * distance;
}

static inline double from_squared(const struct near *t, double squared)
{
    return t->metric == NEAR_COSINE ? squared / 2 : sqrt(squared);
}

/* The square in float, of rows divided by unit, that is at most `limit` for sure, or may be. */
struct bounds { float sure, maybe; };

static inline struct bounds bounds_of(const struct near *t, double limit)
{
    double s = limit / t->unit / t->unit;
    s = s < 9e35 ? s : 9e35;                /* more than any two rows are apart, less than FAR is */
    return (struct bounds){ (float)(s * (1 - t->slack) - t->lost), (float)(s * (1 + t->slack) + t->lost) };
}

/* Least distance that points of two leaves can have. */
static inline double apart(const struct near *t, size_t a, size_t b)
{
    double gap = sqrt(dist_sq(t->centre + a * t->d, t->centre + b * t->d, t->d)) * (1 - 1e-12) - t->radius[a] - t->radius[b];
    return gap > 0 ? gap * t->unit : 0;
}

/* A leaf's g-th group. */
static inline const float *lanes(const struct near *t, size_t leaf, size_t g)
{
    return t->lane + (t->group[leaf] + g) * LANES * t->d;
}

/* Some rows of a leaf: their places in it, and which they are. */
struct some { size_t n; uint32_t place[LEAF], row[LEAF]; };

/* A distance in units of y, not rounded down, whose square in x is `squared`. */
static inline float reach_of(const struct near *t, double squared)
{
    return (float)(sqrt(squared) / t->unit * (1 + 1e-6));
}

/* The rows of a leaf that may be as near as their reach[LEAF] (reach_of, or below 0: never) to one of another leaf: in many
 * dimensions few, as what a leaf measures across is taken off once only. */
static inline void near_enough(const struct near *t, size_t leaf, size_t other, const float *reach, struct some *s)
{
    size_t n = t->start[leaf + 1] - t->start[leaf], d = t->d;
    const float *c = t->centre + other * d;
    float sure = (float)(1 - t->slack), lost = (float)t->lost, radius = (float)(t->radius[other] * (1 + 1e-6));
    s->n = 0;
    for (size_t g = 0; g * LANES < n; g++) {
        const float *lane = lanes(t, leaf, g);
        float sq[LANES] = { 0 };
        for (size_t j = 0; j < d; j++)
            for (size_t l = 0; l < LANES; l++)
                sq[l] += (lane[j * LANES + l] - c[j]) * (lane[j * LANES + l] - c[j]);
        for (size_t l = 0; l < LANES && g * LANES + l < n; l++) {
            size_t i = g * LANES + l;
            float far = reach[i] + radius;
            s->place[s->n] = (uint32_t)i;
            s->row[s->n] = t->order[t->start[leaf] + i];
            s->n += (reach[i] >= 0) & (sq[l] * sure - lost <= far * far * (1 + 1e-6f));
        }
    }
}

/* Squared distances of 4 rows q[4][d] from the points of a group: pairs of the processor's vectors, whose sums stay in
 * registers. They do as long as this stays a function: inlined, gcc 12 keeps two of the eight in memory. */
__attribute__((noinline, unused))
static void compare(const float *restrict lane, const float *const q[4], size_t d, float out[restrict 4][LANES])
{
    for (size_t at = 0; at < LANES; at += 2 * WIDTH) {
        const float *p = lane + at;
        vec s[4][2] = { 0 };
        for (size_t j = 0; j < d; j++, p += LANES) {
            vec a, b;
            memcpy(&a, p, sizeof a);
            memcpy(&b, p + WIDTH, sizeof b);
            for (size_t r = 0; r < 4; r++) {
                vec u = a - q[r][j], v = b - q[r][j];
                s[r][0] += u * u;
                s[r][1] += v * v;
            }
        }
        for (size_t r = 0; r < 4; r++)
            memcpy(out[r] + at, s[r], sizeof s[r]);
    }
}

/* Whether one of a group's squares is at most `most`. */
static inline bool any_within(const float sq[LANES], float most)
{
    int any = 0;
    for (size_t l = 0; l < LANES; l++)
        any |= sq[l] <= most;
    return any;
}

/* The rows of `leaf` from i on, four of them; the last is repeated where there are fewer. */
static inline size_t four(const struct near *t, const uint32_t *rows, size_t n, size_t i, const float *q[4])
{
    for (size_t k = 0; k < 4; k++)
        q[k] = t->y + (size_t)rows[i + k < n ? i + k : n - 1] * t->d;
    return n - i < 4 ? n - i : 4;
}

struct visit { double gap; size_t leaf; };

static inline int by_gap(const void *a, const void *b)
{
    const struct visit *x = a, *y = b;
    if (x->gap != y->gap)
        return x->gap < y->gap ? -1 : 1;
    return x->leaf < y->leaf ? -1 : x->leaf > y->leaf;
}

/* All leaves, those that may be nearest to this one first. */
static inline struct visit *by_nearness(const struct near *t, size_t leaf)
{
    struct visit *visits = mem_new(t->leaves, sizeof *visits);
    for (size_t o = 0; o < t->leaves; o++)
        visits[o] = (struct visit){ apart(t, leaf, o), o };
    qsort(visits, t->leaves, sizeof *visits, by_gap);
    return visits;
}

/* ---- the k nearest ---- */

struct candidate { double squared; uint32_t row; };

static inline int after(struct candidate a, struct candidate b)
{
    return a.squared > b.squared || (a.squared == b.squared && a.row > b.row);
}

/* Put c in place of the worst of heap[k], a binary heap with the worst on top. */
static inline void replace_worst(struct candidate *heap, size_t k, struct candidate c)
{
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < k; at = child) {
        if (child + 1 < k && after(heap[child + 1], heap[child]))
            child++;
        if (!after(heap[child], c))
            break;
        heap[at] = heap[child];
    }
    heap[at] = c;
}

static inline int by_distance(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return after(*x, *y) ? 1 : after(*y, *x) ? -1 : 0;
}

/* A square in float above this is more than `squared` for sure. */
static inline float too_far(const struct near *t, double squared)
{
    return (float)(squared / t->unit / t->unit * (1 + 2 * t->slack) + t->lost);
}

/* What they are looked for, and where they go: index[n][k], distance[n][k] or NULL. */
struct wanted { const struct near *t; size_t k; uint32_t *index; double *distance; };

/* Row i's nearest, of heap[m]. */
static inline void put_row(const struct wanted *w, size_t i, struct candidate *heap, size_t m)
{
    size_t k = w->k;
    qsort(heap, m, sizeof *heap, by_distance);
    for (size_t j = 0; j < k; j++) {
        w->index[i * k + j] = heap[j].row;
        if (w->distance)
            w->distance[i * k + j] = from_squared(w->t, heap[j].squared);
    }
}

#endif
