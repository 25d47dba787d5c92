/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/tree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct node {
    size_t first, n;            /* children[first ... first + n) */
    double top, low;            /* heights where its children part, and where its last vectors are lost */
    uint64_t size;
    bool has_parent, open;      /* open: its children are drawn */
    double x;
};

struct drawing { struct node *v; size_t n; uint32_t *children; };

/* Nodes of the edges, or NULL and why not. */
static const char *build(struct drawing *d, const struct tree *t)
{
    size_t all = 2 * t->n + 2, at = 0;
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].parent >= all || (t->v[i].child >= all && t->v[i].child != TREE_NONE))
            return "numbers of nodes are left out";
    d->n = all;
    d->v = mem_zero(all, sizeof *d->v);
    d->children = mem_new(t->n, sizeof *d->children);
    for (size_t i = 0; i < all; i++)
        d->v[i].low = INFINITY;
    for (size_t i = 0; i < t->n; i++)
        d->v[t->v[i].parent].n += t->v[i].child != TREE_NONE;
    for (size_t i = 0; i < all; at += d->v[i].n, i++)
        d->v[i].first = at;
    for (size_t i = 0; i < all; i++)
        d->v[i].n = 0;
    for (size_t i = 0; i < t->n; i++) {
        const struct tree_edge *e = t->v + i;
        struct node *parent = d->v + e->parent;
        parent->low = fmin(parent->low, e->height);
        if (e->child == TREE_NONE)
            continue;
        if (d->v[e->child].has_parent)
            return "a node has two parents";
        d->v[e->child].has_parent = true;
        d->v[e->child].size = e->size;
        d->children[parent->first + parent->n++] = e->child;
        parent->top = fmax(parent->top, e->height);
    }
    return NULL;
}

/* The nodes below the root, each after its parent; sizes are set. The caller frees it; *n of them. */
static uint32_t *below(struct drawing *d, uint32_t root, size_t *n)
{
    uint32_t *order = mem_new(d->n, sizeof *order);
    *n = 1;
    order[0] = root;
    for (size_t i = 0; i < *n; i++)
        for (size_t k = 0; k < d->v[order[i]].n; k++)
            order[(*n)++] = d->children[d->v[order[i]].first + k];
    for (size_t i = *n; i-- > 0; ) {
        struct node *node = d->v + order[i];
        uint64_t sum = 0;
        for (size_t k = 0; k < node->n; k++)
            sum += d->v[d->children[node->first + k]].size;
        if (!node->size)
            node->size = node->n ? sum : 1;
    }
    return order;
}

/* Open nodes, the highest first, until `most` leaves are there or nothing is left to open. */
static void open_highest(struct drawing *d, uint32_t root, size_t most)
{
    uint32_t *leaf = mem_new(d->n, sizeof *leaf);
    size_t n = 1;
    leaf[0] = root;
    for (;;) {
        size_t best = n;
        for (size_t i = 0; i < n; i++)
            if (d->v[leaf[i]].n && n - 1 + d->v[leaf[i]].n <= most &&
                (best == n || d->v[leaf[i]].top > d->v[leaf[best]].top))
                best = i;
        if (best == n)
            break;
        struct node *node = d->v + leaf[best];
        node->open = true;
        leaf[best] = d->children[node->first];
        for (size_t k = 1; k < node->n; k++)
            leaf[n++] = d->children[node->first + k];
    }
    free(leaf);
}

