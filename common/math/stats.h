/* stats - what summarizes the columns of a matrix: mean, deviation, quantiles, ...
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_STATS_H
#define MATH_STATS_H

#include <stdbool.h>
#include <stddef.h>

enum { STAT_MEAN, STAT_STD, STAT_VAR, STAT_MIN, STAT_MAX, STAT_SKEW, STAT_KURTOSIS, STAT_COV, STAT_QUANTILE };

/* Of column values v over n rows, or with delta of the differences v[t+1] - v[t], taken in
 * float. With m_p = sum (v - mean)^p / n, all sums in double:
 *     STAT_MEAN       sum v / n
 *     STAT_VAR        m_2 (numpy's ddof 0)           STAT_STD       sqrt(m_2)
 *     STAT_SKEW       m_3 / m_2^1.5                  STAT_KURTOSIS  m_4 / m_2^2 - 3
 *                     as scipy.stats with bias; both 0 where m_2 <= (1e-15 mean)^2
 *     STAT_COV        of columns i <= j: sum (v_i - mean_i) (v_j - mean_j) / (n - 1), as numpy.cov; d (d + 1) / 2
 *                     numbers, diagonal by diagonal: all of j = i, then those of j = i + 1, ...
 *     STAT_QUANTILE   linear between the values at floor and ceil of q (n - 1), as
 *                     numpy.quantile
 */
struct stat_of { int kind; bool delta; double q; };

/* Scratch of stats_columns, zeroed at first. */
struct stats_room { double *sums; float *sorted, *delta; size_t sums_cap, sorted_cap, delta_cap; };

/* Numbers that a stat of d columns has, and the least number of rows that it takes. */
size_t stats_width(const struct stat_of *s, size_t d);
size_t stats_least(const struct stat_of *s);

/* x: stats s[n] of the columns of m[rows][d], one after the other, stats_width numbers each. rows are stats_least
 * of each, or more; m is finite. */
void stats_columns(const struct stat_of *s, size_t n, const float *m, size_t rows, size_t d, float *x,
                   struct stats_room *room);

/* Sort x[n], none of them NaN, by way of spare[n]; -0 comes before 0. */
void stats_sort(float *x, float *spare, size_t n);

/* The quantile q of sorted[n], n >= 1, as STAT_QUANTILE. */
double stats_quantile(const float *sorted, size_t n, double q);

void stats_room_free(struct stats_room *room);

#endif
