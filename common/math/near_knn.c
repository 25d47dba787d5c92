/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/par.h"
#include "math/dist.h"
#include "math/near_parts.h"
#include "math/vec.h"

/* Offer a row what is near in a group of another leaf's rows, by squares in float; *reach becomes that of its heap. */
static void take(const struct near *t, size_t row, const uint32_t *others, size_t m, const float *sq, size_t k,
                 struct candidate *heap, float *reach)
{
    float bar = too_far(t, heap->squared);
    if (!any_within(sq, bar))
        return;
    for (size_t l = 0; l < LANES && l < m; l++) {
        if (sq[l] > bar || others[l] == row)
            continue;
        struct candidate fresh = { dist_sq(t->x + row * t->d, t->x + (size_t)others[l] * t->d, t->d), others[l] };
        if (after(*heap, fresh)) {
            replace_worst(heap, k, fresh);
            bar = too_far(t, heap->squared);
        }
    }
    *reach = reach_of(t, heap->squared);
}

/* The k nearest of each row of the leaf, in heaps[rows][k], freed by the caller. */
static struct candidate *nearest(const struct near *t, size_t leaf, size_t k)
{
    const uint32_t *rows, *others;
    size_t n = near_leaf(t, leaf, &rows);
    struct candidate *heaps = mem_new(mem_mul(n, k), sizeof *heaps);
    float reach[LEAF];
    for (size_t i = 0; i < n * k; i++)
        heaps[i] = (struct candidate){ INFINITY, UINT32_MAX };
    for (size_t i = 0; i < n; i++)
        reach[i] = INFINITY;
    struct visit *visits = by_nearness(t, leaf);
    for (size_t v = 0; v < t->leaves; v++) {
        float worst = 0;                    /* of all rows of the leaf */
        for (size_t i = 0; i < n; i++)
            worst = reach[i] > worst ? reach[i] : worst;
        if (visits[v].gap > worst * t->unit)
            break;
        struct some s;
        size_t o = visits[v].leaf, m = near_leaf(t, o, &others);
        near_enough(t, leaf, o, reach, &s);
        for (size_t i = 0; i < s.n; i += 4) {
            const float *q[4];
            size_t some = four(t, s.row, s.n, i, q);
            for (size_t g = 0; g * LANES < m; g++) {
                float sq[4][LANES];
                compare(lanes(t, o, g), q, t->d, sq);
                for (size_t c = 0; c < some; c++) {
                    size_t place = s.place[i + c];
                    take(t, rows[place], others + g * LANES, m - g * LANES, sq[c], k, heaps + place * k, reach + place);
                }
            }
        }
    }
    free(visits);
    return heaps;
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
