/* pattern - extended regular expressions that stay within bounds
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <regex.h>
#include <stdbool.h>

enum { PATTERN_WHY = 160, PATTERN_BYTES = 1000, PATTERN_DEEP = 50 };

/* regcomp by the current locale (flags as there, REG_EXTENDED is added). False, and `why` filled in, if text
 * is no such expression or one that regcomp or regexec may take without bound for: over PATTERN_BYTES long,
 * over PATTERN_DEEP groups deep, with a back-reference, with counts ({9}) whose product is over 2^20.
 * regexec looks from each place on: the square of a text's length. */
bool pattern_compile(regex_t *to, const char *text, int flags, char why[PATTERN_WHY]);

/* Compile the same expression so that it is looked for from the beginning only, with what stands in front of it:
 * tells whether text that is valid in the locale has it, once it is compiled by pattern_compile, in one go. Not for one
 * with an anchor: behind others, glibc's ^ holds after each line end. */
bool pattern_compile_anywhere(regex_t *to, const char *text, int flags, char why[PATTERN_WHY]);

#endif
