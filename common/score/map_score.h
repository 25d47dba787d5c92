/* map_score - how well a map keeps what lies close together
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_MAP_SCORE_H
#define SCORE_MAP_SCORE_H

#include <stddef.h>
#include <stdint.h>

#include "math/near.h"

/* Whether neighbours on a map are neighbours (Venna and Kaski 2001), in 0 ... 1: 1 - 2 / (n k (2 n - 3 k - 1)) times
 * the sum, over the k nearest j of each row i on the map, of by how much the rank of j among all rows by
 * their distance from i exceeds k. x: the rows, map: their places, n of both, 1 <= k < n / 2 (else NaN). Of ties the
 * lower index is nearer. As scikit-learn's trustworthiness; with x and map exchanged it is the continuity. `most`
 * rows i at most, evenly spread (0: all): some most * n distances of x. Uses par_for. */
double map_trustworthiness(const struct near *x, const struct near *map, size_t n, size_t k, size_t most);

/* The mean share of the k nearest of each row on a map y[n][d] that have its label[n] (Paulovich, Nonato, Minghim and
 * Levkowitz 2008, "neighborhood hit"), among the rows whose label is not `none`: NaN if these are not more than k. A row is no
 * neighbour of itself; of ties the lower index is nearer. Uses par_for. */
double map_neighbour_hit(const float *y, size_t n, size_t d, const uint32_t *label, uint32_t none, size_t k);

#endif
