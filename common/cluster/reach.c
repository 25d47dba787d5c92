/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/reach.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

/* Neighbours of each row that are kept: most edges of the tree are among them; at least KEPT, and as many as the core
 * distance asks for, up to MOST, so that they are looked for once. */
enum { KEPT = 10, MOST = 64, BLOCK = 1024 };

struct work {
    const struct near *t;
    size_t n, k;
    uint32_t *near;             /* [n][k] */
    double *core, *floor;       /* [n] */
    struct near_link *link;     /* [n] */
    uint32_t *group;            /* [n]: the least row of the part of the tree that a row is in */
    uint32_t *only;             /* [leaves] */
    _Atomic double *bound;      /* [n] */
    union_parent *parent;
};

static void core_distances(struct work *w, size_t min_samples)
{
    near_knn_all(w->t, w->k, w->near, NULL);
    if (min_samples > w->k + 1)
        near_kth_all(w->t, min_samples - 1, w->core);
    for (size_t i = 0; i < w->n; i++) {
        const uint32_t *near = w->near + i * w->k;
        double last = w->k ? near_distance(w->t, i, near[w->k - 1]) : 0;
        if (min_samples <= w->k + 1)
            w->core[i] = min_samples > 1 ? near_distance(w->t, i, near[min_samples - 2]) : 0;
        w->floor[i] = last > w->core[i] ? last : w->core[i];
    }
}

/* Links to the neighbours that are kept, where those of the last step are of no use. */
static void link_kept(size_t block, void *state)
{
    struct work *w = state;
    for (size_t i = par_begin(block, BLOCK); i < par_end(block, BLOCK, w->n); i++) {
        uint32_t old = w->link[i].to;
        if (old == UINT32_MAX || w->group[old] == w->group[i])
            w->link[i] = NEAR_NO_LINK;
        for (size_t j = 0; j < w->k; j++) {
            uint32_t to = w->near[i * w->k + j];
            if (w->group[to] == w->group[i])
                continue;
            struct near_link fresh = { near_reach(w->t, w->core, i, to), to };
            if (near_shorter(fresh, w->link[i]))
                w->link[i] = fresh;
        }
    }
}

static void link_others(size_t leaf, void *state)
{
    const struct work *w = state;
    near_between(w->t, leaf, &(struct near_between){ w->group, w->only, w->core, w->floor, w->link, w->bound });
}

/* Which parts there are, how short a link each has among the kept ones, which leaves lie in one part. */
static void begin_step(struct work *w)
{
    for (size_t i = 0; i < w->n; i++) {
        w->group[i] = (uint32_t)union_root(w->parent, i);
        w->bound[i] = INFINITY;
    }
    par_for(par_blocks(w->n, BLOCK), link_kept, w);
    for (size_t i = 0; i < w->n; i++)
        if (w->link[i].reach < w->bound[w->group[i]])
            w->bound[w->group[i]] = w->link[i].reach;
    for (size_t leaf = 0; leaf < near_leaves(w->t); leaf++) {
        const uint32_t *rows;
        size_t rows_n = near_leaf(w->t, leaf, &rows);
        w->only[leaf] = w->group[rows[0]];
        for (size_t i = 1; i < rows_n; i++)
            if (w->group[rows[i]] != w->only[leaf])
                w->only[leaf] = NEAR_MIXED;
    }
}

/* Whether the link of row a is shorter than that of row b, as edges: of equal length by their rows. */
static bool edge_before(const struct work *w, size_t a, size_t b)
{
    struct near_link x = w->link[a], y = w->link[b];
    size_t x_low = a < x.to ? a : x.to, y_low = b < y.to ? b : y.to;
    if (x.reach != y.reach || x_low != y_low)
        return x.reach < y.reach || (x.reach == y.reach && x_low < y_low);
    return (a < x.to ? x.to : a) < (b < y.to ? y.to : b);
}

/* Add the shortest link of each part; returns the number of edges. best[n] is scratch. */
static size_t end_step(struct work *w, uint32_t *best, struct merge *merges, size_t made)
{
    for (size_t i = 0; i < w->n; i++)
        best[i] = UINT32_MAX;
    for (size_t i = 0; i < w->n; i++) {
        uint32_t *of = best + w->group[i];
        if (w->link[i].to != UINT32_MAX && (*of == UINT32_MAX || edge_before(w, i, *of)))
            *of = (uint32_t)i;
    }
    for (size_t i = 0; i < w->n; i++)           /* whatever else leaves the part is no shorter */
        if (w->floor[i] < w->link[best[w->group[i]]].reach)
            w->floor[i] = w->link[best[w->group[i]]].reach;
    for (size_t g = 0; g < w->n; g++) {
        if (best[g] == UINT32_MAX)
            continue;
        size_t from = best[g], to = w->link[from].to;
        if (union_root(w->parent, from) == union_root(w->parent, to))
            continue;                           /* the other part chose the same edge */
        union_join(w->parent, from, to);
        merges[made++] = (struct merge){ from, to, w->link[from].reach, 0 };
    }
    return made;
}

/* Add edges until one part is left of so many; those to neighbours that are kept are known. */
static void join_all(struct work *w, size_t parts, struct merge *merges, void (*tick)(size_t edges))
{
    size_t n = w->n;
    w->link = mem_new(n, sizeof *w->link);
    w->group = mem_new(n, sizeof *w->group);
    w->only = mem_new(near_leaves(w->t), sizeof *w->only);
    w->bound = mem_new(n, sizeof *w->bound);
    uint32_t *best = mem_new(n, sizeof *best);
    for (size_t i = 0; i < n; i++)
        w->link[i] = NEAR_NO_LINK;
    for (size_t made = 0; made + 1 < parts; ) {
        begin_step(w);
        par_for(near_leaves(w->t), link_others, w);
        made = end_step(w, best, merges, made);
        if (tick)
            tick(made);
    }
    void *const all[] = { w->floor, w->link, w->group, w->only, w->bound, best };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

void reach_join(const struct near *t, size_t n, double *core, union_parent *parent, size_t parts, struct merge *edges)
{
    struct work w = { .t = t, .n = n, .core = core, .floor = mem_new(n, sizeof *w.floor), .parent = parent };
    memcpy(w.floor, core, n * sizeof *core);
    join_all(&w, parts, edges, NULL);
}

void reach_tree(const struct near *t, size_t n, size_t min_samples, struct merge *merges, void (*tick)(size_t edges))
{
    size_t keep = min_samples > KEPT && min_samples - 1 <= MOST ? min_samples - 1 : KEPT;
    struct work w = { .t = t, .n = n, .k = n - 1 < keep ? n - 1 : keep };
    w.near = mem_new(mem_mul(n, w.k), sizeof *w.near);
    w.core = mem_new(n, sizeof *w.core);
    w.floor = mem_new(n, sizeof *w.floor);
    w.parent = union_new(n);
    core_distances(&w, min_samples);
    join_all(&w, n, merges, tick);
    free(w.near);
    free(w.core);
    free(w.parent);
    linkage_grow(merges, n);
}
