/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/vocab.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/world.h"
#include "text/vocab_parts.h"

static size_t place(uint64_t key, unsigned bits)
{
    key *= 0x9e3779b97f4a7c15u;
    key ^= key >> 32;
    key *= 0xd6e8feb86659fd93u;
    return (size_t)(key >> (64 - bits));
}

static void table_new(struct table *t, unsigned bits)
{
    t->bits = bits;
    t->slot = mem_zero((size_t)1 << bits, sizeof *t->slot);
}

/* The slot of key, or the free one where it belongs. */
static struct gram *slot_of(const struct table *t, uint64_t key)
{
    size_t mask = ((size_t)1 << t->bits) - 1, i = place(key, t->bits);
    while (t->slot[i].id && t->slot[i].key != key)
        i = (i + 1) & mask;
    return t->slot + i;
}

/* Lay the table out anew with the grams whose tf is above `drop`. */
static void rebuild(struct table *t, unsigned bits, uint64_t drop)
{
    struct gram *old = t->slot;
    size_t n = (size_t)1 << t->bits, mask = ((size_t)1 << bits) - 1;
    table_new(t, bits);
    t->n = 0;
    for (size_t k = 0; k < n; k++) {
        if (!old[k].id || (drop && old[k].tf <= drop))
            continue;
        size_t i = place(old[k].key, bits);     /* two long words may have one key */
        while (t->slot[i].id)
            i = (i + 1) & mask;
        t->slot[i] = old[k];
        t->n++;
    }
    free(old);
}

static bool is_full(const struct table *t)
{
    return 10 * (t->n + 1) > 6 * ((size_t)1 << t->bits);
}

/* ---- words ---- */

/* Eight bytes or fewer are their own key. Longer words have a hash with 0xff as its first
 * byte, which no such key can have: UTF-8 has no 0xff. */
