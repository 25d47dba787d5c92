/* reach_about - nearly a minimum spanning tree of mutual reachability distances, from neighbours that are known
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLUSTER_REACH_ABOUT_H
#define CLUSTER_REACH_ABOUT_H

#include "cluster/linkage.h"
#include "math/near.h"

/* The neighbours of n rows, nearest first, none a row itself: index[n][k], distance[n][k]. */
struct reach_known { size_t n, k; const uint32_t *index; const double *distance; };

/* core[n]: the distance of each row from its min_samples-th nearest, itself counted; 1 <= min_samples <= k + 1. */
void reach_core(const struct reach_known *g, size_t min_samples, double *core);

/* edges[n-1] of a spanning tree of the n rows behind t by near_reach, each of which names two rows: of those between
 * neighbours a least one (Kruskal 1956). Parts that no neighbours join are joined by the shortest edges between some rows of
 * each, 32768 in all, which are then shortened by going from neighbour to neighbour. linkage_grow makes merges of it, as
 * reach_tree's; an edge of that one that is missing here is not between neighbours, and one nearly as short is here.
 * Needs reach_about_bytes. Uses par_for; the same for any par_jobs. */
void reach_about(const struct near *t, const struct reach_known *g, const double *core, struct merge *edges);
double reach_about_bytes(size_t n, size_t k);

#endif
