/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/par.h"
#include "base/rng.h"
#include "math/dist.h"
#include "math/gemm.h"
#include "math/near_parts.h"
#include "math/vec.h"

struct candidate { double squared; uint32_t row; };

static int after(struct candidate a, struct candidate b)
{
    return a.squared > b.squared || (a.squared == b.squared && a.row > b.row);
}

/* Put c in place of the worst of heap[k], a binary heap with the worst on top. */
static void replace_worst(struct candidate *heap, size_t k, struct candidate c)
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

static int by_distance(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return after(*x, *y) ? 1 : after(*y, *x) ? -1 : 0;
}

/* A square in float above this is more than `squared` for sure. */
static float too_far(const struct near *t, double squared)
{
    return (float)(squared / t->unit / t->unit * (1 + 2 * t->slack) + t->lost);
}

/* The k nearest of each row of the leaf, in heaps[rows][k], freed by the caller. */
static struct candidate *nearest(const struct near *t, size_t leaf, size_t k)
{
    const uint32_t *rows, *others;
    size_t n = near_leaf(t, leaf, &rows);
    struct candidate *heaps = mem_new(mem_mul(n, k), sizeof *heaps);
    for (size_t i = 0; i < n * k; i++)
        heaps[i] = (struct candidate){ INFINITY, UINT32_MAX };
    struct visit *visits = by_nearness(t, leaf);
    for (size_t v = 0; v < t->leaves; v++) {
        double worst = 0;                   /* of all rows of the leaf */
        for (size_t i = 0; i < n; i++)
            worst = heaps[i * k].squared > worst ? heaps[i * k].squared : worst;
        if (visits[v].gap * visits[v].gap > worst)
            break;
        size_t o = visits[v].leaf, m = near_leaf(t, o, &others);
        const float *lane = t->lane + o * LEAF * t->d;
        for (size_t i = 0; i < n; i += 4) {
            const float *q[4];
            size_t some = four(t, rows, n, i, q);
            for (size_t g = 0; g * LANES < m; g++) {
                float sq[4][LANES];
                compare(lane + g * LANES * t->d, q, t->d, sq);
                for (size_t c = 0; c < some; c++) {
                    struct candidate *heap = heaps + (i + c) * k;
                    const float *x = t->x + (size_t)rows[i + c] * t->d;
                    float bar = too_far(t, heap->squared);
                    if (!any_within(sq[c], bar))
                        continue;
                    for (size_t l = 0; l < LANES && g * LANES + l < m; l++) {
                        uint32_t other = others[g * LANES + l];
                        if (sq[c][l] > bar || other == rows[i + c])
                            continue;
                        struct candidate fresh = { dist_sq(x, t->x + (size_t)other * t->d, t->d), other };
                        if (after(*heap, fresh)) {
                            replace_worst(heap, k, fresh);
                            bar = too_far(t, heap->squared);
                        }
                    }
                }
            }
        }
    }
    free(visits);
    return heaps;
}

/* What near_knn_all and near_kth_all look for. */
struct wanted { const struct near *t; size_t k; uint32_t *index; double *distance; };

/* Row i's nearest, of heap[m]. */
static void put_row(const struct wanted *w, size_t i, struct candidate *heap, size_t m)
{
    size_t k = w->k;
    qsort(heap, m, sizeof *heap, by_distance);
    for (size_t j = 0; j < k; j++) {
        w->index[i * k + j] = heap[j].row;
        if (w->distance)
            w->distance[i * k + j] = from_squared(w->t, heap[j].squared);
    }
}

static void knn_leaf(size_t leaf, void *state)
{
    const struct wanted *w = state;
    const uint32_t *rows;
    size_t n = near_leaf(w->t, leaf, &rows), k = w->k;
    struct candidate *heaps = nearest(w->t, leaf, k);
    for (size_t i = 0; i < n; i++)
        put_row(w, rows[i], heaps + i * k, k);
    free(heaps);
}

void near_knn_all(const struct near *t, size_t k, uint32_t *index, double *distance)
{
    if (k)
        par_for(t->leaves, knn_leaf, &(struct wanted){ t, k, index, distance });
}

struct asked { const struct near *t; const float *q; size_t k; uint32_t *index; double *distance; };

