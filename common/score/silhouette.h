/* silhouette - how much nearer rows are to their own cluster than to the next one
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_SILHOUETTE_H
#define SCORE_SILHOUETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "score/centres.h"

/* The mean of (b - a) / max(a, b) over rows, where a is the mean distance to the other rows of
 * its cluster and b the least mean distance to those of another one; 0 for a row alone in its
 * cluster and where both are 0 (Rousseeuw 1987). NaN unless 2 <= k <= n - 1. Distances are
 * Euclidean, or with `cosine` 1 - cos (1 from a row of zeros to any other). Each row's to row[n]
 * if not NULL. Exact, by blocks: n^2 d / 2 steps, silhouette_memory bytes; in double precision,
 * and the same for any par_jobs. tick is called now and then with the share done, in 0 ... 1 (or
 * NULL). */
double silhouette_score(const struct clustered *of, bool cosine, double *row, void (*tick)(double share));
double silhouette_memory(const struct clustered *of);

/* The same, and in next[n] the other cluster that is nearest to each row by b (or NULL); where the mean is NaN neither row
 * nor next is set. */
double silhouette_each(const struct clustered *of, bool cosine, double *row, uint32_t *next, void (*tick)(double share));

#endif
