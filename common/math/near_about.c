/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <stdatomic.h>

#include "base/par.h"
#include "base/rng.h"
#include "math/dist.h"
#include "math/gemm.h"
#include "math/near_parts.h"
#include "math/vec.h"

enum { ROWS = 256, TREES = 16, COLUMNS = 16, ROUNDS = 20, LOCKS = 4096, AHEAD = 8 };

/* Rows are known by their place in the order of the leaves: so what is close lies close in memory. */
struct descent {
    const struct near *t;       /* with x and y in that order */
    size_t k;                   /* more than are wanted: so more of these are found */
    const struct wanted *to;    /* by row */
    struct candidate *heap;     /* [n][k] the nearest so far */
    _Atomic float *bar;         /* [n] what is farther in float is none of them */
    uint32_t *last;             /* [n][k] those before this round */
    bool *fresh;                /* [n][k] which were not yet among them the round before */
    size_t *start;              /* [n + 1] the rows that have each row among theirs: */
    uint32_t *back;             /* [n k] places in last */
    size_t *changes;            /* [blocks] */
    pthread_mutex_t lock[LOCKS];        /* of the heaps of each 4096th row */
};

/* Whether v is among the rows of list[k]. */
static bool has(const uint32_t *list, size_t k, uint32_t v)
{
    int found = 0;
    for (size_t j = 0; j < k; j++)
        found |= list[j] == v;
    return found;
}

/* Take row v as one of row i's, if it is nearer than the farthest of these and none of them. The k nearest of all that are
 * offered remain, in whatever order they come. */
static void offer(struct descent *s, size_t i, uint32_t v, double squared)
{
    struct candidate *heap = s->heap + i * s->k, c = { squared, v };
    pthread_mutex_lock(s->lock + i % LOCKS);
    bool better = after(*heap, c);
    for (size_t j = 0; better && j < s->k; j++)
        better = heap[j].row != v;
    if (better) {
        replace_worst(heap, s->k, c);
        atomic_store_explicit(s->bar + i, too_far(s->t, heap->squared), memory_order_relaxed);
    }
    pthread_mutex_unlock(s->lock + i % LOCKS);
}

/* Begin with any rows: those that come after. */
static void begin_rows(size_t block, void *state)
{
    struct descent *s = state;
    size_t n = s->t->n, d = s->t->d;
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, n); i++) {
        for (size_t j = 0; j < s->k; j++)
            s->heap[i * s->k + j] = (struct candidate){ INFINITY, UINT32_MAX };
        for (size_t j = 1; j <= s->k; j++) {
            size_t v = (i + j) % n;
            offer(s, i, (uint32_t)v, dist_sq(s->t->x + i * d, s->t->x + v * d, d));
        }
    }
}

/* Let rows meet: each of the first `fresh` of row[all], which differ, with all others. all <= LEAF. lane[LEAF * d] is
 * written. */
static void join(struct descent *s, const uint32_t *row, size_t fresh, size_t all, float *lane)
{
    size_t d = s->t->d;
    float bar[LEAF];
    for (size_t i = 0; i < (all + LANES - 1) / LANES * LANES; i++) {
        const float *y = s->t->y + (size_t)row[i < all ? i : 0] * d;
        if (i + AHEAD < all) {
            __builtin_prefetch(s->t->y + (size_t)row[i + AHEAD] * d);
            __builtin_prefetch(s->t->y + (size_t)row[i + AHEAD] * d + 16);
            __builtin_prefetch(s->bar + row[i + AHEAD]);
            __builtin_prefetch(s->last + (size_t)row[i + AHEAD] * s->k);
        }
        float *to = lane + i / LANES * d * LANES + i % LANES;
        for (size_t j = 0; j < d; j++)
            to[j * LANES] = y[j];
        bar[i] = i < all ? atomic_load_explicit(s->bar + row[i], memory_order_relaxed) : -1;
    }
    for (size_t i = 0; i < fresh; i += 4) {
        const float *q[4];
        size_t some = four(s->t, row, fresh, i, q);
        for (size_t g = i / LANES; g * LANES < all; g++) {
            float sq[4][LANES];
            compare(lane + g * LANES * d, q, d, sq);
            for (size_t c = 0; c < some; c++) {
                const float *others = bar + g * LANES;
                float own = bar[i + c];
                int any = 0;
                for (size_t l = 0; l < LANES; l++)
                    any |= (sq[c][l] <= own) | (sq[c][l] <= others[l]);
                for (size_t l = 0; any && l < LANES && g * LANES + l < all; l++) {
                    size_t o = g * LANES + l;
                    if (o <= i + c || (sq[c][l] > own && sq[c][l] > others[l]))
                        continue;
                    size_t a = row[i + c], b = row[o];
                    bool to_a = sq[c][l] <= own && !has(s->last + a * s->k, s->k, row[o]);
                    bool to_b = sq[c][l] <= others[l] && !has(s->last + b * s->k, s->k, row[i + c]);
                    if (!to_a && !to_b)
                        continue;
                    double squared = dist_sq(s->t->x + a * d, s->t->x + b * d, d);
                    if (to_a)
                        offer(s, a, row[o], squared);
                    if (to_b)
                        offer(s, b, row[i + c], squared);
                }
            }
        }
    }
}

