/* stat_words - what statistics are called in options
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_STAT_WORDS_H
#define DRIVE_STAT_WORDS_H

#include "math/stats.h"

/* What stat_read knows, for messages. */
#define STAT_WORDS "mean, std, var, min, max, median, q0 to q100, skew, kurtosis, cov, or one of these after delta:"

/* Read "mean", "std", "var", "min", "max", "skew", "kurtosis", "cov", "median", "q10" (0 to 100, also
 * q2.5), or one of these after "delta:". False if word is none. */
bool stat_read(const char *word, struct stat_of *s);

#endif
