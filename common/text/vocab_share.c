/* The counts of a vocab, handed out to the ranks (base/world).
 *
 * All ranks get all words, with the same numbers. An n-gram goes to the rank that its first two words choose, as the pair of
 * the numbers that what it is made of has there: so what it begins with is there, too.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/mem.h"
#include "base/world.h"
#include "text/vocab_parts.h"

/* Who counts an n-gram for all, and its number there. */
struct place { uint32_t rank, id; };

/* A word as ranks tell it; its text is among theirs, which follow each other. */
struct told_word { uint64_t tf; uint32_t df, len; };

/* Add the words of all ranks to `all`: the places of v's, by their number. */
static struct place *share_words(const struct vocab *v, struct vocab *all)
{
    const struct table *t = v->level + 1;
    size_t n = t->last_id, bytes = v->end[n] + TOKENS_PAD, size;
    struct place *places = mem_zero(n + 1, sizeof *places);
    struct told_word *own = mem_new(n, sizeof *own);
    uint8_t *text = mem_zero(bytes, 1);
    if (n)
        memcpy(text, v->text, v->end[n]);
    for (size_t i = 0; i < (size_t)1 << t->bits; i++) {
        const struct gram *g = t->slot + i;
        if (g->id)
            own[g->id - 1] = (struct told_word){ g->tf, g->df, (uint32_t)(v->end[g->id] - v->end[g->id - 1]) };
    }
    for (size_t r = 0; r < world.size; r++) {
        struct told_word *told = world_from(r, own, n * sizeof *own, &size);
        uint8_t *texts = world_from(r, text, bytes, &(size_t){ 0 });
        for (size_t i = 0, at = 0; i < size / sizeof *told; at += told[i++].len) {
            struct gram *g = vocab_word(all, (struct token){ texts + at, told[i].len });
            bool here = g->id % world.size == world.rank;
            g->tf += here ? told[i].tf : 0;
            g->df += here ? told[i].df : 0;
            if (r == world.rank)
                places[i + 1].id = g->id;
        }
        free(told);
        free(texts);
    }
    all->stops = v->stops;
    for (size_t id = all->stops + 1; id <= all->level[1].last_id; id++)
        all->elsewhere += id % world.size != world.rank;
    free(own);
    free(text);
    return places;
}

/* Hand out the n-grams of t, whose places are found by those of their words and of what they are without their last one;
 * `pairs`: of two words. */
static struct place *share_grams(const struct table *t, struct table *all, const struct place *words, const struct place *left,
                                 bool pairs)
{
    size_t slots = (size_t)1 << t->bits, *bytes = mem_zero(world.size, sizeof *bytes), *at = mem_zero(world.size, sizeof *at);
    struct place *places = mem_zero((size_t)t->last_id + 1, sizeof *places);
    for (size_t i = 0; i < slots; i++) {
        const struct gram *g = t->slot + i;
        if (!g->id)
            continue;
        struct place *p = places + g->id, begin = left[g->key >> 32];
        uint64_t key = gram_pair(begin.id, words[(uint32_t)g->key].id);
        p->rank = pairs ? (uint32_t)(XXH3_64bits(&key, sizeof key) % world.size) : begin.rank;
        bytes[p->rank] += sizeof(struct told_gram);
    }
    for (size_t r = 1; r < world.size; r++)
        at[r] = at[r - 1] + bytes[r - 1] / sizeof(struct told_gram);
    for (size_t i = 1; i <= t->last_id; i++)    /* not in the order of the slots: tables that grow by it are slow */
        places[i].id = (uint32_t)at[places[i].rank]++;
    struct told_gram *mine = mem_zero(t->n, sizeof *mine);
    for (size_t i = 0; i < slots; i++) {
        const struct gram *g = t->slot + i;
        uint64_t key = g->id ? gram_pair(left[g->key >> 32].id, words[(uint32_t)g->key].id) : 0;
        if (g->id)
            mine[places[g->id].id] = (struct told_gram){ key, g->tf, g->df };
    }
    struct told_gram *told = world_swap(mine, bytes);
    size_t n = 0;
    for (size_t r = 0; r < world.size; r++) {
        n += bytes[r] / sizeof *told;
        bytes[r] = bytes[r] / sizeof *told * sizeof(uint32_t);
    }
    uint32_t *ids = mem_new(n, sizeof *ids);
    vocab_add_grams(all, told, n, ids);
    uint32_t *back = world_swap(ids, bytes);    /* in the order of `mine` */
    for (size_t i = 1; i <= t->last_id; i++)
        places[i].id = back[places[i].id];
    free(back);
    free(ids);
    free(told);
    free(mine);
    free(bytes);
    free(at);
    return places;
}

struct vocab *vocab_share(struct vocab *v)
{
    if (world.size == 1)
        return v;
    struct vocab *all = vocab_new(v->min_n, v->max_n);
    struct place *words = share_words(v, all), *left = words;
    for (size_t k = 2; k <= v->max_n; k++) {
        struct place *places = share_grams(v->level + k, all->level + k, words, left, k == 2);
        if (left != words)
            free(left);
        left = places;
        free(v->level[k].slot);
        v->level[k].slot = NULL;
    }
    if (left != words)
        free(left);
    free(words);
    vocab_free(v);
    return all;
}
