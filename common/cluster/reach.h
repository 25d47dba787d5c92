/* reach - a minimum spanning tree of mutual reachability distances
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLUSTER_REACH_H
#define CLUSTER_REACH_H

#include <stddef.h>

#include "base/union.h"
#include "cluster/linkage.h"
#include "math/near.h"

/* The tree (in the layout of linkage.h) that single linkage makes of the n rows behind t, 1 <= n, by near_reach, where a
 * row's core distance is that to its min_samples-th nearest, itself counted; 1 <= min_samples <= n. merges[n-1].
 * Exact: Boruvka's algorithm over the leaves of t, in which edges of equal length are ordered by their rows, so that
 * the tree is one. Holds some 120 bytes a row. tick (or NULL) is called after each step with the number of edges so
 * far. Uses par_for. */
void reach_tree(const struct near *t, size_t n, size_t min_samples, struct merge *merges, void (*tick)(size_t edges));

/* The edges, shortest first in each step of Boruvka's, that join the `parts` sets in which parent has the n rows behind t, by
 * near_reach with core[n]: edges[parts - 1], of which each names a row in two of them. Exact. Uses par_for. */
void reach_join(const struct near *t, size_t n, double *core, union_parent *parent, size_t parts, struct merge *edges);

#endif
