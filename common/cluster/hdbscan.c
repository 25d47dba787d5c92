/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/hdbscan.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

/* ---- condensing ---- */

static uint32_t add_cluster(struct condensed *c, size_t *cap, uint32_t parent, double height, size_t size)
{
    mem_grow(&c->cluster, cap, c->clusters + 1, sizeof *c->cluster);
    c->cluster[c->clusters] = (struct condensed_cluster){ parent, false, false, -1, height, size };
    return (uint32_t)c->clusters++;
}

/* What the merge `node` and those of the same height below it join. Which of these is below which is chance: they count
 * as one, and are marked as seen. */
struct parts { size_t *node, n, cap; };

static void collect_parts(const struct merge *merges, size_t n, size_t node, struct parts *p, bool *seen)
{
    double height = merges[node - n].height;
    p->n = 0;
    mem_grow(&p->node, &p->cap, 1, sizeof *p->node);
    p->node[p->n++] = node;
    for (size_t i = 0; i < p->n; ) {
        size_t at = p->node[i];
        if (at < n || merges[at - n].height != height) {
            i++;
            continue;
        }
        seen[at] = true;
        mem_grow(&p->node, &p->cap, p->n + 1, sizeof *p->node);
        p->node[i] = merges[at - n].left;
        p->node[p->n++] = merges[at - n].right;
    }
}

static size_t size_of(const struct merge *merges, size_t n, size_t node)
{
    return node < n ? 1 : merges[node - n].size;
}

struct condensed *hdbscan_condense(const struct merge *merges, size_t n, size_t min_size)
{
    struct condensed *c = mem_zero(1, sizeof *c);
    struct parts p = { NULL, 0, 0 };
    size_t cap = 0, nodes = 2 * n - 1;
    uint32_t *in = mem_new(nodes, sizeof *in);              /* each node: the cluster it is in, or has left */
    double *left = mem_new(nodes, sizeof *left);            /* the height at which it has; INFINITY: it has not */
    bool *seen = mem_zero(nodes, sizeof *seen);
    c->n = n;
    in[nodes - 1] = add_cluster(c, &cap, 0, INFINITY, n);
    left[nodes - 1] = INFINITY;
    for (size_t node = nodes; node-- > n; ) {               /* parents come after their children */
        if (seen[node])
            continue;
        double height = merges[node - n].height;
        uint32_t of = in[node], large = 0;
        collect_parts(merges, n, node, &p, seen);
        for (size_t i = 0; i < p.n; i++)
            large += size_of(merges, n, p.node[i]) >= min_size;
        bool whole = isinf(left[node]);
        for (size_t i = 0; i < p.n; i++) {
            size_t part = p.node[i], size = size_of(merges, n, part);
            left[part] = whole && size < min_size ? height : left[node];
            in[part] = whole && size >= min_size && large > 1 ? add_cluster(c, &cap, of, height, size) : of;
        }
        c->cluster[of].parts |= whole && large > 1;
    }
    free(p.node);
    free(seen);
    c->from = mem_resize(in, n, sizeof *in);
    c->leaves = mem_resize(left, n, sizeof *left);
    return c;
}

void condensed_free(struct condensed *c)
{
    if (!c)
        return;
    free(c->from);
    free(c->leaves);
    free(c->cluster);
    free(c);
}

/* ---- choosing ---- */

/* How long `size` points that left at `height` were in a cluster. */
static double lasted(const struct condensed_cluster *c, double height, size_t size)
{
    double since = isinf(c->height) ? 0 : 1 / c->height, until = 1 / height;
    return isinf(since) ? 0 : (until - since) * (double)size;
}

static double *stabilities(const struct condensed *c)
{
    double *s = mem_zero(c->clusters, sizeof *s);
    for (size_t i = 0; i < c->n; i++)
        s[c->from[i]] += lasted(c->cluster + c->from[i], c->leaves[i], 1);
    for (size_t k = 1; k < c->clusters; k++)
        s[c->cluster[k].parent] += lasted(c->cluster + c->cluster[k].parent, c->cluster[k].height, c->cluster[k].size);
    return s;
}