/* What is drawn below a node, which is at most `most` deep: its leaves get places and names from *at on. */
static void place(struct drawing *d, const struct tree *t, uint32_t number, struct gnuplot_tic *tics, char (*text)[32],
                  size_t *at)
{
    struct node *node = d->v + number;
    double low = INFINITY, high = -INFINITY;
    for (size_t k = 0; node->open && k < node->n; k++) {
        uint32_t child = d->children[node->first + k];
        place(d, t, child, tics, text, at);
        low = fmin(low, d->v[child].x);
        high = fmax(high, d->v[child].x);
    }
    node->x = (low + high) / 2;
    if (node->open)
        return;
    node->x = (double)*at;
    bool whole = !node->n && isinf(node->low), named = whole && number < t->n_names;
    const char *name = named ? t->names[number] : text[*at];
    int len = snprintf(text[*at], sizeof *text, whole ? "%llu" : "(%llu)",
                       whole ? (unsigned long long)number : (unsigned long long)node->size);
    size_t size = (size_t)len;
    if (named)
        for (size = 0; name[size]; size++)
            ;
    tics[*at] = (struct gnuplot_tic){ node->x, name, size };
    ++*at;
}

/* The end of a branch: where its node parts, or what it is comes to an end. */
static double end_of(const struct node *n) { return n->n ? n->top : isinf(n->low) ? 0 : n->low; }

static void branches(struct str *g, const struct drawing *d, uint32_t number)
{
    const struct node *node = d->v + number;
    for (size_t k = 0; node->open && k < node->n; k++) {
        const struct node *child = d->v + d->children[node->first + k];
        str_printf(g, "%.7g %.7g\n%.7g %.7g\n%.7g %.7g\n\n", node->x, node->top, child->x, node->top, child->x, end_of(child));
        branches(g, d, d->children[node->first + k]);
    }
}

static const char *find_root(const struct drawing *d, const struct tree *t, uint32_t *root)
{
    *root = TREE_NONE;
    for (size_t i = 0; i < t->n; i++) {
        uint32_t parent = t->v[i].parent;
        if (d->v[parent].has_parent || parent == *root)
            continue;
        if (*root != TREE_NONE)
            return "it has several roots";
        *root = parent;
    }
    return *root == TREE_NONE ? "it has no root" : NULL;
}

static void draw(struct str *g, struct tree *t, struct drawing *d, uint32_t root)
{
    bool dumb = t->page.terminal == GNUPLOT_DUMB;
    struct gnuplot_tic *tics = mem_new(t->most, sizeof *tics);
    char (*text)[32] = mem_new(t->most, sizeof *text);
    size_t leaves = 0;
    open_highest(d, root, t->most);
    place(d, t, root, tics, text, &leaves);
    gnuplot_begin(g, "curve", &t->page, dumb ? 100 : 960, dumb ? 36 : 600);
    str_printf(g, "$tree << END_OF_TREE\n");
    branches(g, d, root);
    str_printf(g, "END_OF_TREE\n");
    if (!dumb)
        gnuplot_axes(g);
    gnuplot_title(g, &t->page);
    gnuplot_label(g, "y", "height");
    double low = INFINITY;
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].n || !isinf(d->v[i].low))
            low = fmin(low, end_of(d->v + i));
    gnuplot_range(g, "y", fmin(low, 0), d->v[root].top, false);
    str_printf(g, "set yrange [%.7g:]\nset xrange [-0.7:%.7g]\nunset key\n", fmin(low, 0), (double)leaves - 0.3);
    gnuplot_tics(g, &t->page, "x", tics, leaves, (double)(t->page.width - (dumb ? 10 : 80)) / ((double)leaves + 0.4));
    str_printf(g, "plot $tree using 1:2 with lines linewidth 1.5 linecolor rgb '#%06x'\n", gnuplot_colours[0]);
    free(tics);
    free(text);
}

const char *tree_draw(struct str *g, struct tree *t)
{
    struct drawing d = { NULL, 0, NULL };
    uint32_t root = TREE_NONE;
    const char *why = build(&d, t);
    if (!why)
        why = find_root(&d, t, &root);
    if (!why) {
        size_t n, known = 0;
        uint32_t *order = below(&d, root, &n);
        for (size_t i = 0; i < d.n; i++)
            known += d.v[i].has_parent;
        if (n != known + 1)
            why = "a node is part of itself";
        else if (!d.v[root].n)
            why = "nothing parts in it";
        else
            draw(g, t, &d, root);
        free(order);
    }
    free(d.v);
    free(d.children);
    return why;
}
