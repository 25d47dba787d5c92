/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/ids.h"

#include <stdlib.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/hash.h"
#include "base/mem.h"

struct slot { uint64_t low; uint32_t high, value; };     /* low 0: free */

struct ids { struct slot *slots; size_t size, n; };     /* size: a power of two */

struct ids *ids_new(void)
{
    struct ids *ids = mem_zero(1, sizeof *ids);
    ids->slots = mem_zero(ids->size = 64, sizeof *ids->slots);
    return ids;
}

static struct slot slot_for(struct text id, size_t value)
{
    XXH128_hash_t h = XXH3_128bits_withSeed(id.p, id.n, hash_seed());
    return (struct slot){ h.low64 + !h.low64, (uint32_t)h.high64, (uint32_t)value };
}

/* Where s is, or may be put. */
static struct slot *place(const struct ids *ids, const struct slot *s)
{
    size_t i = s->low & (ids->size - 1);
    while (ids->slots[i].low && (ids->slots[i].low != s->low || ids->slots[i].high != s->high))
        i = (i + 1) & (ids->size - 1);
    return ids->slots + i;
}

bool ids_add(struct ids *ids, struct text id, size_t value)
{
    if (value >= UINT32_MAX)
        die(ST_MEMORY, "more than %u ids, names or labels", UINT32_MAX);
    if (3 * ids->n >= 2 * ids->size) {
        struct ids larger = { mem_zero(2 * ids->size, sizeof *ids->slots), 2 * ids->size, ids->n };
        for (size_t i = 0; i < ids->size; i++)
            if (ids->slots[i].low)
                *place(&larger, ids->slots + i) = ids->slots[i];
        free(ids->slots);
        *ids = larger;
    }
    struct slot new = slot_for(id, value), *s = place(ids, &new);
    if (s->low)
        return false;
    *s = new;
    ids->n++;
    return true;
}

size_t ids_find(const struct ids *ids, struct text id)
{
    struct slot wanted = slot_for(id, 0);
    const struct slot *s = place(ids, &wanted);
    return s->low ? s->value : SIZE_MAX;
}

void ids_free(struct ids *ids)
{
    if (ids)
        free(ids->slots);
    free(ids);
}
