/* piece - pieces of a record: how they are cut and named
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_PIECE_H
#define DRIVE_PIECE_H

#include "stream/rec.h"

/* First item of piece i, where the next begins `hop` seconds later and there are `rate`
 * items in a second: i * hop * rate, rounded. */
size_t piece_start(size_t i, double hop, double rate);

/* Which last piece is good enough: any, one of half the length, or a whole one. */
enum piece_last { PIECE_ANY, PIECE_HALF, PIECE_WHOLE };

/* How many pieces of `length` items are cut from `rows` of them, at the starts of piece_start. One that reaches the end
 * is the last: what followed would lie in it. A first one that is short is left out for PIECE_WHOLE only. *left: whether
 * (1 or 0) a remainder was left out because it is shorter than half of the length. */
size_t piece_count(size_t rows, size_t length, double hop, double rate, enum piece_last last, size_t *left);

/* Which of n pieces is the k-th of `most`, 1 to n, that are spread evenly over them: the first and the last are among
 * them; a single one is from the middle. */
size_t piece_spread(size_t k, size_t most, size_t n);

/* The id of the i-th record that is made of one: WHOLE#0003, at least four digits; the caller's
 * to free. */
char *piece_id(struct text whole, size_t i);

/* Make `piece` a copy of `whole`, which has the id TRACK, but for: id = TRACK#i with at least
 * four digits, track = TRACK, start = seconds from the track's beginning, and without the
 * field `cut` (or NULL). An older field `track` or `start` is overwritten with a note. */
void piece_begin(struct rec *piece, const struct rec *whole, const char *cut, size_t i, double start);

/* Let `whole` put out the piece, behind what it has put out already. */
void piece_emit(struct rec *whole, struct rec *piece);

/* Set what a record without pieces, which stands for its track, has in common with pieces: its id is the track, and
 * start is nil. */
void piece_unset(struct rec *whole);

#endif
