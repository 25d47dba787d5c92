/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/par.h"
#include "math/near_parts.h"
#include "math/vec.h"

static void fill_leaf(struct near *t, size_t leaf)
{
    size_t d = t->d, begin = t->start[leaf], n = t->start[leaf + 1] - begin;
    float *to = t->lane + t->group[leaf] * LANES * d;
    float *centre = t->centre + leaf * d;
    double most = 0;
    for (size_t i = 0; i < par_blocks(n, LANES) * LANES; i++)
        for (size_t j = 0; j < d; j++)
            to[(i / LANES * d + j) * LANES + i % LANES] = i < n ? t->y[t->order[begin + i] * d + j] : FAR;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            centre[j] += t->y[t->order[begin + i] * d + j] / (float)n;
    for (size_t i = 0; i < n; i++) {
        double far = dist_sq(t->y + t->order[begin + i] * d, centre, d);
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
    size_t most = n / (LEAF / 8) + 2;
    t->order = mem_new(n, sizeof *t->order);
    t->start = mem_new(most + 1, sizeof *t->start);
    near_arrange(t);
    t->group = mem_new(t->leaves + 1, sizeof *t->group);
    t->group[0] = 0;
    for (size_t leaf = 0; leaf < t->leaves; leaf++)
        t->group[leaf + 1] = t->group[leaf] + par_blocks(t->start[leaf + 1] - t->start[leaf], LANES);
    t->lane = mem_aligned(mem_mul(mem_mul(t->group[t->leaves], LANES), d), sizeof *t->lane);
    t->centre = mem_zero(mem_mul(t->leaves, d), sizeof *t->centre);
    t->radius = mem_new(t->leaves, sizeof *t->radius);
    for (size_t leaf = 0; leaf < t->leaves; leaf++)
        fill_leaf(t, leaf);
    return t;
}

struct near *near_some(const struct near *t, const uint32_t *rows, size_t m)
{
    float *x = mem_aligned(mem_mul(m, t->d), sizeof *x);
    for (size_t i = 0; i < m; i++)
        memcpy(x + i * t->d, t->x + rows[i] * t->d, t->d * sizeof *x);
    struct near *some = near_new(x, m, t->d, t->metric);
    some->own = x;
    return some;
}

void near_free(struct near *t)
{
    if (!t)
        return;
    free(t->own);
    free(t->scaled);
    free(t->order);
    free(t->start);
    free(t->group);
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
        compare(lanes(t, leaf, g), four_times, t->d, sq);
        for (size_t l = 0; l < LANES && g * LANES + l < m; l++)
            inside += sq[0][l] <= b.sure ||
                (sq[0][l] <= b.maybe && dist_sq(x, t->x + (size_t)others[g * LANES + l] * t->d, t->d) <= limit);
    }
    return inside;
}

void near_count(const struct near *t, size_t leaf, double eps, uint32_t *count)
{
    const uint32_t *others;
    double limit = to_squared(t, eps), far = sqrt(limit);
    struct bounds b = bounds_of(t, limit);
    float reach[LEAF];
    for (size_t i = 0; i < LEAF; i++)
        reach[i] = reach_of(t, limit);
    for (size_t o = 0; o < t->leaves; o++) {
        if (apart(t, leaf, o) > far)
            continue;
        struct some s;
        near_enough(t, leaf, o, reach, &s);
        size_t m = near_leaf(t, o, &others);
        for (size_t i = 0; i < s.n; i += 4) {
            const float *q[4];
            size_t some = four(t, s.row, s.n, i, q);
            uint32_t inside[4][LANES] = { { 0 } }, near[4][LANES] = { { 0 } };
            for (size_t g = 0; g * LANES < m; g++) {
                float sq[4][LANES];
                compare(lanes(t, o, g), q, t->d, sq);
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
                count[s.row[i + k]] += in == all ? in : recount(t, o, s.row[i + k], limit, b);
            }
        }
    }
}

void near_range(const struct near *t, size_t leaf, const struct near_search *s)
{
    const uint32_t *rows, *others;
    size_t n = near_leaf(t, leaf, &rows), ask = 0;
    double limit = to_squared(t, s->eps), far = sqrt(limit);
    struct bounds b = bounds_of(t, limit);
    float reach[LEAF];
    for (size_t i = 0; i < n; i++) {
        bool wanted = !s->wanted || s->wanted(rows[i], s->state);
        reach[i] = wanted ? reach_of(t, limit) : -1;
        ask += wanted;
    }
    for (size_t o = 0; ask && o < t->leaves; o++) {
        if (apart(t, leaf, o) > far || (s->worth && !s->worth(leaf, o, s->state)))
            continue;
        struct some asked;
        near_enough(t, leaf, o, reach, &asked);
        size_t m = near_leaf(t, o, &others);
        for (size_t i = 0; i < asked.n; i += 4) {
            const float *q[4];
            size_t some = four(t, asked.row, asked.n, i, q);
            for (size_t g = 0; g * LANES < m; g++) {
                float sq[4][LANES];
                compare(lanes(t, o, g), q, t->d, sq);
                for (size_t k = 0; k < some; k++) {
                    if (!any_within(sq[k], b.maybe))
                        continue;
                    size_t row = asked.row[i + k];
                    for (size_t l = 0; l < LANES && g * LANES + l < m; l++) {
                        size_t other = others[g * LANES + l];
                        if (sq[k][l] <= b.maybe && other != row &&
                            (sq[k][l] <= b.sure || dist_sq(t->x + row * t->d, t->x + other * t->d, t->d) <= limit))
                            s->found(row, other, s->state);
                    }
                }
            }
        }
    }
}
