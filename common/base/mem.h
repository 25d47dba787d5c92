/* mem - allocation that checks its sizes and never returns NULL
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* What the process may hold, in bytes: --max-memory, or with 0 half of the machine's memory, or of
 * its control group's. Allocations
 * that would take it beyond that and MEM_OWN, its own buffers, end it with ST_MEMORY. What is held is what malloc
 * says, so libraries count too; it is looked at when a thread has asked for a sixty-fourth of the limit. */
extern size_t mem_limit;
enum { MEM_OWN = 16 << 20 };

/* That limit in bytes, whether it was given or not. */
size_t mem_allowed(void);

/* n * size bytes, uninitialised; n * size 0 gives a pointer that free takes.
 * Overflow of the product, or no memory, ends the program with ST_MEMORY. */
void *mem_new(size_t n, size_t size);

/* The same, zeroed. */
void *mem_zero(size_t n, size_t size);

/* The same, aligned to 64 bytes, for vector kernels; freed by free. */
void *mem_aligned(size_t n, size_t size);

/* The same, zeroed; of a large array, what is never touched takes no memory. */
void *mem_aligned_zero(size_t n, size_t size);

/* Resize p (or NULL) to n * size bytes; what was there is kept. */
void *mem_resize(void *p, size_t n, size_t size);

/* Make room for at least `need` items in *p, which has *cap, by doubling.
 * Usage: mem_grow(&list, &cap, n + 1, sizeof *list). */
void mem_grow(void *p, size_t *cap, size_t need, size_t size);

/* Copy of n bytes, followed by a NUL. */
char *mem_text(const char *s, size_t n);

/* End with ST_MEMORY if so many bytes of address space are not to be had: before `what` is called, a library
 * that takes them and does not look. */
void mem_room(size_t bytes, const char *what);

/* a * b, or ST_MEMORY on overflow. */
size_t mem_mul(size_t a, size_t b);

#endif
