/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/heap.h"

#include <stdbool.h>

#include "base/mem.h"

static bool before(struct heap_item x, struct heap_item y)
{
    if (x.key != y.key)
        return x.key < y.key;
    return x.a != y.a ? x.a < y.a : x.b < y.b;
}

void heap_push(struct heap *h, struct heap_item item)
{
    mem_grow(&h->v, &h->cap, h->n + 1, sizeof *h->v);
    size_t at = h->n++;
    for (; at && before(item, h->v[(at - 1) / 2]); at = (at - 1) / 2)
        h->v[at] = h->v[(at - 1) / 2];
    h->v[at] = item;
}

struct heap_item heap_pop(struct heap *h)
{
    struct heap_item least = h->v[0], last = h->v[--h->n];
    size_t at = 0;
    for (size_t c; (c = 2 * at + 1) < h->n; at = c) {
        c += c + 1 < h->n && before(h->v[c + 1], h->v[c]);
        if (!before(h->v[c], last))
            break;
        h->v[at] = h->v[c];
    }
    h->v[at] = last;
    return least;
}
