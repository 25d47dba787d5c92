/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/dbscan.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

struct work {
    const struct near *t;
    double eps;
    size_t min_samples, n;
    uint32_t *count;
    bool *core;
    _Atomic uint32_t *parent;   /* of the forest of cores: a root is the least row of its tree */
    int32_t *labels;
};

static void count_leaf(size_t leaf, void *state)
{
    struct work *w = state;
    near_count(w->t, leaf, w->eps, w->count);
}

static uint32_t root_of(_Atomic uint32_t *parent, uint32_t i)
{
    for (;;) {
        uint32_t p = atomic_load_explicit(parent + i, memory_order_relaxed);
        if (p == i)
            return i;
        uint32_t up = atomic_load_explicit(parent + p, memory_order_relaxed);
        if (up != p)                        /* halve the path; harmless if another was faster */
            atomic_compare_exchange_weak_explicit(parent + i, &p, up, memory_order_relaxed, memory_order_relaxed);
        i = up;
    }
}

/* Hang the larger root under the smaller: in whatever order threads do it, the trees and
 * their roots end up the same. */
static void unite(size_t i, size_t j, void *state)
{
    struct work *w = state;
    if (!w->core[j])
        return;
    for (;;) {
        uint32_t a = root_of(w->parent, (uint32_t)i), b = root_of(w->parent, (uint32_t)j);
        if (a == b)
            return;
        uint32_t high = a > b ? a : b, low = a > b ? b : a;
        if (atomic_compare_exchange_strong(w->parent + high, &high, low))
            return;
    }
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
        size_t root = root_of(w->parent, rows[i]);
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

void dbscan(const struct near *t, size_t n, double eps, size_t min_samples, int32_t *labels, bool *core)
{
    struct work w = { t, eps, min_samples, n, mem_zero(n, sizeof *w.count), core,
                      mem_new(n, sizeof *w.parent), labels };
    par_for(near_leaves(t), count_leaf, &w);
    for (size_t i = 0; i < n; i++) {
        core[i] = w.count[i] >= min_samples;
        atomic_init(w.parent + i, (uint32_t)i);
        labels[i] = -1;
    }
    par_for(near_leaves(t), unite_leaf, &w);
    int32_t next = 0;
    for (size_t i = 0; i < n; i++) {        /* a root comes before the rest of its tree */
        if (!core[i])
            continue;
        uint32_t root = root_of(w.parent, (uint32_t)i);
        if (labels[root] < 0)
            labels[root] = next++;
        labels[i] = labels[root];
    }
    par_for(near_leaves(t), adopt_leaf, &w);
    free(w.count);
    free(w.parent);
}

/* ---- choosing eps ---- */

struct kdist { const struct near *t; size_t k; double *out; };

static void kdist_leaf(size_t leaf, void *state)
{
    struct kdist *w = state;
    near_kth(w->t, leaf, w->k, w->out);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void dbscan_kdist(const struct near *t, size_t n, size_t k, double *out)
{
    struct kdist w = { t, k - 1, out };
    memset(out, 0, n * sizeof *out);
    if (k > 1)
        par_for(near_leaves(t), kdist_leaf, &w);
    qsort(out, n, sizeof *out, ascending);
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
