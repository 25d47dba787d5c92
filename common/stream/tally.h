/* tally - how often which value was there, and which most often
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_TALLY_H
#define STREAM_TALLY_H

#include "stream/value.h"

/* Values as they were first packed, in the order of their appearance; begin with { 0 }. It is
 * searched from its begin: for few different values. */
struct tally {
    struct vote { uint8_t *raw; size_t size, count; } *votes;
    size_t n, cap, all;
};

/* Count a packed value (value_same). */
void tally_add(struct tally *t, const uint8_t *raw, size_t size);

/* The most frequent one, the first of equals; NULL if there is none. */
const struct vote *tally_best(const struct tally *t);

void tally_free(struct tally *t);

#endif
