/* dbscan - density-based clusters
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLUSTER_DBSCAN_H
#define CLUSTER_DBSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/reach_about.h"

/* DBSCAN (Ester, Kriegel, Sander, Xu 1996) of the n rows behind t: a row with at least
 * min_samples rows, itself counted, at distance <= eps is a core; cores within eps of
 * each other are one cluster; another row within eps of a core belongs to the first such
 * cluster, else it is noise. labels[n]: clusters are numbered in the order of their first
 * core, noise is -1; core[n]. Equals scikit-learn 1.9's DBSCAN. O(n) memory. */
void dbscan(const struct near *t, size_t n, double eps, size_t min_samples, int32_t *labels, bool *core);

/* Nearly the same, as g and the edges are nearly right: from reach[n] of reach_core and the edges of reach_about, both of
 * min_samples. One tree does for any eps. O(n k) time. */
void dbscan_about(const struct reach_known *g, const double *reach, const struct merge *edges, double eps, int32_t *labels,
                  bool *core);

/* out[n], ascending: each row's distance to its k-th nearest row, the row itself counted
 * (k = 1 gives zeros); 1 <= k <= n. */
void dbscan_kdist(const struct near *t, size_t n, size_t k, double *out);

/* The knee of ascending kdist[n]: the value whose gap below the chord from the first to
 * the last is the largest, both axes scaled to 0 ... 1 (Satopaa, Albrecht, Irwin, Raghavan
 * 2011, "Finding a kneedle in a haystack", without smoothing). The last value if the curve
 * is flat or never below the chord. */
double dbscan_knee(const double *kdist, size_t n);

#endif
