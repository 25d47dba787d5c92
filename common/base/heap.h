/* heap - what was put in, the least first
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* Ordered by key, then a, then b, so that what comes out does not hang on the order in which it went in. */
struct heap_item { double key; uint32_t a, b; };

/* Zero to begin with; free v at the end. */
struct heap { struct heap_item *v; size_t n, cap; };

/* Put an item in; its key is not NAN. */
void heap_push(struct heap *h, struct heap_item item);

/* Take the least item out of a heap that is not empty. */
struct heap_item heap_pop(struct heap *h);

#endif