static uint64_t word_key(struct token w)
{
    uint64_t part, h = w.n;
    memcpy(&part, w.p, 8);
    if (w.n <= 8)
        return part & (~(uint64_t)0 >> (64 - 8 * w.n));
    size_t i = 0;
    for (; i + 8 <= w.n; i += 8) {
        memcpy(&part, w.p + i, 8);
        h = (h ^ part) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    part = 0;
    memcpy(&part, w.p + i, w.n - i);
    h = (h ^ part) * 0xc4ceb9fe1a85ec53u;
    return h | 0xff00000000000000u;
}

static struct gram *word_slot(const struct vocab *v, struct token w, uint64_t key)
{
    const struct table *t = v->level + 1;
    size_t mask = ((size_t)1 << t->bits) - 1, i = place(key, t->bits);
    for (; t->slot[i].id; i = (i + 1) & mask) {
        if (t->slot[i].key != key)
            continue;
        if (w.n <= 8)
            break;
        size_t id = t->slot[i].id, begin = v->end[id - 1];
        if (v->end[id] - begin == w.n && memcmp(v->text + begin, w.p, w.n) == 0)
            break;
    }
    return t->slot + i;
}

static struct gram *word_add(struct vocab *v, struct token w, uint64_t key)
{
    struct table *t = v->level + 1;
    struct gram *g = word_slot(v, w, key);
    if (g->id)
        return g;
    if (is_full(t)) {
        rebuild(t, t->bits + 1, 0);
        g = word_slot(v, w, key);
    }
    *g = (struct gram){ .key = key, .id = ++t->last_id };
    t->n++;
    size_t begin = v->end[g->id - 1];
    mem_grow(&v->end, &v->end_cap, (size_t)g->id + 1, sizeof *v->end);
    mem_grow(&v->text, &v->text_cap, begin + w.n, 1);
    memcpy(v->text + begin, w.p, w.n);
    v->end[g->id] = begin + w.n;
    return g;
}

static struct gram *gram_add(struct table *t, uint64_t key)
{
    struct gram *g = slot_of(t, key);
    if (g->id)
        return g;
    if (is_full(t)) {
        rebuild(t, t->bits + 1, 0);
        g = slot_of(t, key);
    }
    *g = (struct gram){ .key = key, .id = ++t->last_id };
    t->n++;
    return g;
}

struct gram *vocab_word(struct vocab *v, struct token word) { return word_add(v, word, word_key(word)); }

/* ---- counting ---- */

struct vocab *vocab_new(size_t min_n, size_t max_n)
{
    struct vocab *v = mem_zero(1, sizeof *v);
    v->min_n = min_n;
    v->max_n = max_n;
    for (size_t k = 1; k <= max_n; k++)
        table_new(v->level + k, 12);
    mem_grow(&v->end, &v->end_cap, 1, sizeof *v->end);
    v->end[0] = 0;
    return v;
}

void vocab_free(struct vocab *v)
{
    if (!v)
        return;
    for (size_t k = 1; k <= v->max_n; k++)
        free(v->level[k].slot);
    free(v->text);
    free(v->end);
    free(v->ids);
    free(v->grams);
    free(v->keys);
    free(v);
}

bool vocab_stop(struct vocab *v, struct tokens_how how, const char *text, size_t n, size_t *bad)
{
    struct tokens *t = tokens_new(how);
    bool good = tokens_cut(t, text, n, bad);
    for (size_t i = 0; good && i < t->n; i++)
        word_add(v, t->token[i], word_key(t->token[i]));
    v->stops = v->level[1].last_id;
    tokens_free(t);
    return good;
}

void vocab_bound(struct vocab *v, size_t most) { v->most = most; }
uint64_t vocab_missed(const struct vocab *v) { return v->missed; }

size_t vocab_size(const struct vocab *v)
{
    size_t n = 0;
    for (size_t k = v->min_n; k <= v->max_n; k++)
        n += v->level[k].n;
    n -= v->min_n == 1 ? v->stops + v->elsewhere : 0;
    size_t *all = world_all(&n, sizeof n, NULL);
    for (size_t r = n = 0; r < world.size; r++)
        n += all[r];
    free(all);
    return n;
}

static void room(uint32_t **ids, uint32_t **grams, uint64_t **keys, size_t *cap, size_t n)
{
    if (n <= *cap)
        return;
    free(*ids);
    free(*grams);
    free(*keys);
    *cap = 2 * n;
    *ids = mem_new(*cap, sizeof **ids);
    *grams = mem_new(*cap, sizeof **grams);
    *keys = mem_new(*cap, sizeof **keys);
}

static void tick(struct gram *g, uint32_t text)
{
    g->tf++;
    if (g->last != text) {
        g->last = text;
        g->df++;
    }
}

static void drop_rarest(struct vocab *v)
{
    enum { MOST = 1 << 16 };
    size_t held = 0, below = 0, *of_tf = mem_zero(MOST, sizeof *of_tf);
    for (size_t k = 2; k <= v->max_n; k++) {
        const struct table *t = v->level + k;
        held += t->n;
        for (size_t i = 0; i < (size_t)1 << t->bits; i++)
            if (t->slot[i].id)
                of_tf[t->slot[i].tf < MOST ? t->slot[i].tf : MOST - 1]++;
    }
    if (held > v->most) {
        uint64_t drop = 0;
        while (drop + 1 < MOST && below < (held + 1) / 2)
            below += of_tf[++drop];
        for (size_t k = 2; k <= v->max_n; k++)      /* what begins with a dropped one is as rare */
            rebuild(v->level + k, v->level[k].bits, drop);
        v->missed += drop;
    }
    free(of_tf);
}

/* Slots that will be looked at a little later are fetched into the cache by then. */
enum { AHEAD = 12 };
static void fetch(const struct table *t, uint64_t key)
{
    __builtin_prefetch(t->slot + place(key, t->bits));
}

void vocab_add_grams(struct table *t, const struct told_gram *told, size_t n, uint32_t *id)
{
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            fetch(t, told[i + AHEAD].key);
        struct gram *g = gram_add(t, told[i].key);
        g->tf += told[i].tf;
        g->df += told[i].df;
        id[i] = g->id;
    }
}

void vocab_count(struct vocab *v, const struct token *word, size_t n)
{
    uint32_t text = ++v->texts;
    struct table *t = v->level + 1;
    room(&v->ids, &v->grams, &v->keys, &v->ids_cap, n);
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        v->keys[i] = word_key(word[i]);
        fetch(t, v->keys[i]);
    }
    for (size_t i = 0; i < n; i++) {
        struct gram *g = word_add(v, word[i], v->keys[i]);
        if (g->id <= v->stops)
            continue;
        tick(g, text);
        v->ids[m] = v->grams[m] = g->id;
        m++;
    }
    size_t held = 0;
    for (size_t k = 2; k <= v->max_n; k++) {
        t = v->level + k;
        for (size_t i = 0; i + k <= m; i++)
            v->keys[i] = gram_pair(v->grams[i], v->ids[i + k - 1]);
        for (size_t i = 0; i + k <= m; i++) {
            if (i + k + AHEAD <= m)
                fetch(t, v->keys[i + AHEAD]);
            struct gram *g = gram_add(t, v->keys[i]);
            tick(g, text);
            v->grams[i] = g->id;
        }
        held += t->n;
    }
    if (v->most && held > v->most)
        drop_rarest(v);
}

/* ---- finding them again ---- */

static void put_term(struct vocab *v, const char *term, size_t n, uint32_t column)
{
    uint8_t *text = mem_zero(n + TOKENS_PAD, 1);
    struct gram *g = NULL;
    uint32_t left = 0;
    memcpy(text, term, n);
    size_t words = 0;
    for (size_t i = 0, size; i < n; i += size + 1) {
        const uint8_t *space = memchr(text + i, ' ', n - i);
        size = space ? (size_t)(space - text) - i : n - i;
        if (size == 0 || words == v->max_n)
            break;
        struct token w = { text + i, size };
        g = word_add(v, w, word_key(w));
        if (words++)
            g = gram_add(v->level + words, gram_pair(left, g->id));
        left = g->id;
    }
    if (g)
        g->column = column + 1;
    free(text);
}

