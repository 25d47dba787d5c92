/* sorter - pieces of bytes in the order of their keys, however many there are
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_SORTER_H
#define BASE_SORTER_H

#include <stdbool.h>
#include <stddef.h>

/* Holds about `most` bytes at once: what is more goes, sorted, to an unlinked file in TMPDIR, and is merged from
 * there (Knuth, The Art of Computer Programming 3, 5.4.1). A single piece is held whatever its size. */
struct sorter;
struct sorter *sorter_new(size_t most);

/* Add a piece of n bytes; both are copied. Keys compare by memcmp, and one that begins as another comes behind it;
 * pieces with the same key keep their order. A full TMPDIR ends the program with ST_STOPPED. */
void sorter_add(struct sorter *s, const void *key, size_t key_n, const void *piece, size_t n);

/* When all are in: the next piece in order, which lives until the next call; false when there is no more. */
bool sorter_next(struct sorter *s, const void **piece, size_t *n);

void sorter_free(struct sorter *s);

#endif
