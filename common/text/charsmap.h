/* charsmap - SentencePiece's precompiled normalisation of characters
 *
 * The bytes (precompiled_charsmap): a little-endian uint32, the size of a double-array trie, the trie, and
 * what its values point to: texts, each with a NUL behind it. A unit of the trie (darts-clone, S. Yata) has in bits 0 to
 * 7 and 31 its label, in bit 8 whether a key ends at its children, in bits 10 to 30 the offset of its
 * children, times 256 if bit 9 is set; a unit at an offset itself holds a value in its lower 31 bits.
 *
 * Applied as the tokenizers library 0.23 does (Precompiled), not SentencePiece: a cluster of characters
 * (Unicode, annex 29) of less than 6 bytes becomes the text of the shortest key with which it begins,
 * all of it; in others, and where none fits, so does each code point.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_CHARSMAP_H
#define TEXT_CHARSMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct charsmap;

/* From bytes[n], copied. NULL if they are damaged: *why then says how. All that a text can reach is checked. */
struct charsmap *charsmap_new(const uint8_t *bytes, size_t n, const char **why);
void charsmap_free(struct charsmap *c);

/* Add the normal form of text[n], which is UTF-8, to `to`. */
void charsmap_put(const struct charsmap *c, const char *text, size_t n, struct str *to);

#endif
