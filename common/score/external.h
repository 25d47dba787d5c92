/* external - how well clusters agree with a truth
 *
 * All from the table of counts n_ij, rows i of the truth, clusters j, with sums a_i, b_j and
 * n. Natural logarithms. Equal to scikit-learn 1.9, but for Fowlkes-Mallows of partitions
 * that are equal and have no two rows together: 1 here, 0 there. Counts may be so large that
 * pairs pass 2^64.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_EXTERNAL_H
#define SCORE_EXTERNAL_H

#include <stddef.h>
#include <stdint.h>

struct external {
    double nmi;                 /* I / mean(H_a, H_b); 1 if both have one class, or n is 0 */
    double ami;                 /* (I - E) / (mean(H_a, H_b) - E), E the mean over permutations */
    double ari;                 /* Hubert and Arabie 1985, equation 5; 1 for equal partitions */
    double homogeneity;         /* I / H_a; 1 if H_a is 0 */
    double completeness;        /* I / H_b; 1 if H_b is 0 */
    double v_measure;           /* their harmonic mean */
    double fowlkes_mallows;     /* sqrt(precision * recall) of pairs; NaN if n is 0 */
    double purity;              /* sum over clusters of the largest n_ij, / n; NaN if n is 0 */
    size_t classes, clusters;
};

struct cell { uint32_t truth, cluster; uint64_t count; };

/* Scores of truth[n] and cluster[n], numbered from 0 without gaps. */
struct external external_scores(const uint32_t *truth, const uint32_t *cluster, size_t n);

/* The same from cells that are not 0, each pair once; n below 2^63. */
struct external external_table(const struct cell *cells, size_t n_cells);

#endif
