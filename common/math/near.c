/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/dist.h"
#include "math/near_parts.h"
#include "math/vec.h"

/* ---- the tree's order ---- */

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t t = *a;
    *a = *b;
    *b = t;
}

/* Partial sort: the rows below `middle` have no larger value in column j than the others;
 * equal values are ordered by row, so that the result is one. */
static void split(const struct near *t, uint32_t *rows, size_t n, size_t middle, size_t j)
{
#define LESS(A, B) (t->x[(A) * t->d + j] < t->x[(B) * t->d + j] || \
                    (t->x[(A) * t->d + j] == t->x[(B) * t->d + j] && (A) < (B)))
    size_t low = 0, high = n - 1;
    while (low < high) {
        size_t pivot = rows[low + (high - low) / 2], a = low, b = high;
        for (;;) {
            while (LESS((size_t)rows[a], pivot))
                a++;
            while (LESS(pivot, (size_t)rows[b]))
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

static size_t widest(const struct near *t, const uint32_t *rows, size_t n)
{
    size_t best = 0;
    float most = -1;
    for (size_t j = 0; j < t->d; j++) {
        float lo = INFINITY, hi = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            float v = t->x[rows[i] * t->d + j];
            lo = v < lo ? v : lo;
            hi = v > hi ? v : hi;
        }
        if (hi - lo > most) {
            most = hi - lo;
            best = j;
        }
    }
    return best;
}

static void arrange(struct near *t, size_t begin, size_t end)
{
    size_t n = end - begin;
    if (n <= LEAF) {
        t->start[t->leaves++] = begin;
        return;
    }
    size_t half = (n / 2 + LEAF - 1) / LEAF * LEAF;     /* full leaves on the left */
    split(t, t->order + begin, n, half, widest(t, t->order + begin, n));
    arrange(t, begin, begin + half);
    arrange(t, begin + half, end);
}

static void fill_leaf(struct near *t, size_t leaf)
{
    size_t d = t->d, begin = t->start[leaf], n = t->start[leaf + 1] - begin;
    float *to = t->lane + leaf * LEAF * d;
    double *centre = t->centre + leaf * d, most = 0;
    for (size_t i = 0; i < LEAF; i++)
        for (size_t j = 0; j < d; j++)
            to[(i / LANES * d + j) * LANES + i % LANES] = i < n ? t->y[t->order[begin + i] * d + j] : FAR;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            centre[j] += (double)t->x[t->order[begin + i] * d + j] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double far = dist_sq_f64(t->x + t->order[begin + i] * d, centre, d);
        most = far > most ? far : most;
    }
    t->radius[leaf] = sqrt(most) * (1 + 1e-12);
}

/* Rows scaled to length 1, or (unit > 0) all divided by unit. */
static float *scale_rows(const float *x, size_t n, size_t d, double unit)
{
    float *y = mem_aligned(mem_mul(n, d), sizeof *y);
    for (size_t i = 0; i < n; i++) {
        double by = unit > 0 ? unit : vec_l2(x + i * d, d), scale = by > 0 ? 1 / by : 0;
        for (size_t j = 0; j < d; j++)
            y[i * d + j] = (float)((double)x[i * d + j] * scale);
    }
    return y;
}

struct near *near_new(const float *x, size_t n, size_t d, enum near_metric metric)
{
    struct near *t = mem_zero(1, sizeof *t);
    *t = (struct near){ .x = x, .n = n, .d = d, .metric = metric, .unit = 1, .slack = 2.4e-7 * (double)(d + 8),
                        .lost = (double)d * 0x1p-140 };
    if (metric == NEAR_COSINE) {
        t->x = t->scaled = scale_rows(x, n, d, 0);
    } else if (vec_max(x, n * d) > 1e15) {
        t->unit = exp2(ilogb(vec_max(x, n * d)) + 1);
        t->scaled = scale_rows(x, n, d, t->unit);
    }
    t->y = t->scaled ? t->scaled : x;
    size_t most = 2 * n / LEAF + 2;
    t->order = mem_new(n, sizeof *t->order);
    t->start = mem_new(most + 1, sizeof *t->start);
    for (size_t i = 0; i < n; i++)
        t->order[i] = (uint32_t)i;
    if (n)
        arrange(t, 0, n);
    t->start[t->leaves] = n;
    t->lane = mem_aligned(mem_mul(mem_mul(t->leaves, LEAF), d), sizeof *t->lane);
    t->centre = mem_zero(mem_mul(t->leaves, d), sizeof *t->centre);
    t->radius = mem_new(t->leaves, sizeof *t->radius);
    for (size_t leaf = 0; leaf < t->leaves; leaf++)
        fill_leaf(t, leaf);
    return t;
}

