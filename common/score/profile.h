/* profile - what each cluster is like
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_PROFILE_H
#define SCORE_PROFILE_H

#include <stddef.h>
#include <stdint.h>

/* Of x[n][d] and label[n] in 0 ... k-1, each of which has rows. */
struct profile {
    size_t k, d;
    size_t *size;               /* [k] */
    double *centre;             /* [k][d]: mean of its rows */
    double *distance;           /* [k]: mean Euclidean distance of its rows from the centre */
    size_t *medoid;             /* [k]: its row nearest to the centre (the first of equals): of all its
                                   rows the one with the least sum of squared distances to the others */
};

/* In double precision; freed by profile_free. d may be 0: no more than the sizes is of use. */
struct profile *profile_new(const float *x, size_t n, size_t d, const uint32_t *label, size_t k);
void profile_free(struct profile *p);

/* column[most] of the columns of cluster c whose mean is largest and above 0, in falling order,
 * the first of equals first; how many there are. */
size_t profile_top(const struct profile *p, size_t c, size_t most, size_t *column);

/* apart[d]: the mean of cluster c less the mean of all rows of the other clusters of among[n], of which c is one; of c
 * alone its mean, and 0 where it has no rows. Of p only d, size and centre are used. */
void profile_against(const struct profile *p, size_t c, const size_t *among, size_t n, double *apart);

/* mean[k] over the rows of each cluster of value[n], as label[n] says. */
void profile_means(const double *value, const uint32_t *label, size_t n, size_t k, double *mean);

/* The class that most rows of each cluster have, of the rows with truth[i] != none: major[k], the
 * lowest of equals, none where no row has one; and its share of those rows, share[k]. */
void profile_majority(const uint32_t *truth, uint32_t none, const uint32_t *label, size_t n, size_t k,
                      uint32_t *major, double *share);

#endif
