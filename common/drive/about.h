/* about - the neighbours of all vectors, exactly or, where that would take long, nearly
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_ABOUT_H
#define DRIVE_ABOUT_H

#include "cluster/reach_about.h"
#include "drive/slurp.h"

/* Above so many vectors those who have a choice take the second. */
enum { ABOUT_ABOVE = 100000 };

/* near_knn_all of s's vectors, which t was made of; of more than `exact` (0: never) near_knn_about, and a note how many of the
 * neighbours of a hundred are right. */
void about_knn(const struct near *t, const struct slurp *s, size_t k, size_t exact, uint32_t *index, double *distance);

/* What clusters of densities come from, of more vectors than that: neighbours, core distances, and a tree's edges by mutual
 * reachability, all nearly right (cluster/reach_about.h). */
struct about {
    struct reach_known g;
    double *core;               /* [n] */
    struct merge *edges;        /* [n - 1], not yet in the layout of linkage.h */
};

/* Find them, with the note of about_knn; false, and nothing is done, where there are fewer vectors, or min_samples is above
 * NEAR_ABOUT_MOST + 1. */
bool about_reach(const struct near *t, const struct slurp *s, size_t min_samples, struct about *a);
void about_free(struct about *a);

#endif
