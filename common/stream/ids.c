/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/ids.h"

#include <stdlib.h>
#include <xxhash.h>

#include "base/hash.h"
#include "base/mem.h"

struct slot { XXH128_hash_t hash; size_t value; };      /* an all-zero hash: free */

struct ids { struct slot *slots; size_t size, n; };     /* size: a power of two */

struct ids *ids_new(void)
{
    struct ids *ids = mem_zero(1, sizeof *ids);
    ids->slots = mem_zero(ids->size = 64, sizeof *ids->slots);
    return ids;
}

static XXH128_hash_t hash_of(struct text id)
{
    XXH128_hash_t h = XXH3_128bits_withSeed(id.p, id.n, hash_seed());
    h.low64 |= (h.low64 | h.high64) == 0;
    return h;
}

static struct slot *place(const struct ids *ids, XXH128_hash_t h)
{
    size_t i = h.low64 & (ids->size - 1);
    while ((ids->slots[i].hash.low64 | ids->slots[i].hash.high64) != 0 &&
           (ids->slots[i].hash.low64 != h.low64 || ids->slots[i].hash.high64 != h.high64))
        i = (i + 1) & (ids->size - 1);
    return ids->slots + i;
}

static bool taken(const struct slot *s)
{
    return (s->hash.low64 | s->hash.high64) != 0;
}

bool ids_add(struct ids *ids, struct text id, size_t value)
{
    if (3 * ids->n >= 2 * ids->size) {
        struct ids larger = { mem_zero(2 * ids->size, sizeof *ids->slots), 2 * ids->size, ids->n };
        for (size_t i = 0; i < ids->size; i++)
            if (taken(ids->slots + i))
                *place(&larger, ids->slots[i].hash) = ids->slots[i];
        free(ids->slots);
        *ids = larger;
    }
    XXH128_hash_t h = hash_of(id);
    struct slot *s = place(ids, h);
    if (taken(s))
        return false;
    *s = (struct slot){ h, value };
    ids->n++;
    return true;
}

size_t ids_find(const struct ids *ids, struct text id)
{
    const struct slot *s = place(ids, hash_of(id));
    return taken(s) ? s->value : SIZE_MAX;
}

void ids_free(struct ids *ids)
{
    if (ids)
        free(ids->slots);
    free(ids);
}
