/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/dist.h"
#include "math/gemm.h"
#include "math/near_parts.h"

/* Rows that stand for all where they are cut in two, and how often their halves' centres are moved. */
enum { SAMPLE = 512, STEPS = 4 };

struct tree {
    struct near *t;
    float *at;                  /* [n] of each row, how far along the line it is cut across */
    float *centre[2], *line;    /* [d] */
    double *sum[2];             /* [d] */
};

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t t = *a;
    *a = *b;
    *b = t;
}

/* Partial sort: the rows below `middle` have no larger value of `at` than the others; equal values are ordered by row, so
 * that the result is one. */
static void split(const float *at, uint32_t *rows, size_t n, size_t middle)
{
#define LESS(A, B) (at[A] < at[B] || (at[A] == at[B] && (A) < (B)))
    size_t low = 0, high = n - 1;
    while (low < high) {
        uint32_t pivot = rows[low + (high - low) / 2];
        size_t a = low, b = high;
        for (;;) {
            while (LESS(rows[a], pivot))
                a++;
            while (LESS(pivot, rows[b]))
                b--;
            if (a >= b)
                break;
            swap(rows + a++, rows + b--);
        }
        if (middle <= b)
            high = b;
        else
            low = b + 1;
    }
#undef LESS
}

static size_t farthest(const struct near *t, const float *from, const uint32_t *rows, size_t n)
{
    size_t best = 0;
    double most = -1;
    for (size_t i = 0; i < n; i++) {
        double far = dist_sq(from, t->y + (size_t)rows[i] * t->d, t->d);
        if (far > most) {
            most = far;
            best = i;
        }
    }
    return rows[best];
}

/* The line from one centre to the other; returns where on it the middle between them is. */
static float middle(struct tree *w)
{
    double at = 0;
    for (size_t j = 0; j < w->t->d; j++) {
        double a = w->centre[0][j], b = w->centre[1][j];
        w->line[j] = (float)(b - a);
        at += (b - a) * (a + b) / 2;
    }
    return (float)at;
}

/* Move the centres to the means of the rows that are nearer to each; false if one has none. */
static bool move(struct tree *w, const uint32_t *rows, size_t n)
{
    size_t d = w->t->d, count[2] = { 0 };
    float cut = middle(w);
    memset(w->sum[0], 0, 2 * d * sizeof *w->sum[0]);
    for (size_t i = 0; i < n; i++) {
        const float *y = w->t->y + (size_t)rows[i] * d;
        size_t side = gemm_dot(y, w->line, d) >= cut;
        count[side]++;
        for (size_t j = 0; j < d; j++)
            w->sum[side][j] += (double)y[j];
    }
    for (size_t side = 0; side < 2; side++)
        for (size_t j = 0; count[side] && j < d; j++)
            w->centre[side][j] = (float)(w->sum[side][j] / (double)count[side]);
    return count[0] && count[1];
}

/* Put some of the rows in front, those that lie together: of two centres (k-means of a sample, begun with rows far apart)
 * those nearer to the first; half of them where the others would be few. Returns how many. */
static size_t halve(struct tree *w, uint32_t *rows, size_t n)
{
    struct near *t = w->t;
    size_t d = t->d, some = n < SAMPLE ? n : SAMPLE, first = 0;
    uint32_t sample[SAMPLE] = { 0 };
    for (size_t i = 0; i < some; i++)
        sample[i] = rows[i * n / some];
    memcpy(w->centre[0], t->y + farthest(t, t->y + (size_t)sample[0] * d, sample, some) * d, d * sizeof **w->centre);
    memcpy(w->centre[1], t->y + farthest(t, w->centre[0], sample, some) * d, d * sizeof **w->centre);
    for (size_t step = 0; step < STEPS && move(w, sample, some); step++)
        ;
    float cut = middle(w);
    for (size_t i = 0; i < n; i++) {
        float at = gemm_dot(t->y + (size_t)rows[i] * d, w->line, d);
        w->at[rows[i]] = at;
        first += at < cut;
    }
    if (first < n / 8 || n - first < n / 8 || n <= 2 * LEAF)
        first = n / 2;
    first = (first + LANES / 2) / LANES * LANES;            /* full groups on the left */
    split(w->at, rows, n, first);
    return first;
}

static void arrange(struct tree *w, size_t begin, size_t end)
{
    struct near *t = w->t;
    if (end - begin <= LEAF) {
        t->start[t->leaves++] = begin;
        return;
    }
    size_t half = begin + halve(w, t->order + begin, end - begin);
    arrange(w, begin, half);
    arrange(w, half, end);
}

void near_arrange(struct near *t)
{
    size_t d = t->d;
    float *room = mem_new(mem_mul(3, d), sizeof *room);
    double *sum = mem_new(mem_mul(2, d), sizeof *sum);
    struct tree w = { t, mem_new(t->n, sizeof *w.at), { room, room + d }, room + 2 * d, { sum, sum + d } };
    for (size_t i = 0; i < t->n; i++)
        t->order[i] = (uint32_t)i;
    if (t->n)
        arrange(&w, 0, t->n);
    t->start[t->leaves] = t->n;
    free(w.at);
    free(room);
    free(sum);
}
