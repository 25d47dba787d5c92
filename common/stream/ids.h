/* ids - the ids seen so far, 24 to 48 bytes each
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_IDS_H
#define STREAM_IDS_H

#include <stdbool.h>

#include "stream/msg.h"

/* A set of ids, kept as 96 bits of their xxh3 (seeded, base/hash): two of 10^9 ids fall together with a
 * chance of 10^-11. */
struct ids;

struct ids *ids_new(void);

/* Add id with the number `value`, below 2^32 - 1 (else ST_MEMORY); false if it was there. */
bool ids_add(struct ids *ids, struct text id, size_t value);

/* The number that id was added with; SIZE_MAX if it was not. */
size_t ids_find(const struct ids *ids, struct text id);

void ids_free(struct ids *ids);

#endif
