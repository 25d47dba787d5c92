/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/beside.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { CELL = 4 };              /* pixels of the grid that knows what is taken */

struct grid { size_t columns, rows; bool *taken; };

/* Whether the box around a middle lies in the picture and all of it is free; or take it. */
static bool box(struct grid *g, double x, double y, double wide, double high, bool take)
{
    double left = (x - wide / 2) / CELL, right = (x + wide / 2) / CELL, low = (y - high / 2) / CELL, up = (y + high / 2) / CELL;
    if (left < 0 || low < 0 || right >= (double)g->columns || up >= (double)g->rows)
        return false;
    for (size_t i = (size_t)low; i <= (size_t)up; i++)
        for (size_t k = (size_t)left; k <= (size_t)right; k++) {
            if (!take && g->taken[i * g->columns + k])
                return false;
            g->taken[i * g->columns + k] |= take;
        }
    return true;
}

void beside_place(const struct beside *b, const size_t *order, bool *placed, double *at_x, double *at_y)
{
    struct grid g = { (size_t)(b->width / CELL), (size_t)(b->height / CELL), NULL };
    g.taken = mem_zero(mem_mul(g.columns, g.rows) + 1, sizeof *g.taken);
    for (size_t i = 0; i < b->n; i++)
        box(&g, b->x[i], b->y[i], CELL, CELL, true);
    for (size_t k = 0; k < b->n; k++) {
        size_t i = order[k];
        double side = b->wide[i] / 2 + 7, over = b->high / 2 + 7;
        const double by_x[] = { side, -side, 0, 0 }, by_y[] = { 0, 0, over, -over };
        placed[i] = false;
        for (int d = 0; d < 4 && b->wide[i] > 0 && !placed[i]; d++)
            if (box(&g, b->x[i] + by_x[d], b->y[i] + by_y[d], b->wide[i], b->high, false)) {
                placed[i] = true;
                at_x[i] = b->x[i] + by_x[d];
                at_y[i] = b->y[i] + by_y[d];
                box(&g, at_x[i], at_y[i], b->wide[i], b->high, true);
            }
    }
    free(g.taken);
}

struct corner { double x, y; size_t at; };

static int compare(const void *a, const void *b)
{
    const struct corner *p = a, *q = b;
    return p->x != q->x ? (p->x < q->x ? -1 : 1) : p->y != q->y ? (p->y < q->y ? -1 : 1) : 0;
}

/* Above 0 if a, b, c turn left. */
static double turn(const struct corner *a, const struct corner *b, const struct corner *c)
{
    return (b->x - a->x) * (c->y - a->y) - (b->y - a->y) * (c->x - a->x);
}

size_t beside_hull(const float *x, const float *y, size_t *at, size_t n)
{
    struct corner *v = mem_new(n, sizeof *v), *hull = mem_new(2 * n + 1, sizeof *hull);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        v[i] = (struct corner){ (double)x[at[i]], (double)y[at[i]], at[i] };
    qsort(v, n, sizeof *v, compare);
    for (size_t i = 0; i < n; i++) {
        while (m >= 2 && turn(hull + m - 2, hull + m - 1, v + i) <= 0)
            m--;
        hull[m++] = v[i];
    }
    for (size_t i = n - 1, least = m + 1; n > 1 && i-- > 0; ) {
        while (m >= least && turn(hull + m - 2, hull + m - 1, v + i) <= 0)
            m--;
        hull[m++] = v[i];
    }
    m -= m > 1;                         /* the first one again */
    for (size_t i = 0; i < m && i < n; i++)
        at[i] = hull[i].at;
    free(v);
    free(hull);
    return m < n ? m : n;
}
