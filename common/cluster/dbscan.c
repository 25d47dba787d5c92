/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/dbscan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/union.h"
#include "math/sort.h"

struct work {
    const struct near *t;
    double eps;
    size_t min_samples, n;
    uint32_t *count;
    bool *core;
    union_parent *parent;       /* of the cores: a root is the least row of its tree */
    int32_t *labels;
};

static void count_leaf(size_t leaf, void *state)
{
    struct work *w = state;
    near_count(w->t, leaf, w->eps, w->count);
}

static void unite(size_t i, size_t j, void *state)
{
    struct work *w = state;
    if (w->core[j])
        union_join(w->parent, i, j);
}

static bool is_core(size_t i, const void *state)
{
    return ((const struct work *)state)->core[i];
}

/* The tree that all cores of a leaf are in; `none` if it has no core, SIZE_MAX if they are
 * not in one tree (yet). */
static size_t only_root(struct work *w, size_t leaf, size_t none)
{
    const uint32_t *rows;
    size_t n = near_leaf(w->t, leaf, &rows), only = none;
    for (size_t i = 0; i < n; i++) {
        if (!w->core[rows[i]])
            continue;
        size_t root = union_root(w->parent, rows[i]);
        if (only != none && root != only)
            return SIZE_MAX;
        only = root;
    }
    return only;
}

/* Whether two leaves can bring trees together. A tree that grows meanwhile does no harm:
 * at worst it is searched in vain. Pairs are searched from one side only. */
static bool may_unite(size_t leaf, size_t other, void *state)
{
    struct work *w = state;
    if (other > leaf)
        return false;
    size_t none = SIZE_MAX - 1, a = only_root(w, leaf, none), b = only_root(w, other, none);
    return a == SIZE_MAX || b == SIZE_MAX || (a != b && a != none && b != none);
}

static void unite_leaf(size_t leaf, void *state)
{
    struct work *w = state;
    near_range(w->t, leaf, &(struct near_search){ w->eps, is_core, may_unite, unite, w });
}

static bool is_border(size_t i, const void *state)
{
    const struct work *w = state;
    return !w->core[i] && w->count[i] > 1;
}

static void adopt(size_t i, size_t j, void *state)
{
    struct work *w = state;
    if (w->core[j] && (w->labels[i] < 0 || w->labels[j] < w->labels[i]))
        w->labels[i] = w->labels[j];
}

static void adopt_leaf(size_t leaf, void *state)
{
    struct work *w = state;
    near_range(w->t, leaf, &(struct near_search){ w->eps, is_border, NULL, adopt, w });
}

/* Label the cores, as -1 what is none. */
static void number_cores(struct work *w)
{
    int32_t next = 0;
    for (size_t i = 0; i < w->n; i++) {     /* a root comes before the rest of its tree */
        w->labels[i] = -1;
        if (!w->core[i])
            continue;
        size_t root = union_root(w->parent, i);
        w->labels[i] = root == i ? next++ : w->labels[root];
    }
}

void dbscan(const struct near *t, size_t n, double eps, size_t min_samples, int32_t *labels, bool *core)
{
    struct work w = { t, eps, min_samples, n, mem_zero(n, sizeof *w.count), core,
                      union_new(n), labels };
    par_for(near_leaves(t), count_leaf, &w);
    for (size_t i = 0; i < n; i++) {
        core[i] = w.count[i] >= min_samples;
    }
    par_for(near_leaves(t), unite_leaf, &w);
    number_cores(&w);
    par_for(near_leaves(t), adopt_leaf, &w);
    free(w.count);
    free(w.parent);
}

void dbscan_about(const struct reach_known *g, const double *reach, const struct merge *edges, double eps, int32_t *labels,
                  bool *core)
{
    struct work w = { .n = g->n, .core = core, .parent = union_new(g->n), .labels = labels };
    for (size_t i = 0; i < g->n; i++)
        core[i] = reach[i] <= eps;
    for (size_t e = 0; e + 1 < g->n; e++)
        if (edges[e].height <= eps)
            union_join(w.parent, edges[e].left, edges[e].right);
    number_cores(&w);
    for (size_t i = 0; i < g->n; i++)
        for (size_t e = i * g->k; e < (i + 1) * g->k && g->distance[e] <= eps; e++)
            if (core[i] && !core[g->index[e]])
                adopt(g->index[e], i, &w);
            else if (!core[i])
                adopt(i, g->index[e], &w);
    free(w.parent);
}

/* ---- choosing eps ---- */

void dbscan_kdist(const struct near *t, size_t n, size_t k, double *out)
{
    memset(out, 0, n * sizeof *out);
    if (k > 1)
        near_kth_all(t, k - 1, out);
    sort_f64(out, n);
}

double dbscan_knee(const double *kdist, size_t n)
{
    double first = kdist[0], range = kdist[n - 1] - first, most = 0;
    size_t best = n - 1;
    for (size_t i = 0; range > 0 && i < n; i++) {
        double gap = (double)i / (double)(n - 1) - (kdist[i] - first) / range;
        if (gap > most) {
            most = gap;
            best = i;
        }
    }
    return kdist[best];
}
