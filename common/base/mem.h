/* mem - allocation that checks its sizes and never returns NULL
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* n * size bytes, uninitialised; n * size 0 gives a pointer that free takes.
 * Overflow of the product, or no memory, ends the program with ST_MEMORY. */
void *mem_new(size_t n, size_t size);

/* The same, zeroed. */
void *mem_zero(size_t n, size_t size);

/* The same, aligned to 64 bytes, for vector kernels; freed by free. */
void *mem_aligned(size_t n, size_t size);

/* Resize p (or NULL) to n * size bytes; what was there is kept. */
void *mem_resize(void *p, size_t n, size_t size);

/* Make room for at least `need` items in *p, which has *cap, by doubling.
 * Usage: mem_grow(&list, &cap, n + 1, sizeof *list). */
void mem_grow(void *p, size_t *cap, size_t need, size_t size);

/* Copy of n bytes, followed by a NUL. */
char *mem_text(const char *s, size_t n);

/* a * b, or ST_MEMORY on overflow. */
size_t mem_mul(size_t a, size_t b);

#endif
