/* elsewhere - options that people know from other programs, and what is done here instead
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_ELSEWHERE_H
#define BASE_ELSEWHERE_H

#include <stddef.h>

/* What to say of the option `name` (with hyphens, without those in front) that the program lacks: "--x", an option that
 * does the same if the program has it, or else a sentence; NULL: nothing. *at counts through what is known: 0 at
 * first, then as it was left, for the next one. */
const char *elsewhere(const char *program, const char *name, size_t *at);

#endif