/* A tree of the rows seen from COLUMNS random directions: those of one leaf meet. */
struct tree { struct descent *s; const float *direction; float *seen; struct near *near; };

static void look_from(size_t block, void *state)
{
    const struct tree *a = state;
    size_t d = a->s->t->d;
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, a->s->t->n); i++)
        for (size_t c = 0; c < COLUMNS; c++)
            a->seen[i * COLUMNS + c] = gemm_dot(a->s->t->y + i * d, a->direction + c * d, d);
}

static void meet_leaf(size_t leaf, void *state)
{
    const struct tree *a = state;
    const uint32_t *rows;
    size_t n = near_leaf(a->near, leaf, &rows);
    float *lane = mem_aligned(mem_mul(LEAF, a->s->t->d), sizeof *lane);
    join(a->s, rows, n, n, lane);
    free(lane);
}

static void meet_trees(struct descent *s)
{
    size_t n = s->t->n, d = s->t->d;
    float *direction = mem_new(COLUMNS * d, sizeof *direction);
    struct tree a = { s, direction, mem_new(mem_mul(n, COLUMNS), sizeof *a.seen), NULL };
    struct rng rng;
    rng_init(&rng, 0, 0);
    for (size_t tree = 0; tree < TREES; tree++) {
        for (size_t e = 0; e < COLUMNS * d; e++)
            direction[e] = (float)rng_normal(&rng);
        par_for(par_blocks(n, ROWS), look_from, &a);
        a.near = near_new(a.seen, n, COLUMNS, NEAR_EUCLIDEAN);
        par_for(near_leaves(a.near), meet_leaf, &a);
        near_free(a.near);
    }
    free(direction);
    free(a.seen);
}

/* Put the lists into last, and see what is fresh in them. */
static void note_block(size_t block, void *state)
{
    struct descent *s = state;
    size_t k = s->k, changes = 0;
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, s->t->n); i++) {
        uint32_t *last = s->last + i * k;
        for (size_t j = 0; j < k; j++) {
            s->fresh[i * k + j] = !has(last, k, s->heap[i * k + j].row);
            changes += s->fresh[i * k + j];
        }
        for (size_t j = 0; j < k; j++)
            last[j] = s->heap[i * k + j].row;
    }
    s->changes[block] = changes;
}

/* The lists turned round. Returns how many rows are fresh in them. */
static size_t turn_round(struct descent *s)
{
    size_t n = s->t->n, k = s->k, blocks = par_blocks(n, ROWS), changes = 0;
    par_for(blocks, note_block, s);
    for (size_t b = 0; b < blocks; b++)
        changes += s->changes[b];
    memset(s->start, 0, (n + 1) * sizeof *s->start);
    for (size_t e = 0; e < n * k; e++)
        s->start[s->last[e]]++;
    for (size_t i = 0, sum = 0; i <= n; i++) {
        sum += i < n ? s->start[i] : 0;
        s->start[i] = sum;
    }
    for (size_t e = n * k; e-- > 0; )
        s->back[--s->start[s->last[e]]] = (uint32_t)e;
    return changes;
}

