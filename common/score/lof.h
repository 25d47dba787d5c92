/* lof - how much sparser it is around a row than around its neighbours
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_LOF_H
#define SCORE_LOF_H

#include <stddef.h>
#include <stdint.h>

#include "math/near.h"

/* The local outlier factor (Breunig, Kriegel, Ng, Sander 2000) of the n rows behind t, by the k nearest others of each,
 * 1 <= k < n: factor[n], about 1 for rows as dense as their neighbours, more for odd ones. The density of a row is 1 over
 * the mean reach of its neighbours, d(i, j) but no less than j's distance to its own k-th; so that copies have one, a
 * 10^-10th of the mean of all these is added. Equals scikit-learn 1.9's LocalOutlierFactor where no k-th neighbours tie.
 * Needs 12 n k bytes. Uses par_for. */
void lof(const struct near *t, size_t n, size_t k, double *factor);

/* distance[n] of each row of x[n][d] from the mean of the rows with its label[n], which are below `labels`, or LOF_NONE:
 * then NAN. */
#define LOF_NONE UINT32_MAX
void lof_centre(const float *x, size_t n, size_t d, const uint32_t *label, size_t labels, double *distance);

#endif
