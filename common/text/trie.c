/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/trie.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int by_bytes(const void *a, const void *b)
{
    const struct trie_key *x = a, *y = b;
    int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    if (c == 0)
        c = (x->n > y->n) - (x->n < y->n);
    return c ? c : (x->value > y->value) - (x->value < y->value);
}

/* The keys of a node: those that share their first `depth` bytes. */
struct range { size_t begin, end, depth; };

struct trie *trie_new(struct trie_key *keys, size_t n)
{
    struct trie *t = mem_zero(1, sizeof *t);
    struct range *of = NULL;
    size_t cap = 0, room = 0;
    if (n)
        qsort(keys, n, sizeof *keys, by_bytes);
    mem_grow(&t->node, &cap, 1, sizeof *t->node);
    mem_grow(&of, &room, 1, sizeof *of);
    t->node[t->n++] = (struct trie_node){ .value = TRIE_NONE };
    of[0] = (struct range){ 0, n, 0 };
    for (size_t k = 0; k < t->n; k++) {         /* by depth: children are added behind all there are */
        struct range r = of[k];
        size_t i = r.begin;
        for (; i < r.end && keys[i].n == r.depth; i++)
            t->node[k].value = keys[i].value;
        t->node[k].child = (uint32_t)t->n;
        while (i < r.end) {
            size_t begin = i;
            char byte = keys[i].p[r.depth];
            while (i < r.end && keys[i].p[r.depth] == byte)
                i++;
            mem_grow(&t->node, &cap, t->n + 1, sizeof *t->node);
            mem_grow(&of, &room, t->n + 1, sizeof *of);
            of[t->n] = (struct range){ begin, i, r.depth + 1 };
            t->node[t->n++] = (struct trie_node){ .value = TRIE_NONE, .byte = (uint8_t)byte };
            t->node[k].children++;
        }
    }
    for (uint32_t i = 0; i < t->node[0].children; i++)
        t->first[t->node[t->node[0].child + i].byte] = t->node[0].child + i;
    free(of);
    return t;
}

void trie_free(struct trie *t)
{
    if (!t)
        return;
    free(t->node);
    free(t);
}

uint32_t trie_find(const struct trie *t, const char *p, size_t n)
{
    uint32_t node = 0;
    for (size_t i = 0; i < n; i++)
        if ((node = trie_step(t, node, (uint8_t)p[i])) == 0)
            return TRIE_NONE;
    return t->node[node].value;
}
