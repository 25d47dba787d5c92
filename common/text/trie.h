/* trie - which of many keys a text begins with
 *
 * The children of a node lie side by side, in the order of their bytes; built from the sorted keys in one go.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_TRIE_H
#define TEXT_TRIE_H

#include <stddef.h>
#include <stdint.h>

/* n bytes at p, 1 or more, and what they stand for, below TRIE_NONE. */
struct trie_key { const char *p; size_t n; uint32_t value; };
#define TRIE_NONE UINT32_MAX

/* value: of the key that ends here, TRIE_NONE if none does. */
struct trie_node { uint32_t child, value; uint16_t children; uint8_t byte; };
struct trie { struct trie_node *node; size_t n; uint32_t first[256]; };

/* From n keys, which are put in order; they are not needed any more afterwards. Of equal keys the largest
 * value stays. The keys have less than 4 GB together. */
struct trie *trie_new(struct trie_key *keys, size_t n);
void trie_free(struct trie *t);

/* The node behind `node` (0 is before the first byte) for the next byte; 0 if no key goes on so. */
static inline uint32_t trie_step(const struct trie *t, uint32_t node, uint8_t byte)
{
    if (node == 0)
        return t->first[byte];
    uint32_t low = t->node[node].child, high = low + t->node[node].children, end = high;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (t->node[mid].byte < byte)
            low = mid + 1;
        else
            high = mid;
    }
    return low < end && t->node[low].byte == byte ? low : 0;
}

/* The value of the key p[n], or TRIE_NONE. */
uint32_t trie_find(const struct trie *t, const char *p, size_t n);

#endif
