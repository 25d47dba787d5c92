/* tree - a dendrogram, as a program for gnuplot
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLOT_TREE_H
#define PLOT_TREE_H

#include <stdint.h>

#include "plot/gnuplot.h"

#define TREE_NONE UINT32_MAX

/* A child is part of its parent from this height upwards. */
struct tree_edge {
    uint32_t parent, child;     /* numbers of nodes; child TREE_NONE: vectors that are lost there, and not drawn */
    double height;              /* finite */
    uint64_t size;              /* vectors in the child; 0: those of its own children, or 1 */
};

struct tree {
    struct tree_edge *v;        /* [n] */
    size_t n;
    char **names;               /* of the first n_names nodes; others are shown by their number */
    size_t n_names;
    size_t most;                /* leaves to draw, at least 2 */
    struct gnuplot_page page;
};

/* Append the program: the branches from the root down, those that part highest first, until there are `most` leaves.
 * What stays whole is a leaf called by its size, "(17)". NULL, or why it
 * makes no tree, and nothing is appended: a node has two parents, it has several roots or none, or nothing parts. */
const char *tree_draw(struct str *g, struct tree *t);

#endif
