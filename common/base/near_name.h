/* near_name - which of the names there are was probably meant
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_NEAR_NAME_H
#define BASE_NEAR_NAME_H

#include <stddef.h>

/* The search for `wanted`; `found` (borrowed; NULL: none yet) is the nearest of the names that were tried. */
struct near_name { const char *wanted, *found; size_t len, distance; };

struct near_name near_name(const char *wanted);

/* Try name[n]: near is one that is made of `wanted` by few edits: 1 of up to 3 characters, 2 of up to 8, else a
 * third. An edit is a character more, less or another, or two neighbours swapped (optimal string alignment).
 * Names of more than 64 bytes are never near. */
void near_name_try(struct near_name *near, const char *name, size_t n);

#endif
