/* path - the shortest way through a graph of points
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_PATH_H
#define MATH_PATH_H

#include "math/graph.h"
#include "math/near.h"

/* The shortest way (Dijkstra 1959) from row `from` to row `to` of t along the edges of g (rows of neighbours) whose weight
 * is above `least`; an edge is as long as its rows are apart. Of equally short ways the same one always. way[g->n]
 * gets the rows, both ends among them; returns how many, 0 if there is no way. O(edges · (d + log edges)). */
size_t path_shortest(const struct graph *g, double least, const struct near *t, size_t from, size_t to, size_t *way);

/* Make of way[m] (2 <= m, no row twice) one of n rows (2 <= n; room for the more of both), with the same ends: where it
 * has more, those are left that are nearest to even steps along it; where it has fewer, the longest step gets the row of
 * the `rows` of t between that is nearest to both its ends, until no step has a row that is nearer to both than
 * they are to each other. Returns how many rows it has now. */
size_t path_even(const struct near *t, size_t rows, size_t *way, size_t m, size_t n);

#endif
