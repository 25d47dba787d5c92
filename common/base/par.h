/* par - work cut into fixed blocks, done by any number of threads
 *
 * Blocks are cut by index and size, never by the number of threads, and what they
 * give is reduced by the caller in the order of the blocks: so a result has the
 * same bits for every -j.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_PAR_H
#define BASE_PAR_H

#include <stddef.h>

/* Number of threads to work with: set by -j; at first all available processors. */
extern int par_jobs;

/* Processors that this process may run on, at least 1. */
int par_available(void);

/* Call work(block, state) for every block in 0 … blocks-1, on par_jobs threads
 * (the caller is one of them), and return when all are done. Blocks are taken in
 * order, by whoever is free. Not reentrant: work must not call par_for. Nobody
 * waits by spinning. Threads are kept for the next call. */
void par_for(size_t blocks, void (*work)(size_t block, void *state), void *state);

/* Index of the calling thread within par_for, 0 … par_jobs-1: for scratch memory. */
int par_worker(void);

/* Take and give back the one lock for libraries that are not safe for threads. */
void par_lock(void);
void par_unlock(void);

/* First index of a block, and one past its last, of n items cut into blocks of `size`. */
static inline size_t par_begin(size_t block, size_t size) { return block * size; }
static inline size_t par_end(size_t block, size_t size, size_t n)
{
    size_t end = (block + 1) * size;
    return end < n ? end : n;
}
static inline size_t par_blocks(size_t n, size_t size) { return (n + size - 1) / size; }

/* First index of a share, of n items cut into `shares` that are equal but for one; that of share `shares` is n. */
static inline size_t par_share(size_t share, size_t shares, size_t n)
{
    return n / shares * share + n % shares * share / shares;
}

#endif
