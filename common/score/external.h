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

enum { EXTERNAL_SCORES = 9 };

struct external {
    union {
        struct {
            double nmi;               /* I / mean(H_a, H_b); 1 if both have one class, or n is 0 */
            double ami;               /* (I - E) / (mean(H_a, H_b) - E), E the mean over permutations */
            double ari;               /* Hubert and Arabie 1985, equation 5; 1 for equal partitions */
            double homogeneity;       /* I / H_a; 1 if H_a is 0 */
            double completeness;      /* I / H_b; 1 if H_b is 0 */
            double v_measure;         /* their harmonic mean */
            double fowlkes_mallows;   /* sqrt(precision * recall) of pairs; NaN if n is 0 */
            double purity;            /* sum over clusters of the largest n_ij, / n; NaN if n is 0 */
            /* Rows in their cluster's class when each cluster has at most one class and each class
             * one cluster, so that these are most, / n; NaN if n is 0 or there are too many of
             * both to match: over 2^26 pairs, or 10^11 steps. */
            double matched_accuracy;
        };
        double score[EXTERNAL_SCORES];
    };
    size_t classes, clusters;
};

extern const char *const external_names[EXTERNAL_SCORES];

struct cell { uint32_t truth, cluster; uint64_t count; };

/* Scores of truth[n] and cluster[n], numbered from 0 without gaps. */
struct external external_scores(const uint32_t *truth, const uint32_t *cluster, size_t n);

/* The same from cells that are not 0, each pair once; n below 2^63. */
struct external external_table(const struct cell *cells, size_t n_cells);

/* The cells of truth[n] and cluster[n], n_cells of them, the caller's to free; the number of
 * each row's goes to cell[n] (or NULL). */
struct cell *external_cells(const uint32_t *truth, const uint32_t *cluster, size_t n, uint32_t *cell, size_t *n_cells);

#endif
