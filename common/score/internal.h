/* internal - how compact and how far apart clusters are, without a truth
 *
 * Of x[n][d], finite, and label[n] in 0 ... k-1, each of which has rows. All three need
 * 2 <= k <= n - 1 and are NaN otherwise. In double precision; the results do not depend on
 * par_jobs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_INTERNAL_H
#define SCORE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The mean of (b - a) / max(a, b) over rows, where a is the mean distance to the other rows of
 * its cluster and b the least mean distance to those of another one; 0 for a row alone in its
 * cluster and where both are 0 (Rousseeuw 1987). Distances are Euclidean, or with `cosine`
 * 1 - cos (1 from a row of zeros to any other). Each row's to row[n] if not NULL. Exact, by
 * blocks: n^2 d / 2 steps, silhouette_memory bytes. tick is called now and then with the
 * share done, in 0 ... 1 (or NULL). */
double internal_silhouette(const float *x, size_t n, size_t d, const uint32_t *label, size_t k, bool cosine,
                           double *row, void (*tick)(double share));
double internal_silhouette_memory(size_t n, size_t d, size_t k);

/* B (n - k) / (W (k - 1)), B and W the sums of squares between and within clusters; 1 if W is
 * 0 (Calinski and Harabasz 1974). */
double internal_calinski_harabasz(const float *x, size_t n, size_t d, const uint32_t *label, size_t k);

/* Mean over clusters i of the largest (s_i + s_j) / d_ij, s the mean distance to the centre, d
 * between centres; pairs of centres that are equal are passed over (Davies and Bouldin 1979). */
double internal_davies_bouldin(const float *x, size_t n, size_t d, const uint32_t *label, size_t k);

#endif
