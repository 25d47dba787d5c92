/* tour - an order of songs to listen to: from song to song by short ways, artists apart
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LAYOUT_TOUR_H
#define LAYOUT_TOUR_H

#include <stddef.h>
#include <stdint.h>

enum { TOUR_MOST = 20000 };     /* rows of a tour: its time goes by their square */

/* A short open way through the rows order[n] of x[][d] (Euclidean), which begins at order[0]: from each row to the
 * nearest one that is left (of equal ones the first in order), then mended by 2-opt (Croes 1958): stretches of up to
 * 1000 rows are turned round while that makes the way shorter, at most 20 times over. Changes the order in place. */
void tour_short(const float *x, size_t d, size_t *order, size_t n);

#define TOUR_ALONE UINT32_MAX   /* a row that is of no artist: like no other */

/* Change order[n] so that no two rows in a row have the same artist[row], if that can be had: each place takes the
 * first row left that is not the last one's, unless another artist has so many left that it has to come now. */
void tour_apart(const uint32_t *artist, uint32_t artists, size_t *order, size_t n);

#endif