void near_free(struct near *t)
{
    if (!t)
        return;
    free(t->scaled);
    free(t->order);
    free(t->start);
    free(t->lane);
    free(t->centre);
    free(t->radius);
    free(t);
}

size_t near_leaves(const struct near *t)
{
    return t->leaves;
}

size_t near_leaf(const struct near *t, size_t leaf, const uint32_t **rows)
{
    *rows = t->order + t->start[leaf];
    return t->start[leaf + 1] - t->start[leaf];
}

/* ---- comparing ---- */

double near_distance(const struct near *t, size_t i, size_t j)
{
    return from_squared(t, dist_sq(t->x + i * t->d, t->x + j * t->d, t->d));
}

/* How many of a leaf's points are at most `limit` from a row, by exact distances where float
 * cannot tell. */
static uint32_t recount(const struct near *t, size_t leaf, size_t row, double limit, struct bounds b)
{
    const float *q = t->y + row * t->d, *x = t->x + row * t->d;
    const uint32_t *others;
    size_t m = near_leaf(t, leaf, &others);
    const float *const four_times[4] = { q, q, q, q };
    uint32_t inside = 0;
    for (size_t g = 0; g * LANES < m; g++) {
        float sq[4][LANES];
        compare(t->lane + (leaf * GROUPS + g) * LANES * t->d, four_times, t->d, sq);
        for (size_t l = 0; l < LANES && g * LANES + l < m; l++)
            inside += sq[0][l] <= b.sure ||
                (sq[0][l] <= b.maybe && dist_sq(x, t->x + (size_t)others[g * LANES + l] * t->d, t->d) <= limit);
    }
    return inside;
}

void near_count(const struct near *t, size_t leaf, double eps, uint32_t *count)
{
    const uint32_t *rows, *others;
    size_t n = near_leaf(t, leaf, &rows);
    double limit = to_squared(t, eps), reach = sqrt(limit);
    struct bounds b = bounds_of(t, limit);
    for (size_t o = 0; o < t->leaves; o++) {
        if (apart(t, leaf, o) > reach)
            continue;
        size_t m = near_leaf(t, o, &others);
        for (size_t i = 0; i < n; i += 4) {
            const float *q[4];
            size_t some = four(t, rows, n, i, q);
            uint32_t inside[4][LANES] = { { 0 } }, near[4][LANES] = { { 0 } };
            for (size_t g = 0; g * LANES < m; g++) {
                float sq[4][LANES];
                compare(t->lane + (o * GROUPS + g) * LANES * t->d, q, t->d, sq);
                for (size_t k = 0; k < 4; k++)
                    for (size_t l = 0; l < LANES; l++) {
                        inside[k][l] += sq[k][l] <= b.sure;
                        near[k][l] += sq[k][l] <= b.maybe;
                    }
            }
            for (size_t k = 0; k < some; k++) {
                uint32_t in = 0, all = 0;
                for (size_t l = 0; l < LANES; l++) {
                    in += inside[k][l];
                    all += near[k][l];
                }
                count[rows[i + k]] += in == all ? in : recount(t, o, rows[i + k], limit, b);
            }
        }
    }
}

void near_range(const struct near *t, size_t leaf, const struct near_search *s)
{
    const uint32_t *rows, *others;
    uint32_t asked[LEAF];
    size_t n = near_leaf(t, leaf, &rows), ask = 0;
    for (size_t i = 0; i < n; i++)
        if (!s->wanted || s->wanted(rows[i], s->state))
            asked[ask++] = rows[i];
    double limit = to_squared(t, s->eps), reach = sqrt(limit);
    struct bounds b = bounds_of(t, limit);
    for (size_t o = 0; ask && o < t->leaves; o++) {
        if (apart(t, leaf, o) > reach || (s->worth && !s->worth(leaf, o, s->state)))
            continue;
        size_t m = near_leaf(t, o, &others);
        const float *lane = t->lane + o * LEAF * t->d;
        for (size_t i = 0; i < ask; i += 4) {
            const float *q[4];
            size_t some = four(t, asked, ask, i, q);
            for (size_t g = 0; g * LANES < m; g++) {
                float sq[4][LANES];
                compare(lane + g * LANES * t->d, q, t->d, sq);
                for (size_t k = 0; k < some; k++) {
                    if (!any_within(sq[k], b.maybe))
                        continue;
                    for (size_t l = 0; l < LANES && g * LANES + l < m; l++) {
                        size_t other = others[g * LANES + l];
                        if (sq[k][l] <= b.maybe && other != asked[i + k] &&
                            (sq[k][l] <= b.sure || dist_sq(t->x + asked[i + k] * t->d, t->x + other * t->d, t->d) <= limit))
                            s->found(asked[i + k], other, s->state);
                    }
                }
            }
        }
    }
}
