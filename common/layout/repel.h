/* repel - how the points of a map push each other away, under Student's t with one degree of freedom
 *
 * Barnes and Hut (1986), as t-SNE uses it (van der Maaten 2014), for groups of points at once: points are put in
 * the order of a tree of quarters (in three dimensions, of eighths), a group of neighbours in it walks the tree
 * once, and all its points meet the same sources, lane by lane. A cell is opened unless it is small beside
 * its distance from the whole group, so that the error is less than that of a walk for each point.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LAYOUT_REPEL_H
#define LAYOUT_REPEL_H

#include <stddef.h>

struct repel;

/* For n points in 2 or 3 dimensions, n < 2^32. A cell of diagonal w at distance r stands for its points where
 * w^2 < angle^2 (r^2 + 1): 1 is where the force is no longer linear. angle 0, and few points: exactly.
 * Holds repel_bytes(n) or so. */
struct repel *repel_new(size_t n, size_t dims, double angle);
void repel_free(struct repel *r);
double repel_bytes(size_t n);

/* force[n][dims] = sum over j of q_ij^2 (y_i - y_j), with q_ij = 1 / (1 + |y_i - y_j|^2), of y[n][dims]; returns
 * the sum of q_ij over all i != j. Uses par_for; the same bits for any par_jobs. */
double repel_forces(struct repel *r, const float *y, float *force);

#endif
