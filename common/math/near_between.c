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
        compare(t->lane + (other * GROUPS + g) * LANES * t->d, q, t->d, sq);
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

/* The rows of a leaf that may have links as short as those known to another leaf at least `gap` away, and in *limit
 * the longest that is of use to one; *reach is the longest that would be of use at any gap. */
static size_t in_question(const struct near *t, const struct near_between *s, size_t leaf, size_t other, double gap,
                          uint32_t *asked, double *limit, double *reach)
{
    const uint32_t *rows;
    size_t n = near_leaf(t, leaf, &rows), ask = 0;
    *limit = *reach = -1;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = rows[i], group = s->group[row];
        double bound = load(s->bound + group);
        if (s->floor[row] > bound)
            continue;
        *reach = bound > *reach ? bound : *reach;
        if (gap > bound || group == s->only[other])
            continue;
        *limit = bound > *limit ? bound : *limit;
        asked[ask++] = row;
    }
    return ask;
}

void near_between(const struct near *t, size_t leaf, const struct near_between *s)
{
    struct visit *visits = by_nearness(t, leaf);
    for (size_t v = 0; v < t->leaves; v++) {
        size_t other = visits[v].leaf;
        uint32_t asked[LEAF];
        double gap = from_squared(t, visits[v].gap * visits[v].gap), limit, reach;
        if (s->only[leaf] != NEAR_MIXED && s->only[leaf] == s->only[other])
            continue;
        size_t ask = in_question(t, s, leaf, other, gap, asked, &limit, &reach);
        if (gap > reach)
            break;
        for (size_t i = 0; i < ask; i += 4) {
            const float *q[4];
            size_t some = four(t, asked, ask, i, q);
            link_four(t, s, asked + i, some, q, other, limit);
        }
    }
    free(visits);
}
