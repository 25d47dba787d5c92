/* draws - many numbers of a generator at once
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_DRAWS_H
#define MATH_DRAWS_H

#include "base/rng.h"

/* The next n of rng_u32 to u[n], in vectors: for millions of them. */
void draws_u32(struct rng *r, uint32_t *u, size_t n);

#endif
