/* repeats - whether a number came twice, of so many that a table of all would be large
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_REPEATS_H
#define BASE_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers, 8 bytes each; begin with { 0 }, free v. */
struct repeats { uint64_t *v; size_t n, cap; };

/* Add one: hashes of names by hash_bytes (base/hash), as they must be spread over all 64 bits. */
void repeats_add(struct repeats *r, uint64_t hash);

/* Whether two of them are the same. Sorts them in place into parts that fit a cache; O(n). */
bool repeats_any(struct repeats *r);

#endif
