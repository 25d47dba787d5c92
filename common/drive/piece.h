/* piece - pieces of a record: how they are cut and named
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_PIECE_H
#define DRIVE_PIECE_H

#include "stream/rec.h"

/* First item of piece i, where the next begins `hop` seconds later and there are `rate`
 * items in a second: i * hop * rate, rounded. */
size_t piece_start(size_t i, double hop, double rate);

/* The id of the i-th record that is made of one: WHOLE#0003, at least four digits; the caller's
 * to free. */
char *piece_id(struct text whole, size_t i);

/* Make `piece` a copy of `whole`, which has the id TRACK, but for: id = TRACK#i with at least
 * four digits, track = TRACK, start = seconds from the track's beginning, and without the
 * field `cut` (or NULL). An older field `track` or `start` is overwritten with a note. */
void piece_begin(struct rec *piece, const struct rec *whole, const char *cut, size_t i, double start);

#endif
