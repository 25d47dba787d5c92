/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/union.h"

#include "base/mem.h"

union_parent *union_new(size_t n)
{
    union_parent *parent = mem_new(n, sizeof *parent);
    for (size_t i = 0; i < n; i++)
        atomic_init(parent + i, (uint32_t)i);
    return parent;
}

size_t union_root(union_parent *parent, size_t i)
{
    for (;;) {
        uint32_t p = atomic_load_explicit(parent + i, memory_order_relaxed);
        if (p == i)
            return i;
        uint32_t up = atomic_load_explicit(parent + p, memory_order_relaxed);
        if (up != p)            /* an ancestor it is and will be, whatever others store meanwhile */
            atomic_store_explicit(parent + i, up, memory_order_relaxed);
        i = up;
    }
}

void union_join(union_parent *parent, size_t i, size_t j)
{
    for (;;) {
        size_t a = union_root(parent, i), b = union_root(parent, j);
        if (a == b)
            return;
        size_t low = a < b ? a : b, high = a < b ? b : a;
        uint32_t root = (uint32_t)high;         /* another thread may have hung it under a third */
        if (atomic_compare_exchange_strong(parent + high, &root, (uint32_t)low))
            return;
    }
}

void union_hang(union_parent *parent, size_t root, size_t under)
{
    atomic_store_explicit(parent + root, (uint32_t)under, memory_order_relaxed);
}
