/* world - the processes that mpirun started to work on one task, each on its share of the input
 *
 * In a build without MPI (make MPI=1 has it), and in a process that mpirun did not start, it is this process alone.
 * Rank r of `size` reads shard r. What the ranks know together is the same for any number of them if they gather parts that
 * are cut by the number of a record in the whole input, and add them up in order.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_WORLD_H
#define BASE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

extern struct world { size_t rank, size; } world;

/* Whether mpirun started this process. Here, so that who only asks need not be linked with MPI. */
static inline bool world_wanted(void) { return getenv("OMPI_COMM_WORLD_SIZE"); }

/* Join the others; from here on a rank that dies (base/die) ends all. The operands with %r replaced by the rank.
 * Without MPI it ends the program with ST_USAGE. */
char **world_begin(char **operands);

/* What all ranks give, n bytes each of its own, in the order of the ranks, to be freed; bytes[size] of each unless NULL.
 * All ranks must call it the same number of times. */
void *world_all(const void *mine, size_t n, size_t *bytes);

/* What one rank gives, n bytes, to all, to be freed; *bytes of it. Without the bound of world_all. */
void *world_from(size_t rank, const void *mine, size_t n, size_t *bytes);

/* To each rank r what `mine` has for it, bytes[r], one behind the other: what all have for this one, in order, to be freed,
 * and bytes[r] of each. All ranks must call it. */
void *world_swap(void *mine, size_t *bytes);

/* Of so many blocks those of this rank, from *first until before *end; the ranks' follow each other, as even as can be. */
void world_share(size_t blocks, size_t *first, size_t *end);

/* par_for, of those alone; and, of part[blocks] of `size` bytes each, of which each rank has made its own, all. */
void world_for(size_t blocks, void (*work)(size_t block, void *state), void *state);
void world_fill(void *part, size_t blocks, size_t size);

/* For sums that go on from rank to rank, too large to be given to all: p[n] comes from the rank before, and goes to the next;
 * nothing comes to the first, and nothing goes from the last. What goes must stay where it is until world_sent. */
void world_from_before(void *p, size_t n);
void world_to_next(void *p, size_t n);
void world_sent(void);

/* Rank `from` gives p[n] to all, where it lies. All must call it. */
void world_spread(void *p, size_t n, size_t from);

/* Set where there are others: die calls it before it ends, to end all. Defined in base/die, which most filters need without
 * a world. */
extern void (*world_abandon)(int status);

/* Leave what world_begin has joined, if it was called; returns the status to end with, the largest of all ranks'. */
int world_end(int status);

#endif
