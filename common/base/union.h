/* union - which of n things belong together (union and find)
 *
 * A forest: each thing has a parent, a root is its own. Threads may find and join at once;
 * whatever their order, the sets and their roots come out the same.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_UNION_H
#define BASE_UNION_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef _Atomic uint32_t union_parent;

/* n things (n < 2^32), each a set by itself. Free with free(). */
union_parent *union_new(size_t n);

/* The root of i's set. Halves the path to it. */
size_t union_root(union_parent *parent, size_t i);

/* Make the sets of i and j one; its root is the lesser of their roots. */
void union_join(union_parent *parent, size_t i, size_t j);

/* Hang the root `root` under another: what builds trees itself. Not for several threads. */
void union_hang(union_parent *parent, size_t root, size_t under);

#endif
