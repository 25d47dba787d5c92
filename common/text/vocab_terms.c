/* The terms of a vocab: which, in what order, and their text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/world.h"
#include "text/vocab_parts.h"

/* An n-gram of `words` words. */
struct choice { const struct gram *g; size_t words; };

struct choosing {
    const struct vocab *v;
    const struct gram **of_id[VOCAB_NGRAM_MOST + 1];    /* of level 2 and more, where something refers to them */
    struct choice *list;
    size_t n, cap;
};

static void by_id(struct choosing *c, size_t level)
{
    const struct table *t = c->v->level + level;
    c->of_id[level] = mem_zero((size_t)t->last_id + 1, sizeof **c->of_id);
    for (size_t i = 0; i < (size_t)1 << t->bits; i++)
        if (t->slot[i].id)
            c->of_id[level][t->slot[i].id] = t->slot + i;
}

/* Write the n-gram's text at p (NULL: do not); its length. */
static size_t spell(const struct choosing *c, struct choice a, char *p)
{
    uint32_t ids[VOCAB_NGRAM_MOST];
    const struct gram *g = a.g;
    for (size_t k = a.words; k >= 2; k--) {
        ids[k - 1] = (uint32_t)g->key;
        ids[0] = (uint32_t)(g->key >> 32);
        if (k > 2)
            g = c->of_id[k - 1][ids[0]];
    }
    if (a.words == 1)
        ids[0] = g->id;
    size_t n = 0;
    for (size_t k = 0; k < a.words; k++) {
        size_t begin = c->v->end[ids[k] - 1], size = c->v->end[ids[k]] - begin;
        if (p) {
            if (k)
                p[n] = ' ';
            memcpy(p + n + (k > 0), c->v->text + begin, size);
        }
        n += size + (k > 0);
    }
    return n;
}

static int by_text(const void *a, const void *b)
{
    const struct term *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->n < y->n ? x->n : y->n);
    return order ? order : x->n < y->n ? -1 : x->n > y->n;
}

static int falling(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* The smallest tf of the `limit` largest. */
static uint64_t cut_of(const struct choosing *c, size_t limit)
{
    enum { MOST = 1 << 16 };
    size_t *of_tf = mem_zero(MOST, sizeof *of_tf), many = 0;
    for (size_t i = 0; i < c->n; i++)
        of_tf[c->list[i].g->tf < MOST ? c->list[i].g->tf : 0]++;
    uint64_t *large = mem_new(of_tf[0], sizeof *large), cut = MOST;
    for (size_t i = 0; i < c->n; i++)
        if (c->list[i].g->tf >= MOST)
            large[many++] = c->list[i].g->tf;
    if (many >= limit) {
        qsort(large, many, sizeof *large, falling);
        cut = large[limit - 1];
    } else {
        while (many < limit)
            many += of_tf[--cut];
    }
    free(large);
    free(of_tf);
    return cut;
}

/* Terms of the choices, with their texts behind them in one piece of memory. */
static struct term *spelled(const struct choosing *c, const struct choice *list, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += spell(c, list[i], NULL);
    struct term *terms = mem_new(mem_mul(n, sizeof *terms) + bytes, 1);
    char *p = (char *)(terms + n);
    for (size_t i = 0; i < n; i++) {
        size_t size = spell(c, list[i], p);
        terms[i] = (struct term){ p, size, list[i].g->tf, list[i].g->df };
        p += size;
    }
    return terms;
}

/* Reduce the choices to the limit: all above the cut, and the first by code point at it. */
static void limit_to(struct choosing *c, size_t limit)
{
    uint64_t cut = cut_of(c, limit);
    struct choice *ties = mem_new(c->n, sizeof *ties);
    size_t kept = 0, n_ties = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (c->list[i].g->tf > cut)
            c->list[kept++] = c->list[i];
        else if (c->list[i].g->tf == cut)
            ties[n_ties++] = c->list[i];
    }
    if (n_ties > limit - kept) {
        struct term *terms = spelled(c, ties, n_ties);
        qsort(terms, n_ties, sizeof *terms, by_text);
        struct term last = terms[limit - kept - 1];
        char *text = NULL;
        size_t cap = 0;
        for (size_t i = 0; i < n_ties; i++) {
            struct term t = { .n = spell(c, ties[i], NULL) };
            mem_grow(&text, &cap, t.n, 1);
            spell(c, ties[i], text);
            t.text = text;
            if (by_text(&t, &last) <= 0)
                c->list[kept++] = ties[i];
        }
        free(text);
        free(terms);
    } else {
        memcpy(c->list + kept, ties, n_ties * sizeof *ties);
        kept += n_ties;
    }
    c->n = kept;
    free(ties);
}

