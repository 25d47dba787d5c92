/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/mem.h"

/* ---- the shortest way ---- */

size_t path_shortest(const struct graph *g, double least, const struct near *t, size_t from, size_t to, size_t *way)
{
    double *length = mem_new(g->n, sizeof *length);
    uint32_t *back = mem_new(g->n, sizeof *back);
    struct heap reached = { NULL, 0, 0 };       /* by length; of a row that is in it twice the first to come out counts */
    size_t m = 0;
    for (size_t i = 0; i < g->n; i++)
        length[i] = INFINITY;
    length[to] = 0;                         /* from its end, so that the way comes out in order */
    back[to] = (uint32_t)to;
    heap_push(&reached, (struct heap_item){ 0, (uint32_t)to, 0 });
    while (reached.n) {
        struct heap_item r = heap_pop(&reached);
        if (r.a == from)
            break;
        for (size_t e = g->start[r.a]; r.key == length[r.a] && e < g->start[r.a + 1]; e++) {
            uint32_t other = g->to[e];
            if (!(g->weight[e] > least))
                continue;
            double l = r.key + near_distance(t, r.a, other);
            if (l < length[other]) {
                length[other] = l;
                back[other] = r.a;
                heap_push(&reached, (struct heap_item){ l, other, 0 });
            }
        }
    }
    if (length[from] < (double)INFINITY)
        for (size_t i = from; m == 0 || way[m - 1] != to; i = back[i])
            way[m++] = i;
    free(length);
    free(back);
    free(reached.v);
    return m;
}

/* ---- as many rows as are wanted ---- */

/* Leave n of the m > n rows. */
static void thin(const struct near *t, size_t *way, size_t m, size_t n)
{
    double *at = mem_new(m, sizeof *at);    /* how far along the way each is */
    at[0] = 0;
    for (size_t i = 1; i < m; i++)
        at[i] = at[i - 1] + near_distance(t, way[i - 1], way[i]);
    for (size_t i = 1, k = 1; i < n; i++, k++) {
        double wanted = at[m - 1] * (double)i / (double)(n - 1);
        while (k + (n - i) < m && fabs(at[k + 1] - wanted) < fabs(at[k] - wanted))
            k++;                            /* enough are left for the places behind */
        way[i] = way[i + 1 < n ? k : m - 1];
    }
    free(at);
}

/* The row of those not on the way that is nearest to both a and b, and nearer than they are to each other; SIZE_MAX. */
static size_t between(const struct near *t, size_t rows, const bool *on_way, size_t a, size_t b)
{
    double least = near_distance(t, a, b);
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < rows; i++) {
        double x = on_way[i] ? (double)INFINITY : near_distance(t, a, i);
        double y = x < least ? near_distance(t, b, i) : (double)INFINITY, further = x > y ? x : y;
        if (further < least) {
            least = further;
            best = i;
        }
    }
    return best;
}

size_t path_even(const struct near *t, size_t rows, size_t *way, size_t m, size_t n)
{
    if (m > n) {
        thin(t, way, m, n);
        return n;
    }
    bool *on_way = mem_zero(rows, sizeof *on_way), *full = mem_zero(n, sizeof *full);      /* full: step i has no row between */
    for (size_t i = 0; i < m; i++)
        on_way[way[i]] = true;
    while (m < n) {
        size_t longest = SIZE_MAX, row;
        double length = -1;
        for (size_t i = 0; i + 1 < m; i++) {
            double l = full[i] ? -1 : near_distance(t, way[i], way[i + 1]);
            if (l > length) {
                length = l;
                longest = i;
            }
        }
        if (longest == SIZE_MAX)
            break;
        row = between(t, rows, on_way, way[longest], way[longest + 1]);
        if (row == SIZE_MAX) {
            full[longest] = true;
            continue;
        }
        memmove(way + longest + 2, way + longest + 1, (m - longest - 1) * sizeof *way);
        memmove(full + longest + 1, full + longest, (m - longest - 1) * sizeof *full);
        way[longest + 1] = row;
        on_way[row] = true;
        m++;
    }
    free(on_way);
    free(full);
    return m;
}
