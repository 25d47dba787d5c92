/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/reach_about.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/union.h"
#include "cluster/reach.h"

/* Parts that are looked at again: about so many, of so many rows at least; and the rows, in all, that stand for them. */
enum { PARTS = 1024, LEAST = 16, STAND = 32768 };

struct edge { double reach; uint32_t a, b; };

static int shorter(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->reach != y->reach)
        return x->reach < y->reach ? -1 : 1;
    return x->a != y->a ? (x->a < y->a ? -1 : 1) : (x->b > y->b) - (x->b < y->b);
}

static bool lists(const struct reach_known *g, size_t i, uint32_t other)
{
    for (size_t j = 0; j < g->k; j++)
        if (g->index[i * g->k + j] == other)
            return true;
    return false;
}

void reach_core(const struct reach_known *g, size_t min_samples, double *core)
{
    for (size_t i = 0; i < g->n; i++)
        core[i] = min_samples > 1 ? g->distance[i * g->k + min_samples - 2] : 0;
}

/* All pairs of neighbours once, shortest first. Returns how many. */
static size_t sorted_edges(const struct reach_known *g, const double *core, struct edge *edge)
{
    size_t m = 0;
    for (size_t i = 0; i < g->n; i++)
        for (size_t j = 0; j < g->k; j++) {
            uint32_t other = g->index[i * g->k + j];
            if (other < i && lists(g, other, (uint32_t)i))
                continue;
            double reach = g->distance[i * g->k + j];
            reach = reach < core[i] ? core[i] : reach;
            reach = reach < core[other] ? core[other] : reach;
            edge[m++] = (struct edge){ reach, (uint32_t)i, other };
        }
    qsort(edge, m, sizeof *edge, shorter);
    return m;
}

/* Rows of each part: in equal steps among its rows in the order of the leaves, so that they lie all over it. In sets[n] those
 * of one part are in one set. Returns how many there are. */
static size_t choose_rows(const struct near *t, union_parent *parent, size_t n, size_t parts, uint32_t *rows,
                          union_parent *sets)
{
    size_t most = STAND / parts + 1, chosen = 0;
    uint32_t *size = mem_zero(n, sizeof *size), *seen = mem_zero(n, sizeof *seen), *first = mem_new(n, sizeof *first);
    for (size_t i = 0; i < n; i++)
        size[union_root(parent, i)]++;
    for (size_t leaf = 0; leaf < near_leaves(t); leaf++) {
        const uint32_t *of;
        size_t m = near_leaf(t, leaf, &of);
        for (size_t i = 0; i < m; i++) {
            size_t root = union_root(parent, of[i]), take = size[root] < most ? size[root] : most, at = seen[root]++ * take;
            if (at / size[root] == (at + take) / size[root])
                continue;
            if (at < size[root])
                first[root] = (uint32_t)chosen;
            union_join(sets, first[root], chosen);
            rows[chosen++] = of[i];
        }
    }
    free(size);
    free(seen);
    free(first);
    return chosen;
}

/* Shorten an edge between two parts: its rows, by turns, move to that of their neighbours, which are in the same part, that
 * is nearest to the other one, until neither helps. */
static void shorten(const struct near *t, const struct reach_known *g, const double *core, struct merge *e)
{
    for (size_t idle = 0; idle < 2; ) {
        size_t from = e->left, to = e->right;
        idle++;
        for (size_t j = 0; j < g->k; j++) {
            size_t other = g->index[from * g->k + j];
            double reach = near_reach(t, core, other, to);
            if (reach < e->height) {
                e->height = reach;
                e->left = other;
                idle = 0;
            }
        }
        from = e->left;
        e->left = to;
        e->right = from;
    }
}

/* The shortest edges between `parts` parts. */
static void join_parts(const struct near *t, const struct reach_known *g, const double *core, union_parent *parent,
                       size_t parts, struct edge *edge)
{
    uint32_t *rows = mem_new(STAND + parts, sizeof *rows);
    union_parent *sets = union_new(STAND + parts);
    size_t m = choose_rows(t, parent, g->n, parts, rows, sets);
    struct near *some = near_some(t, rows, m);
    double *of = mem_new(m, sizeof *of);
    struct merge *joins = mem_new(parts, sizeof *joins);
    for (size_t i = 0; i < m; i++)
        of[i] = core[rows[i]];
    reach_join(some, m, of, sets, parts, joins);
    for (size_t e = 0; e + 1 < parts; e++) {
        joins[e].left = rows[joins[e].left];
        joins[e].right = rows[joins[e].right];
        shorten(t, g, core, joins + e);
        edge[e] = (struct edge){ joins[e].height, (uint32_t)joins[e].left, (uint32_t)joins[e].right };
    }
    near_free(some);
    free(of);
    free(joins);
    free(rows);
    free(sets);
}

/* Take the sorted edges that join two parts, one of less than `least` rows: such a part has none shorter. The others between
 * parts stay; returns how many. size[n] is that of each part, by its root. */
static size_t take_edges(union_parent *parent, uint32_t *size, size_t least, struct edge *edge, size_t m, struct merge *edges,
                         size_t *made)
{
    size_t stay = 0;
    for (size_t e = 0; e < m; e++) {
        size_t a = union_root(parent, edge[e].a), b = union_root(parent, edge[e].b);
        if (a == b)
            continue;
        if (size[a] >= least && size[b] >= least) {
            edge[stay++] = edge[e];
            continue;
        }
        union_join(parent, a, b);
        size[a < b ? a : b] = size[a] + size[b];
        edges[(*made)++] = (struct merge){ edge[e].a, edge[e].b, edge[e].reach, 0 };
    }
    return stay;
}

void reach_about(const struct near *t, const struct reach_known *g, const double *core, struct merge *edges)
{
    size_t n = g->n, made = 0;
    struct edge *edge = mem_new(mem_mul(n, g->k + 1), sizeof *edge);
    union_parent *parent = union_new(n);
    uint32_t *size = mem_new(n, sizeof *size);
    for (size_t i = 0; i < n; i++)
        size[i] = 1;
    size_t m = take_edges(parent, size, n / PARTS + LEAST, edge, sorted_edges(g, core, edge), edges, &made), parts = n - made;
    if (parts > 1) {
        join_parts(t, g, core, parent, parts, edge + m);
        qsort(edge, m + parts - 1, sizeof *edge, shorter);
        take_edges(parent, size, SIZE_MAX, edge, m + parts - 1, edges, &made);
    }
    free(edge);
    free(parent);
    free(size);
}

double reach_about_bytes(size_t n, size_t k)
{
    return (double)n * (double)(k + 1) * sizeof(struct edge);
}
