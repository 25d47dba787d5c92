/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/tally.h"

#include <stdlib.h>

#include "base/mem.h"

void tally_add(struct tally *t, const uint8_t *raw, size_t size)
{
    size_t i = 0;
    while (i < t->n && !value_same(t->votes[i].raw, t->votes[i].size, raw, size))
        i++;
    if (i == t->n) {
        if (t->n == t->cap)         /* small: there may be a million of them */
            t->votes = mem_resize(t->votes, t->cap = t->cap ? 2 * t->cap : 1, sizeof *t->votes);
        t->votes[t->n++] = (struct vote){ (uint8_t *)mem_text((const char *)raw, size), size, 0 };
    }
    t->votes[i].count++;
    t->all++;
}

const struct vote *tally_best(const struct tally *t)
{
    const struct vote *best = t->votes;
    for (size_t i = 1; i < t->n; i++)
        if (t->votes[i].count > best->count)
            best = t->votes + i;
    return best;
}

void tally_free(struct tally *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->votes[i].raw);
    free(t->votes);
}
