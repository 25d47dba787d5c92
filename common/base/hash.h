/* hash - hashes for tables, whose keys a stream chooses
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* A number that is another in each process, so that nobody can choose keys that fall together. What
 * comes of it must not show: no order, no result. */
uint64_t hash_seed(void);

/* XXH3 of n bytes with that seed. */
uint64_t hash_bytes(const void *p, size_t n);

#endif