static void knn_row(size_t i, void *state)
{
    const struct asked *a = state;
    const struct near *t = a->t;
    size_t d = t->d, k = a->k;
    float *q = mem_new(d, sizeof *q);
    double length = t->metric == NEAR_COSINE ? vec_l2(a->q + i * d, d) : 1, scale = length > 0 ? 1 / length : 0;
    for (size_t j = 0; j < d; j++)
        q[j] = (float)((double)a->q[i * d + j] * scale);
    struct candidate *heap = mem_new(k, sizeof *heap);
    for (size_t j = 0; j < k; j++)
        heap[j] = (struct candidate){ INFINITY, UINT32_MAX };
    for (size_t row = 0; row < t->n; row++) {
        struct candidate fresh = { dist_sq(q, t->x + row * d, d), (uint32_t)row };
        if (after(*heap, fresh))
            replace_worst(heap, k, fresh);
    }
    qsort(heap, k, sizeof *heap, by_distance);
    for (size_t j = 0; j < k; j++) {
        a->index[i * k + j] = heap[j].row;
        a->distance[i * k + j] = from_squared(t, heap[j].squared);
    }
    free(heap);
    free(q);
}

void near_knn_of(const struct near *t, const float *q, size_t m, size_t k, uint32_t *index, double *distance)
{
    par_for(m, knn_row, &(struct asked){ t, q, k, index, distance });
}

static void kth_leaf(size_t leaf, void *state)
{
    const struct wanted *w = state;
    const uint32_t *rows;
    size_t n = near_leaf(w->t, leaf, &rows);
    struct candidate *heaps = nearest(w->t, leaf, w->k);
    for (size_t i = 0; i < n; i++)
        w->distance[rows[i]] = from_squared(w->t, heaps[i * w->k].squared);
    free(heaps);
}

void near_kth_all(const struct near *t, size_t k, double *distance)
{
    par_for(t->leaves, kth_leaf, &(struct wanted){ t, k, NULL, distance });
}

/* ---- NN-descent ---- */

enum { DESCENT_ROWS = 256, DESCENT_TREES = 8, DESCENT_COLUMNS = 16, DESCENT_ROUNDS = 20 };

struct descent {
    const struct near *t;
    size_t k;                   /* twice as many as are wanted: so more of these are found */
    const struct wanted *to;
    struct candidate *heap;     /* [n][k] the nearest so far */
    uint32_t *last;             /* [n][k] those before this round */
    bool *fresh;                /* [n][k] which were not yet among them the round before */
    size_t *start;              /* [n + 1] the rows that have each row among theirs: */
    uint32_t *back;             /* [n k] places in last */
    size_t *changes;            /* [blocks] */
};

/* Take row v as one of row i's, if it is nearer than the farthest of these and none of them. */
static bool try_row(const struct descent *s, size_t i, size_t v)
{
    size_t d = s->t->d;
    struct candidate *heap = s->heap + i * s->k, c = { dist_sq(s->t->x + i * d, s->t->x + v * d, d), (uint32_t)v };
    bool better = after(*heap, c);
    for (size_t j = 0; better && j < s->k; j++)
        better = heap[j].row != v;
    if (better)
        replace_worst(heap, s->k, c);
    return better;
}

/* Begin with any rows: those that come after. */
static void begin_rows(size_t block, void *state)
{
    const struct descent *s = state;
    for (size_t i = par_begin(block, DESCENT_ROWS); i < par_end(block, DESCENT_ROWS, s->t->n); i++) {
        for (size_t j = 0; j < s->k; j++)
            s->heap[i * s->k + j] = (struct candidate){ INFINITY, UINT32_MAX };
        for (size_t j = 1; j <= s->k; j++)
            try_row(s, i, (i + j) % s->t->n);
    }
}

/* A tree of the rows seen from DESCENT_COLUMNS random directions: those of one leaf try each other. */
struct tree { const struct descent *s; const float *direction; float *seen; struct near *near; };

static void look_from(size_t block, void *state)
{
    const struct tree *a = state;
    size_t d = a->s->t->d;
    for (size_t i = par_begin(block, DESCENT_ROWS); i < par_end(block, DESCENT_ROWS, a->s->t->n); i++)
        for (size_t c = 0; c < DESCENT_COLUMNS; c++)
            a->seen[i * DESCENT_COLUMNS + c] = gemm_dot(a->s->t->y + i * d, a->direction + c * d, d);
}

static void meet_leaf(size_t leaf, void *state)
{
    const struct tree *a = state;
    const uint32_t *rows;
    size_t n = near_leaf(a->near, leaf, &rows);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (i != j)
                try_row(a->s, rows[i], rows[j]);
}

static void meet_trees(const struct descent *s)
{
    size_t n = s->t->n, d = s->t->d;
    float *direction = mem_new(DESCENT_COLUMNS * d, sizeof *direction);
    struct tree a = { s, direction, mem_new(mem_mul(n, DESCENT_COLUMNS), sizeof *a.seen), NULL };
    struct rng rng;
    rng_init(&rng, 0, 0);
    for (size_t tree = 0; tree < DESCENT_TREES; tree++) {
        for (size_t e = 0; e < DESCENT_COLUMNS * d; e++)
            direction[e] = (float)rng_normal(&rng);
        par_for(par_blocks(n, DESCENT_ROWS), look_from, &a);
        a.near = near_new(a.seen, n, DESCENT_COLUMNS, NEAR_EUCLIDEAN);
        par_for(near_leaves(a.near), meet_leaf, &a);
        near_free(a.near);
    }
    free(direction);
    free(a.seen);
}

