/* linkage - agglomerative clustering: merge trees, and cutting them
 *
 * n points x[n][d], row-major, all finite. Trees are in scipy's layout: leaves are
 * 0 … n-1, merge i makes node n + i, merges are sorted by height. Distances are
 * Euclidean, in double.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLUSTER_LINKAGE_H
#define CLUSTER_LINKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "math/graph.h"

struct merge {
    size_t left, right;     /* nodes that are joined; left < right */
    double height;
    size_t size;            /* points below the new node */
};

/* Make such a tree of merges[n-1] that name a point in each of two clusters, and a height: sort them by height, in
 * order of making where it ties, and name the nodes. */
void linkage_grow(struct merge *merges, size_t n);

/* Ward (1963): the pair whose union adds least to the sum of squares; its height is
 * sqrt(2 · n_a n_b / (n_a + n_b)) · |c_a − c_b|, as scipy 1.17's linkage(x, "ward").
 * Nearest-neighbour chain (Murtagh 1983) over centroids: O(n·d) memory, O(n²·d) time.
 * merges[n-1]; n = 1 has none. */
void linkage_ward(const float *x, size_t n, size_t d, struct merge *merges);

/* Single linkage, from a minimum spanning tree (Prim 1957): O(n·d) memory, O(n²·d)
 * time; as scipy's linkage(x, "single"). */
void linkage_single(const float *x, size_t n, size_t d, struct merge *merges);

/* Average (UPGMA) and complete linkage: nearest-neighbour chain over half the distance
 * matrix in float32, so heights are good to about 1e-6; as scipy's "average" and
 * "complete". Holds linkage_matrix_bytes(n): ask whether it may. */
enum linkage_rule { LINKAGE_AVERAGE, LINKAGE_COMPLETE };
void linkage_matrix(const float *x, size_t n, size_t d, enum linkage_rule rule, struct merge *merges);
double linkage_matrix_bytes(size_t n);

/* Ward among neighbours only: clusters are joined where an edge of the graph (of rows of
 * neighbours; weights do not count) goes from a point of one to a point of the other. Parts
 * that no edges join are joined last, as if all of them were neighbours. Such a tree need not
 * ascend: a height is raised to that of the merges below it. As scikit-learn 1.9's
 * AgglomerativeClustering(connectivity=...) but for how it joins separate parts. x[g->n][d],
 * O(n·d + edges) memory. false if there are more than LINKAGE_PARTS parts. */
enum { LINKAGE_PARTS = 2000 };
bool linkage_ward_graph(const float *x, size_t d, const struct graph *g, struct merge *merges);

/* Labels of the n points when k clusters are left (1 <= k <= n), numbered by first
 * appearance: what scikit-learn's AgglomerativeClustering(n_clusters=k) gives. */
void linkage_cut(const struct merge *merges, size_t n, size_t k, int32_t *labels);

/* The number of clusters when only merges below `height` are done. */
size_t linkage_count(const struct merge *merges, size_t n, double height);

#endif
