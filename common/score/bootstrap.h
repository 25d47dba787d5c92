/* bootstrap - how far scores could be off by the choice of songs
 *
 * Efron and Tibshirani 1993, section 13.3: rows are drawn with replacement, as many as there
 * are, again and again; 95 of 100 of the scores of these draws lie between the percentiles
 * 2.5 and 97.5 (numpy's linear ones). Draw b comes from stream b of the seed, so the result
 * does not depend on par_jobs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCORE_BOOTSTRAP_H
#define SCORE_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "score/external.h"

struct interval { double low, high; };

/* Intervals of the external scores of truth[n] and cluster[n], numbered from 0 without gaps,
 * from draws >= 1; NaN if n is 0, and of the matched accuracy if it is NaN. */
void bootstrap_external(const uint32_t *truth, const uint32_t *cluster, size_t n, size_t draws, uint64_t seed,
                        struct interval interval[EXTERNAL_SCORES]);

/* The interval of the mean of value[n]. */
struct interval bootstrap_mean(const double *value, size_t n, size_t draws, uint64_t seed);

#endif
