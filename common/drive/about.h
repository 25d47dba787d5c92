/* about - the neighbours of all vectors, exactly or, where that would take long, nearly
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_ABOUT_H
#define DRIVE_ABOUT_H

#include "drive/slurp.h"
#include "math/near.h"

/* Above so many vectors those who have a choice take the second. */
enum { ABOUT_ABOVE = 100000 };

/* near_knn_all of s's vectors, which t was made of; of more than `exact` (0: never) near_knn_about, and a note how many of the
 * neighbours of a hundred are right. */
void about_knn(const struct near *t, const struct slurp *s, size_t k, size_t exact, uint32_t *index, double *distance);

#endif
