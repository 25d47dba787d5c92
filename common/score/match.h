/* match - the best one-to-one matching of rows and columns
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_MATCH_H
#define SCORE_MATCH_H

#include <stddef.h>

/* Give each row of count[rows][columns] (not NaN) a column of its own, or none where there
 * are more rows than columns, so that the sum of the chosen counts is the largest:
 * column[row], SIZE_MAX for none. The Hungarian method by shortest augmenting paths
 * (Jonker and Volgenant 1987): O(s^2 l) time, s the smaller and l the larger side. The sum
 * over n is scikit-learn's accuracy after linear_sum_assignment. */
void match_best(const double *count, size_t rows, size_t columns, size_t *column);

/* Which column stands where, order[columns]: first those that are best matched with rows 0, 1, ...,
 * then the others as they were. */
void match_order(const double *count, size_t rows, size_t columns, size_t *order);

#endif
