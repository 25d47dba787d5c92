/* vocab_parts - what a vocab is made of: for vocab.c and vocab_terms.c alone
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_VOCAB_PARTS_H
#define TEXT_VOCAB_PARTS_H

#include "text/vocab.h"

/* Words and n-grams are numbered from 1, each length of its own; 0 is none. An n-gram is
 * known by a pair of numbers: that of the n-gram without its last word, and that word's.
 * So texts are compared once a word, and what is longer is found by one 64-bit key. */
struct gram {
    uint64_t key, tf;
    uint32_t df, last;          /* last: the text that was counted in df */
    uint32_t id, column;        /* column: + 1, 0 is none */
};

/* Open addressing; id 0 is a free slot. */
struct table { struct gram *slot; unsigned bits; size_t n; uint32_t last_id; };

struct vocab {
    size_t min_n, max_n;
    struct table level[VOCAB_NGRAM_MOST + 1];   /* by number of words */
    char *text;                 /* the words, one behind the other; word i ends at end[i] */
    size_t *end, text_cap, end_cap;
    uint32_t stops;             /* numbers 1 … stops are passed over */
    uint32_t elsewhere;         /* words that another rank counts: they are here to spell n-grams, and have a df of 0 */
    uint32_t texts;
    size_t most;
    uint64_t missed;
    uint32_t *ids, *grams;      /* of the text that is counted */
    uint64_t *keys;
    size_t ids_cap;
};

/* The key of an n-gram. */
static inline uint64_t gram_pair(uint32_t left, uint32_t word) { return (uint64_t)left << 32 | word; }

/* The word, which may be anything, new if it was not there, until the next call; TOKENS_PAD bytes may be read after it. */
struct gram *vocab_word(struct vocab *v, struct token word);

/* Counts of n-grams that another vocab has made, by their keys in this one: add them, and tell their numbers here. */
struct told_gram { uint64_t key, tf; uint32_t df; };
void vocab_add_grams(struct table *t, const struct told_gram *told, size_t n, uint32_t *id);

#endif
