/* rng - seeded random numbers, the same on every machine
 *
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011): a counter is encrypted, so a generator is known by its seed,
 * its stream and its position, and any position can be gone to at once. Distinct
 * streams of one seed are independent: one for each start, layer, tree, ….
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint32_t key[2];        /* the seed */
    uint64_t stream, block; /* the counter: which sequence, which block of four */
    uint32_t out[4];
    unsigned left;          /* values of out not yet drawn */
    double spare;           /* the second normal of a pair */
    int has_spare;
};

/* Start sequence `stream` of `seed` at its beginning. */
void rng_init(struct rng *r, uint64_t seed, uint64_t stream);

/* Go to the block-th group of four draws of the sequence. */
void rng_seek(struct rng *r, uint64_t block);

uint32_t rng_u32(struct rng *r);
uint64_t rng_u64(struct rng *r);

/* Uniform in [0, 1), 53 bits. */
double rng_uniform(struct rng *r);

/* Standard normal, by Box and Muller (1958). */
double rng_normal(struct rng *r);

/* Uniform in 0 … n-1 without bias (Lemire 2019, algorithm 5); n >= 1. */
uint64_t rng_below(struct rng *r, uint64_t n);

/* Shuffle index[n] (Fisher and Yates). */
void rng_shuffle(struct rng *r, size_t *index, size_t n);

#endif
