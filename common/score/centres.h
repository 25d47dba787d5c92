/* centres - how compact and how far apart clusters are, by their centres
 *
 * The scores need 2 <= k <= n - 1 and are NaN otherwise. In double precision; the results do
 * not depend on par_jobs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_CENTRES_H
#define SCORE_CENTRES_H

#include <stddef.h>
#include <stdint.h>

/* Clustered rows: x[n][d], finite, and label[n] in 0 ... k-1, each of which has rows. */
struct clustered { const float *x; size_t n, d; const uint32_t *label; size_t k; };

/* B (n - k) / (W (k - 1)), B and W the sums of squares between and within clusters; 1 if W is
 * 0 (Calinski and Harabasz 1974). */
double centres_calinski_harabasz(const struct clustered *of);

/* W by itself; 1 <= k <= n. */
double centres_within(const struct clustered *of);

/* Mean over clusters i of the largest (s_i + s_j) / d_ij, s the mean distance to the centre, d
 * between centres; pairs of centres that are equal are skipped (Davies and Bouldin 1979). */
double centres_davies_bouldin(const struct clustered *of);

#endif
