/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/repeats.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { PART = 512, MOST_BITS = 16 };

void repeats_add(struct repeats *r, uint64_t hash)
{
    mem_grow(&r->v, &r->cap, r->n + 1, sizeof *r->v);
    r->v[r->n++] = hash;
}

/* Whether v[n] has two that are the same; table[size], a power of two over n. */
static bool has_twins(const uint64_t *v, size_t n, uint64_t *table, size_t size)
{
    memset(table, 0, size * sizeof *table);
    for (size_t i = 0; i < n; i++) {
        uint64_t h = v[i] + !v[i];              /* 0 is a free place; that 0 is taken for 1 is once in 2^63 */
        size_t at = h & (size - 1);
        for (; table[at]; at = (at + 1) & (size - 1))
            if (table[at] == h)
                return true;
        table[at] = h;
    }
    return false;
}

/* Sort by the topmost bits, in place (McIlroy, Bostic and McIlroy 1993, American flag sort); part i ends
 * at end[i]. */
static void sort_by_top(uint64_t *v, size_t n, unsigned bits, size_t *end)
{
    size_t parts = (size_t)1 << bits, *next = mem_zero(parts, sizeof *next);
    for (size_t i = 0; i < n; i++)
        next[v[i] >> (64 - bits)]++;
    for (size_t p = 0, at = 0; p < parts; p++) {
        end[p] = at + next[p];
        next[p] = at;
        at = end[p];
    }
    for (size_t p = 0; p < parts; p++)
        while (next[p] < end[p]) {
            uint64_t x = v[next[p]];
            for (size_t to; (to = x >> (64 - bits)) != p; ) {
                uint64_t there = v[next[to]];
                v[next[to]++] = x;
                x = there;
            }
            v[next[p]++] = x;
        }
    free(next);
}

bool repeats_any(struct repeats *r)
{
    unsigned bits = 1;
    while (bits < MOST_BITS && r->n >> bits > PART)
        bits++;
    size_t parts = (size_t)1 << bits, most = 0, size = 2;
    size_t *end = mem_new(parts, sizeof *end);
    sort_by_top(r->v, r->n, bits, end);
    for (size_t p = 0; p < parts; p++)
        most = end[p] - (p ? end[p - 1] : 0) > most ? end[p] - (p ? end[p - 1] : 0) : most;
    while (size < 2 * most)
        size *= 2;
    uint64_t *table = mem_new(size, sizeof *table);
    bool any = false;
    for (size_t p = 0, begin = 0; p < parts && !any; begin = end[p++])
        any = has_twins(r->v + begin, end[p] - begin, table, size);
    free(table);
    free(end);
    return any;
}
