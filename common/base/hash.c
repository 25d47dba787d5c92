/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hash.h"

#include <string.h>
#include <sys/auxv.h>
#include <xxhash.h>

uint64_t hash_seed(void)
{
    static _Thread_local uint64_t seed;
    if (!seed) {                /* 16 random bytes that the kernel gives each process */
        const void *random = (const void *)(uintptr_t)getauxval(AT_RANDOM);
        if (random)
            memcpy(&seed, random, sizeof seed);
        seed |= 1;
    }
    return seed;
}

uint64_t hash_bytes(const void *p, size_t n)
{
    return XXH3_64bits_withSeed(p, n, hash_seed());
}