char *vocab_lines(const struct term *terms, size_t n, size_t *bytes)
{
    size_t at = *bytes = 0;
    for (size_t i = 0; i < n; i++)
        *bytes += terms[i].n + 1;
    char *lines = mem_new(*bytes, 1);
    for (size_t i = 0; i < n; i++) {
        memcpy(lines + at, terms[i].text, terms[i].n);
        at += terms[i].n + 1;
        lines[at - 1] = '\n';
    }
    return lines;
}

char **vocab_columns(struct vocab *v, const char *lines, size_t bytes, size_t n)
{
    const char *p = lines, *end = lines + bytes;
    size_t i = 0;
    if (n >= UINT32_MAX)
        return NULL;
    char **names = mem_zero(n, sizeof *names);
    for (const char *line; i < n && p < end && (line = memchr(p, '\n', (size_t)(end - p))) && line > p; p = line + 1) {
        names[i] = mem_text(p, (size_t)(line - p));
        put_term(v, p, (size_t)(line - p), (uint32_t)i++);
    }
    if (i == n && p == end)
        return names;
    while (i)
        free(names[--i]);
    free(names);
    return NULL;
}

struct vocab_row *vocab_row_new(size_t columns)
{
    struct vocab_row *row = mem_zero(1, sizeof *row);
    size_t words = columns / 64 + 1;
    row->columns = columns;
    row->total = mem_zero(columns, sizeof *row->total);
    row->touched = mem_zero(words, sizeof *row->touched);
    row->words_touched = mem_zero(words / 64 + 1, sizeof *row->words_touched);
    return row;
}

void vocab_row_free(struct vocab_row *row)
{
    if (!row)
        return;
    free(row->column);
    free(row->count);
    free(row->total);
    free(row->touched);
    free(row->words_touched);
    free(row->ids);
    free(row->grams);
    free(row->keys);
    free(row);
}

static void touch(struct vocab_row *row, const struct gram *g)
{
    if (!g->id || !g->column)
        return;
    uint32_t c = g->column - 1;
    if (row->total[c]++)
        return;
    row->touched[c / 64] |= (uint64_t)1 << c % 64;
    row->words_touched[c / 4096] |= (uint64_t)1 << c / 64 % 64;
    row->nnz++;
}

/* Collect what was touched in the order of the columns, and leave all clear. */
static void collect(struct vocab_row *row)
{
    if (row->nnz > row->cap) {
        free(row->column);
        free(row->count);
        row->cap = 2 * row->nnz;
        row->column = mem_new(row->cap, sizeof *row->column);
        row->count = mem_new(row->cap, sizeof *row->count);
    }
    size_t at = 0;
    for (size_t k = 0; k <= row->columns / 4096; k++) {
        for (; row->words_touched[k]; row->words_touched[k] &= row->words_touched[k] - 1) {
            size_t w = 64 * k + (size_t)__builtin_ctzll(row->words_touched[k]);
            for (; row->touched[w]; row->touched[w] &= row->touched[w] - 1) {
                size_t c = 64 * w + (size_t)__builtin_ctzll(row->touched[w]);
                row->column[at] = (uint32_t)c;
                row->count[at++] = row->total[c];
                row->total[c] = 0;
            }
        }
    }
}

void vocab_find(const struct vocab *v, struct vocab_row *row, const struct token *word, size_t n)
{
    const struct table *t = v->level + 1;
    row->nnz = 0;
    room(&row->ids, &row->grams, &row->keys, &row->ids_cap, n);
    for (size_t i = 0; i < n; i++) {
        row->keys[i] = word_key(word[i]);
        fetch(t, row->keys[i]);
    }
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        const struct gram *g = word_slot(v, word[i], row->keys[i]);
        if (g->id && g->id <= v->stops)
            continue;
        touch(row, g);
        row->ids[m] = row->grams[m] = g->id;
        m++;
    }
    for (size_t k = 2; k <= v->max_n; k++) {
        t = v->level + k;
        for (size_t i = 0; i + k <= m; i++) {
            row->keys[i] = gram_pair(row->grams[i], row->ids[i + k - 1]);
            if (row->grams[i] && row->ids[i + k - 1])
                fetch(t, row->keys[i]);
        }
        for (size_t i = 0; i + k <= m; i++) {
            if (!row->grams[i] || !row->ids[i + k - 1]) {
                row->grams[i] = 0;
                continue;
            }
            const struct gram *g = slot_of(t, row->keys[i]);
            touch(row, g);
            row->grams[i] = g->id;
        }
    }
    collect(row);
}
