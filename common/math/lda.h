/* lda - directions in which the rows of a group differ least, of rows that are whitened
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_LDA_H
#define MATH_LDA_H

#include <stdbool.h>
#include <stddef.h>

/* Sums of rows of k numbers by group. */
struct lda;

struct lda *lda_new(size_t k);
void lda_free(struct lda *l);

/* Add p[k], finite, of a group: a number, below the count of groups or equal to it. */
void lda_add(struct lda *l, const double *p, size_t group);

/* w[k] ascending, the eigenvalues of the scatter within groups, mean of (p - mean of its group)(p - mean of its group)',
 * none below 0, and in row i of v[k][k] the unit eigenvector of w[i], its largest entry positive. False if the solver fails. */
bool lda_solve(const struct lda *l, double *w, double *v);

#endif
