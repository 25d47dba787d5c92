/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/mem.h"
#include "base/union.h"
#include "cluster/linkage.h"

/* Clusters are nodes of the tree: points 0 ... n-1, then the merges. A node that is joined
 * is dead; a list of neighbours may still name it, and is followed up to who lives. */
struct tree {
    size_t n, d, nodes;
    double *centre;             /* [slots][d]; a merge takes over a child's slot */
    union_parent *parent;       /* [2n] a dead node's is the node that it was joined into, or above */
    size_t *slot, *size, *listed;               /* [2n]; listed: length of the list */
    uint32_t **list;            /* [2n] neighbours; NULL of the dead */
    double *height;             /* [2n] */
    size_t *seen;               /* [2n] the node that last met it, plus 1 */
};

/* Ward's height of the union, squared (linkage.h). */
static double height2(const struct tree *t, size_t a, size_t b)
{
    const double *x = t->centre + t->slot[a] * t->d, *y = t->centre + t->slot[b] * t->d;
    double sum = 0, na = (double)t->size[a], nb = (double)t->size[b];
    for (size_t j = 0; j < t->d; j++)
        sum += (x[j] - y[j]) * (x[j] - y[j]);
    return 2 * na * nb / (na + nb) * sum;
}

static void offer(const struct tree *t, struct heap *h, size_t a, size_t b)
{
    heap_push(h, (struct heap_item){ height2(t, a, b), (uint32_t)(a < b ? a : b), (uint32_t)(a < b ? b : a) });
}

static bool lives(const struct tree *t, size_t i)
{
    return union_root(t->parent, i) == i;
}

/* Both lists of neighbours as one, each living node once, the new node left out. */
static void join_lists(struct tree *t, size_t a, size_t b, size_t to)
{
    uint32_t *all = mem_new(t->listed[a] + t->listed[b], sizeof *all);
    size_t n = 0;
    t->seen[to] = to + 1;
    for (int side = 0; side < 2; side++) {
        size_t from = side ? b : a;
        for (size_t i = 0; i < t->listed[from]; i++) {
            size_t node = union_root(t->parent, t->list[from][i]);
            if (t->seen[node] == to + 1)
                continue;
            t->seen[node] = to + 1;
            all[n++] = (uint32_t)node;
        }
        free(t->list[from]);
        t->list[from] = NULL;
    }
    t->list[to] = all;
    t->listed[to] = n;
}

static void merge(struct tree *t, struct heap *h, size_t a, size_t b, double squared, struct merge *merges)
{
    size_t to = t->nodes++;
    double *x = t->centre + t->slot[a] * t->d;
    const double *y = t->centre + t->slot[b] * t->d;
    double share = (double)t->size[b] / (double)(t->size[a] + t->size[b]), height = sqrt(squared);
    for (size_t j = 0; j < t->d; j++)
        x[j] += (y[j] - x[j]) * share;
    height = t->height[a] > height ? t->height[a] : height;
    height = t->height[b] > height ? t->height[b] : height;
    t->slot[to] = t->slot[a];
    t->size[to] = t->size[a] + t->size[b];
    t->height[to] = height;
    union_hang(t->parent, a, to);
    union_hang(t->parent, b, to);
    merges[to - t->n] = (struct merge){ a, b, height, t->size[to] };
    join_lists(t, a, b, to);
    for (size_t i = 0; i < t->listed[to]; i++)
        offer(t, h, to, t->list[to][i]);
}

static void run(struct tree *t, struct heap *h, struct merge *merges)
{
    while (h->n) {
        struct heap_item p = heap_pop(h);
        if (lives(t, p.a) && lives(t, p.b))
            merge(t, h, p.a, p.b, p.key, merges);
    }
}

/* Make neighbours of all clusters that are left. */
static bool join_parts(struct tree *t, struct heap *h)
{
    uint32_t *left = mem_new(t->n, sizeof *left);
    size_t n = 0;
    for (size_t i = 0; i < t->nodes; i++)
        if (lives(t, i))
            left[n++] = (uint32_t)i;
    for (size_t i = 0; i < n && n <= LINKAGE_PARTS; i++) {
        t->list[left[i]] = mem_resize(t->list[left[i]], n, sizeof **t->list);
        memcpy(t->list[left[i]], left, n * sizeof *left);   /* itself among them: it will be dead */
        t->listed[left[i]] = n;
        for (size_t j = 0; j < i; j++)
            offer(t, h, left[j], left[i]);
    }
    free(left);
    return n <= LINKAGE_PARTS;
}

bool linkage_ward_graph(const float *x, size_t d, const struct graph *g, struct merge *merges)
{
    size_t n = g->n;
    if (n < 2)
        return true;
    struct tree t = {
        .n = n, .d = d, .nodes = n, .parent = union_new(2 * n),
        .centre = mem_new(mem_mul(n, d), sizeof *t.centre), .slot = mem_new(2 * n, sizeof *t.slot),
        .size = mem_new(2 * n, sizeof *t.size), .listed = mem_zero(2 * n, sizeof *t.listed),
        .list = mem_zero(2 * n, sizeof *t.list), .height = mem_zero(2 * n, sizeof *t.height),
        .seen = mem_zero(2 * n, sizeof *t.seen),
    };
    struct heap h = { NULL, 0, 0 };
    for (size_t i = 0; i < n * d; i++)
        t.centre[i] = (double)x[i];
    for (size_t i = 0; i < n; i++) {
        t.slot[i] = i;
        t.size[i] = 1;
        t.listed[i] = g->start[i + 1] - g->start[i];
        t.list[i] = mem_new(t.listed[i], sizeof **t.list);
        memcpy(t.list[i], g->to + g->start[i], t.listed[i] * sizeof **t.list);
        for (size_t e = 0; e < t.listed[i] && t.list[i][e] < i; e++)
            offer(&t, &h, i, t.list[i][e]);
    }
    run(&t, &h, merges);
    bool good = t.nodes == 2 * n - 1 || join_parts(&t, &h);
    run(&t, &h, merges);
    for (size_t i = 0; i < 2 * n; i++)
        free(t.list[i]);
    free(t.list);
    free(h.v);
    free(t.centre);
    free(t.slot);
    free(t.parent);
    free(t.size);
    free(t.listed);
    free(t.height);
    free(t.seen);
    return good;
}
