/* utf16 - text of Windows as UTF-8
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_UTF16_H
#define BASE_UTF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum utf16 { UTF16_NONE, UTF16_LITTLE, UTF16_BIG };     /* which byte of a unit comes first */

/* What the first n bytes of a text say: FF FE or FE FF is a byte order mark, of 2 bytes. */
enum utf16 utf16_mark(const void *text, size_t n);

/* Turn from[n] into UTF-8, at to[UTF16_ROOM(n)]: how many bytes it is. *used are the bytes that
 * were turned: not the beginning of a character whose end is not there yet, unless it is the
 * `last` there is. Half of a pair, or of a unit, becomes bytes that are not UTF-8. */
size_t utf16_turn(enum utf16 order, const uint8_t *from, size_t n, bool last, char *to, size_t *used);
#define UTF16_ROOM(n) (3 * ((n) / 2 + 1))

#endif