/* Put the lists into last, see what is fresh in them, and turn them round. */
static void turn_round(struct descent *s)
{
    size_t n = s->t->n, k = s->k;
    memset(s->start, 0, (n + 1) * sizeof *s->start);
    for (size_t i = 0; i < n; i++) {
        uint32_t *last = s->last + i * k;
        for (size_t j = 0; j < k; j++) {
            bool known = false;
            for (size_t l = 0; l < k; l++)
                known |= last[l] == s->heap[i * k + j].row;
            s->fresh[i * k + j] = !known;
        }
        for (size_t j = 0; j < k; j++) {
            last[j] = s->heap[i * k + j].row;
            s->start[last[j]]++;
        }
    }
    for (size_t i = 0, sum = 0; i <= n; i++) {
        sum += i < n ? s->start[i] : 0;
        s->start[i] = sum;
    }
    for (size_t e = n * k; e-- > 0; )
        s->back[--s->start[s->last[e]]] = (uint32_t)e;
}

/* Try the rows that row u has among its nearest for row i, unless both ways to them are known; returns how many were taken. */
static size_t look_through(const struct descent *s, size_t i, size_t u, bool fresh)
{
    size_t taken = 0;
    for (size_t e = u * s->k; e < (u + 1) * s->k; e++)
        if (s->last[e] != i && (fresh || s->fresh[e]))
            taken += try_row(s, i, s->last[e]);
    return taken;
}

/* The nearest, and those of which a row is among the nearest, know others; of the latter no more than k are asked. */
static void look_round(size_t block, void *state)
{
    const struct descent *s = state;
    size_t k = s->k, taken = 0;
    for (size_t at = par_begin(block, DESCENT_ROWS); at < par_end(block, DESCENT_ROWS, s->t->n); at++) {
        size_t i = s->t->order[at], from = s->start[i], some = s->start[i + 1] - from;
        for (size_t e = i * k; e < (i + 1) * k; e++)
            taken += look_through(s, i, s->last[e], s->fresh[e]);
        for (size_t r = 0; r < some && r < k; r++) {
            size_t e = s->back[from + (some > k ? r * some / k : r)];
            taken += look_through(s, i, e / k, s->fresh[e]);
        }
    }
    s->changes[block] = taken;
}

static void put_rows(size_t block, void *state)
{
    const struct descent *s = state;
    for (size_t i = par_begin(block, DESCENT_ROWS); i < par_end(block, DESCENT_ROWS, s->t->n); i++)
        put_row(s->to, i, s->heap + i * s->k, s->k);
}

void near_knn_about(const struct near *t, size_t k, uint32_t *index, double *distance)
{
    size_t n = t->n, blocks = par_blocks(n, DESCENT_ROWS), most = 2 * k, changes = n * most;
    if (k == 0 || k > LEAF / 4 || n < 20 * LEAF || n > UINT32_MAX / most) {
        near_knn_all(t, k, index, distance);
        return;
    }
    struct descent s = { .t = t, .k = most, .to = &(struct wanted){ t, k, index, distance } };
    s.heap = mem_new(mem_mul(n, most), sizeof *s.heap);
    s.last = mem_new(mem_mul(n, most), sizeof *s.last);
    s.fresh = mem_new(mem_mul(n, most), sizeof *s.fresh);
    s.back = mem_new(mem_mul(n, most), sizeof *s.back);
    s.start = mem_new(n + 1, sizeof *s.start);
    s.changes = mem_new(blocks, sizeof *s.changes);
    memset(s.last, 0xff, n * most * sizeof *s.last);
    par_for(blocks, begin_rows, &s);
    meet_trees(&s);
    for (size_t round = 0; round < DESCENT_ROUNDS && changes > n * most / 1000; round++) {
        turn_round(&s);
        par_for(blocks, look_round, &s);
        changes = 0;
        for (size_t b = 0; b < blocks; b++)
            changes += s.changes[b];
    }
    par_for(blocks, put_rows, &s);
    free(s.heap);
    free(s.last);
    free(s.fresh);
    free(s.back);
    free(s.start);
    free(s.changes);
}

double near_knn_about_bytes(size_t n, size_t k)
{
    return 2 * (double)n * (double)k * (sizeof(struct candidate) + 2 * sizeof(uint32_t) + sizeof(bool)) +
        (double)n * (8 + 4 * 2 * DESCENT_COLUMNS);
}
