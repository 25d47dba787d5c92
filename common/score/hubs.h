/* hubs - songs that are everybody's neighbours: how many there are, and neighbours without them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_HUBS_H
#define SCORE_HUBS_H

#include <stddef.h>
#include <stdint.h>

#include "math/near.h"

/* The k nearest others of each of the n rows behind t by mutual proximity, 1 <= k < n: index[n][k], and in distance[n][k]
 * (or NULL) 1 - MP, in 0 ... 1. MP(i, j) = P(X_i > d_ij) P(X_j > d_ij), where X_i is normal with the mean and deviation
 * (divisor n - 1) of the distances of row i from all others (Schnitzer, Flexer, Schedl, Widmer 2012: Gaussian, independent).
 * Where all of these are equal, P is 1, 1/2 or 0 for a distance below, at or above them. Of equal MP the nearer row
 * comes first, then the lower index. In 2 n^2 distances; holds 16 n bytes. Uses par_for. */
void hubs_mutual(const struct near *t, size_t n, size_t k, uint32_t *index, double *distance);

/* The skewness, m_3 / m_2^1.5, of how often each row is among index[n][k], the k nearest of the others (Radovanovic,
 * Nanopoulos, Ivanovic 2010); 0 if all are so equally often. n >= 1. */
double hubs_skewness(const uint32_t *index, size_t n, size_t k);

#endif
