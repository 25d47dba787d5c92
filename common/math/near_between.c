/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdatomic.h>

#include "math/near_parts.h"

double near_reach(const struct near *t, const double *core, size_t i, size_t j)
{
    double reach = near_distance(t, i, j);
    reach = reach < core[i] ? core[i] : reach;
    return reach < core[j] ? core[j] : reach;
}

bool near_shorter(struct near_link a, struct near_link b)
{
    return a.reach < b.reach || (a.reach == b.reach && a.to < b.to);
}

static double load(_Atomic double *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static void lower(_Atomic double *at, double to)
{
    double now = load(at);
    while (to < now && !atomic_compare_exchange_weak_explicit(at, &now, to, memory_order_relaxed, memory_order_relaxed))
        ;
}

/* Compare up to 4 rows with all of a leaf: lanes that may be within `limit` of one. */
static void link_four(const struct near *t, const struct near_between *s, const uint32_t *rows, size_t some,
                      const float *const q[4], size_t other, double limit)
{
    const uint32_t *others;
    size_t m = near_leaf(t, other, &others);
    float maybe = bounds_of(t, to_squared(t, limit)).maybe;
    for (size_t g = 0; g * LANES < m; g++) {
        float sq[4][LANES];
        compare(lanes(t, other, g), q, t->d, sq);
        for (size_t k = 0; k < some; k++) {
            size_t i = rows[k], group = s->group[i];
            if (!any_within(sq[k], maybe))
                continue;
            for (size_t l = 0; l < LANES && g * LANES + l < m; l++) {
                uint32_t j = others[g * LANES + l];
                if (!(sq[k][l] <= maybe) || s->group[j] == group || s->core[j] > load(s->bound + group))
                    continue;
                struct near_link fresh = { near_reach(t, s->core, i, j), j };
                if (near_shorter(fresh, s->link[i])) {
                    s->link[i] = fresh;
                    lower(s->bound + group, fresh.reach);
                }
            }
        }
    }
}

/* Of the rows of a leaf, how long links to another leaf may be of use: in reach[LEAF], below 0 where none is. Returns the
 * longest of them; *most is the longest if the other leaf had no group. */
static double in_question(const struct near *t, const struct near_between *s, size_t leaf, size_t other, float *reach,
                          double *most)
{
    const uint32_t *rows;
    size_t n = near_leaf(t, leaf, &rows);
    double limit = -1;
    *most = -1;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = rows[i], group = s->group[row];
        double bound = load(s->bound + group);
        reach[i] = -1;
        if (s->floor[row] > bound)
            continue;
        *most = bound > *most ? bound : *most;
        if (group == s->only[other])
            continue;
        limit = bound > limit ? bound : limit;
        reach[i] = reach_of(t, to_squared(t, bound));
    }
    return limit;
}

void near_between(const struct near *t, size_t leaf, const struct near_between *s)
{
    struct visit *visits = by_nearness(t, leaf);
    for (size_t v = 0; v < t->leaves; v++) {
        size_t other = visits[v].leaf;
        double gap = from_squared(t, visits[v].gap * visits[v].gap), most;
        float reach[LEAF];
        if (s->only[leaf] != NEAR_MIXED && s->only[leaf] == s->only[other])
            continue;
        double limit = in_question(t, s, leaf, other, reach, &most);
        if (gap > most)
            break;
        struct some asked = { 0 };
        if (gap <= limit)
            near_enough(t, leaf, other, reach, &asked);
        for (size_t i = 0; i < asked.n; i += 4) {
            const float *q[4];
            size_t some = four(t, asked.row, asked.n, i, q);
            link_four(t, s, asked.row + i, some, q, other, limit);
        }
    }
    free(visits);
}