/* Those with min_df <= df <= max_df; done with by choosing_end. */
static void choose(struct choosing *c, const struct vocab *v, double min_df, double max_df)
{
    *c = (struct choosing){ .v = v };
    for (size_t k = 2; k < v->max_n; k++)
        by_id(c, k);
    for (size_t k = v->min_n; k <= v->max_n; k++) {
        const struct table *t = v->level + k;
        for (size_t i = 0; i < (size_t)1 << t->bits; i++) {
            const struct gram *g = t->slot + i;
            if (!g->id || !g->df || g->df < min_df || g->df > max_df)
                continue;
            mem_grow(&c->list, &c->cap, c->n + 1, sizeof *c->list);
            c->list[c->n++] = (struct choice){ g, k };
        }
    }
}

static void choosing_end(struct choosing *c)
{
    for (size_t k = 2; k < c->v->max_n; k++)
        free(c->of_id[k]);
    free(c->list);
}

/* vocab_terms of this rank's n-grams, in no order. */
static struct term *pick(const struct vocab *v, double min_df, double max_df, size_t limit, size_t *n)
{
    struct choosing c;
    choose(&c, v, min_df, max_df);
    if (limit && c.n > limit)
        limit_to(&c, limit);
    struct term *terms = spelled(&c, c.list, *n = c.n);
    choosing_end(&c);
    return terms;
}

/* A term as ranks tell it; its text is among theirs, which follow each other. */
struct told { uint64_t tf; uint32_t df, len; };

/* The terms of all ranks, no two of which are the same: this one's are freed. */
static struct term *join(struct term *terms, size_t *n)
{
    struct told *own = mem_new(*n, sizeof *own), *told = NULL;
    char *texts = NULL;
    size_t bytes = 0, many = 0, all = 0, cap = 0, cap_texts = 0, size;
    for (size_t i = 0; i < *n; i++) {
        own[i] = (struct told){ terms[i].tf, terms[i].df, (uint32_t)terms[i].n };
        bytes += terms[i].n;
    }
    for (size_t r = 0; r < world.size; r++) {
        void *part = world_from(r, own, *n * sizeof *own, &size);
        mem_grow(&told, &cap, many + size / sizeof *told, sizeof *told);
        memcpy(told + many, part, size);
        many += size / sizeof *told;
        free(part);
        part = world_from(r, terms + *n, bytes, &size);
        mem_grow(&texts, &cap_texts, all + size, 1);
        memcpy(texts + all, part, size);
        all += size;
        free(part);
    }
    free(own);
    free(terms);
    terms = mem_new(mem_mul(many, sizeof *terms) + all, 1);
    char *text = (char *)(terms + many);
    memcpy(text, texts, all);
    for (size_t i = 0; i < many; text += told[i++].len)
        terms[i] = (struct term){ text, told[i].len, told[i].tf, told[i].df };
    free(told);
    free(texts);
    *n = many;
    return terms;
}

static int by_count(const void *a, const void *b)
{
    const struct term *x = a, *y = b;
    return x->tf != y->tf ? (x->tf < y->tf ? 1 : -1) : by_text(a, b);
}

struct term *vocab_terms(const struct vocab *v, double min_df, double max_df, size_t limit, size_t *n)
{
    struct term *terms = pick(v, min_df, max_df, limit, n);
    if (world.size > 1)
        terms = join(terms, n);
    if (limit && *n > limit) {          /* the first of all are among the first of each */
        qsort(terms, *n, sizeof *terms, by_count);
        *n = limit;
    }
    qsort(terms, *n, sizeof *terms, by_text);
    return terms;
}
