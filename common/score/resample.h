/* resample - how many clusters: what uniform rows would give, and what random halves agree on
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_RESAMPLE_H
#define SCORE_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* to[n][d]: rows drawn uniformly from the ranges of the columns of x[n][d], n >= 1; the set-th such draw of a seed. */
void resample_uniform(const float *x, size_t n, size_t d, uint64_t seed, size_t set, float *to);

/* half[(n + 1) / 2]: the numbers of so many of n rows, ascending; the set-th such draw of a seed. */
void resample_half(size_t n, uint64_t seed, size_t set, size_t *half);

/* The gap statistic (Tibshirani, Walther, Hastie 2001): the mean of the logarithms of the within-cluster sums of squares
 * of `sets` uniform draws, less that of the rows themselves; and *s, their deviation times sqrt(1 + 1 / sets). NAN where
 * a sum is 0. */
double resample_gap(double within, const double *uniform, size_t sets, double *s);

/* Their rule: the first of n numbers of clusters whose gap is at least that of the next less its s; without one the last.
 * Those with NAN are not taken unless all are. */
size_t resample_gap_choice(const double *gap, const double *s, size_t n);

/* How well labels la[na] and lb[nb] of the rows a and b (ascending) agree on the rows that are in both: the adjusted
 * Rand index (as Ben-Hur, Elisseeff, Guyon 2002 do with other indices), and in *chance the share of pairs on which two such
 * labelings would agree by chance. Labels are in 0 ... k-1. NAN without a pair. */
double resample_agreement(const size_t *a, const int32_t *la, size_t na, const size_t *b, const int32_t *lb, size_t nb,
                          size_t k, double *chance);

#endif
