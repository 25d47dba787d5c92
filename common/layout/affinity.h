/* affinity - how strongly a row belongs to each of its neighbours, for maps
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LAYOUT_AFFINITY_H
#define LAYOUT_AFFINITY_H

#include <stddef.h>

/* p[n][k] proportional to exp(-beta_i d_ij^2), each row's sum 1, with beta_i such that its entropy
 * is log(perplexity): p(j given i) of t-SNE (van der Maaten and Hinton 2008, equation 1), where distance[n][k]
 * ascends along a row. 1 <= perplexity <= k. By Newton's method within a bracket that is halved, to 1e-12 in the
 * entropy; a row of equal distances has equal p. beta[n] (or NULL) as found. p may be `distance`.
 * Uses par_for. */
void affinity_rows(const double *distance, size_t n, size_t k, double perplexity, double *p, double *beta);

#endif
