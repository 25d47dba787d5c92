/* utf8 - the characters of a text
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character at p, of which n >= 1 are there; 0 if it is none: cut, overlong,
 * a surrogate, or above U+10FFFF (Unicode 15, table 3-7). */
size_t utf8_size(const char *p, size_t n);

/* Whether all n bytes are characters. */
bool utf8_valid(const char *p, size_t n);

#endif