static void choose_lasting(struct condensed *c, bool allow_single)
{
    double *own = stabilities(c), *parts = mem_zero(c->clusters, sizeof *parts);
    for (size_t k = c->clusters; k-- > 0; ) {
        struct condensed_cluster *one = c->cluster + k;
        one->chosen = !(parts[k] > own[k]) && (k || allow_single);
        if (k)
            parts[one->parent] += one->chosen ? own[k] : parts[k];
    }
    free(own);
    free(parts);
}

/* The clusters that begin below epsilon give way to those above them. */
static void merge_below(struct condensed *c, double epsilon, bool allow_single)
{
    for (size_t k = c->clusters; k-- > 1; ) {
        struct condensed_cluster *one = c->cluster + k;
        if (one->chosen && one->height < epsilon && (one->parent || allow_single)) {
            one->chosen = false;
            c->cluster[one->parent].chosen = true;
        }
    }
}

void hdbscan_choose(struct condensed *c, enum hdbscan_method method, double epsilon, bool allow_single)
{
    if (method == HDBSCAN_EOM)
        choose_lasting(c, allow_single);
    else
        for (size_t k = 0; k < c->clusters; k++)
            c->cluster[k].chosen = !c->cluster[k].parts && (k || allow_single);
    if (epsilon > 0)
        merge_below(c, epsilon, allow_single);
    bool *inside = mem_zero(c->clusters, sizeof *inside);   /* of a chosen one */
    for (size_t k = 1; k < c->clusters; k++) {
        size_t parent = c->cluster[k].parent;
        inside[k] = inside[parent] || c->cluster[parent].chosen;
        c->cluster[k].chosen &= !inside[k];
    }
    free(inside);
}

/* ---- what comes of it ---- */

/* The least height at which each cluster loses something, with `deep` counting those within it. */
static double *least_heights(const struct condensed *c, bool deep)
{
    double *least = mem_new(c->clusters, sizeof *least);
    for (size_t k = 0; k < c->clusters; k++)
        least[k] = INFINITY;
    for (size_t i = 0; i < c->n; i++)
        if (c->leaves[i] < least[c->from[i]])
            least[c->from[i]] = c->leaves[i];
    for (size_t k = c->clusters; k-- > 1; ) {
        double *parent = least + c->cluster[k].parent, h = c->cluster[k].height;
        h = deep && least[k] < h ? least[k] : h;
        *parent = h < *parent ? h : *parent;
    }
    return least;
}

size_t hdbscan_label(struct condensed *c, double epsilon, int32_t *labels, double *probability)
{
    double *least = least_heights(c, false);
    uint32_t *owner = mem_new(c->clusters, sizeof *owner);  /* the chosen cluster that each is in, or 0 */
    int32_t next = 0;
    for (size_t k = 0; k < c->clusters; k++) {
        owner[k] = k == 0 || c->cluster[k].chosen ? (uint32_t)k : owner[c->cluster[k].parent];
        c->cluster[k].label = -1;
    }
    for (size_t i = 0; i < c->n; i++) {
        uint32_t k = owner[c->from[i]];
        double until = epsilon > 0 ? epsilon : least[0], h = c->leaves[i];
        labels[i] = -1;
        probability[i] = 0;
        if (!c->cluster[k].chosen || (k == 0 && !(h <= until)))
            continue;
        int32_t *label = &c->cluster[k].label;
        *label = *label < 0 ? next++ : *label;
        labels[i] = *label;
        probability[i] = h <= least[k] ? 1 : least[k] / h;
    }
    free(least);
    free(owner);
    return (size_t)next;
}

void hdbscan_outliers(const struct condensed *c, double *outlier)
{
    double *least = least_heights(c, true);
    for (size_t i = 0; i < c->n; i++)
        outlier[i] = c->leaves[i] > 0 ? 1 - least[c->from[i]] / c->leaves[i] : 0;
    free(least);
}
