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

/* An expression to be looked for in texts of any length. */
struct search {
    regex_t each;               /* from each place on */
    regex_t anywhere;           /* from the beginning, with what stands in front of it: in one go */
    bool has_anywhere;          /* there is that: the expression has no anchor. Behind others, glibc's ^ holds after
                                 * each line end */
};

/* As pattern_compile. */
bool search_compile(struct search *s, const char *text, int flags, char why[PATTERN_WHY]);

/* Whether the text p[n] has it. SEARCH_LONG: it has over SEARCH_BYTES, and is not UTF-8 or the expression has
 * an anchor, so that it would take the square of that. */
enum { SEARCH_BYTES = 16384 };
enum search_got { SEARCH_NO, SEARCH_YES, SEARCH_LONG } search_text(const struct search *s, const char *p, size_t n);

#endif
