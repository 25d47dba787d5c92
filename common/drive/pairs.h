/* pairs - the numbers of two values, side by side
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_PAIRS_H
#define DRIVE_PAIRS_H

#include "base/str.h"
#include "stream/msg.h"

struct pair {
    double a, b;
    double error;               /* |a - b|, 0 if they are equal, exact where both are whole; NaN if one is */
    size_t i;                   /* index of the element, in C order */
    size_t count;               /* of all elements: 1 for a number by itself */
    int ndim;                   /* 0 for a number by itself */
    const size_t *shape;
};

/* Call use(pair, state) for each number of a and b: two numbers, or arrays or sparse vectors of
 * one shape (an entry that one of them does not store is 0 there, and left out where neither
 * does). False, with nothing called, if they are no such values. */
bool pairs_each(const struct value *a, const struct value *b, void (*use)(const struct pair *p, void *state), void *state);

/* Add the place of the pair in its array: "[3,1]"; nothing for a number by itself. */
void pair_index(struct str *to, const struct pair *p);

#endif