/* Those that row i has among its nearest, and those that have it among theirs, of which at most k are asked, meet: each pair
 * of which one is fresh to the other side. */
static void meet_round(size_t block, void *state)
{
    struct descent *s = state;
    size_t k = s->k;
    float *lane = mem_aligned(mem_mul(LEAF, s->t->d), sizeof *lane);
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, s->t->n); i++) {
        size_t from = s->start[i], some = s->start[i + 1] - from;
        uint32_t row[LEAF], old[LEAF];
        size_t fresh = 0, known = 0;
        for (size_t e = i * k; e < (i + 1) * k; e++)
            *(s->fresh[e] ? &row[fresh++] : &old[known++]) = s->last[e];
        for (size_t r = 0; r < some && r < k; r++) {
            size_t e = s->back[from + (some > k ? r * some / k : r)];
            if (!has(s->last + i * k, k, (uint32_t)(e / k)))
                *(s->fresh[e] ? &row[fresh++] : &old[known++]) = (uint32_t)(e / k);
        }
        memcpy(row + fresh, old, known * sizeof *old);
        join(s, row, fresh, fresh + known, lane);
    }
    free(lane);
}

static void put_rows(size_t block, void *state)
{
    struct descent *s = state;
    const uint32_t *order = s->t->order;
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, s->t->n); i++) {
        for (size_t e = i * s->k; e < (i + 1) * s->k; e++)
            s->heap[e].row = order[s->heap[e].row];
        put_row(s->to, order[i], s->heap + i * s->k, s->k);
    }
}

/* x[n][d] in the order of the leaves. */
static float *in_order(const struct near *t, const float *x)
{
    float *to = mem_aligned(mem_mul(t->n, t->d), sizeof *to);
    for (size_t i = 0; i < t->n; i++)
        memcpy(to + i * t->d, x + t->order[i] * t->d, t->d * sizeof *to);
    return to;
}

void near_knn_about(const struct near *t, size_t k, uint32_t *index, double *distance)
{
    size_t n = t->n, blocks = par_blocks(n, ROWS), most = 2 * k;
    if (k == 0 || k > NEAR_ABOUT_MOST || n < 20 * LEAF || n > UINT32_MAX / most) {
        near_knn_all(t, k, index, distance);
        return;
    }
    struct descent *s = mem_new(1, sizeof *s);
    struct near ordered = *t;
    ordered.x = ordered.scaled = in_order(t, t->x);
    ordered.y = t->y == t->x ? ordered.x : in_order(t, t->y);
    s->t = &ordered;
    s->k = most;
    s->to = &(struct wanted){ t, k, index, distance };
    s->heap = mem_new(mem_mul(n, most), sizeof *s->heap);
    s->bar = mem_new(n, sizeof *s->bar);
    s->last = mem_new(mem_mul(n, most), sizeof *s->last);
    s->fresh = mem_new(mem_mul(n, most), sizeof *s->fresh);
    s->back = mem_new(mem_mul(n, most), sizeof *s->back);
    s->start = mem_new(n + 1, sizeof *s->start);
    s->changes = mem_new(blocks, sizeof *s->changes);
    for (size_t l = 0; l < LOCKS; l++)
        pthread_mutex_init(s->lock + l, NULL);
    memset(s->last, 0xff, n * most * sizeof *s->last);
    par_for(blocks, begin_rows, s);
    meet_trees(s);
    for (size_t round = 0; round < ROUNDS && turn_round(s) > n * most / 1000; round++)
        par_for(blocks, meet_round, s);
    par_for(blocks, put_rows, s);
    for (size_t l = 0; l < LOCKS; l++)
        pthread_mutex_destroy(s->lock + l);
    free(ordered.y == ordered.x ? NULL : (void *)ordered.y);
    free(ordered.scaled);
    free(s->heap);
    free((void *)s->bar);
    free(s->last);
    free(s->fresh);
    free(s->back);
    free(s->start);
    free(s->changes);
    free(s);
}

double near_knn_about_bytes(size_t n, size_t d, size_t k)
{
    return (double)n * (4 * (double)d + 12 + 4 * 2 * COLUMNS) +
        2 * (double)n * (double)k * (sizeof(struct candidate) + 2 * sizeof(uint32_t) + sizeof(bool));
}
