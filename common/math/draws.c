/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/draws.h"

#include <string.h>

enum { SIDE = 32 };             /* blocks at once, so many that the loops over them stay loops */

/* base/rng's philox for SIDE blocks side by side: a form that compilers turn into vector code. */
static void philox_side(const struct rng *r, uint32_t *restrict u)
{
    uint32_t c0[SIDE], c1[SIDE], c2[SIDE], c3[SIDE], k0 = r->key[0], k1 = r->key[1];
    for (size_t i = 0; i < SIDE; i++) {
        c0[i] = (uint32_t)(r->block + i);
        c1[i] = (uint32_t)((r->block + i) >> 32);
        c2[i] = (uint32_t)r->stream;
        c3[i] = (uint32_t)(r->stream >> 32);
    }
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < SIDE; i++) {
            uint64_t a = (uint64_t)0xD2511F53 * c0[i], b = (uint64_t)0xCD9E8D57 * c2[i];
            c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ k0;
            c1[i] = (uint32_t)b;
            c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ k1;
            c3[i] = (uint32_t)a;
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    for (size_t i = 0; i < SIDE; i++) {
        u[4 * i] = c0[i];
        u[4 * i + 1] = c1[i];
        u[4 * i + 2] = c2[i];
        u[4 * i + 3] = c3[i];
    }
}

void draws_u32(struct rng *r, uint32_t *u, size_t n)
{
    size_t i = 0, blocks;
    while (i < n && r->left)
        u[i++] = rng_u32(r);
    for (; (blocks = (n - i) / 4) >= SIDE; i += 4 * SIDE) {
        philox_side(r, u + i);
        r->block += SIDE;
    }
    if (blocks >= SIDE / 4) {           /* of all, those that are wanted */
        uint32_t all[4 * SIDE];
        philox_side(r, all);
        memcpy(u + i, all, 4 * blocks * sizeof *u);
        r->block += blocks;
        i += 4 * blocks;
    }
    while (i < n)
        u[i++] = rng_u32(r);
}
