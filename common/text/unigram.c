/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/unigram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>

#include "base/utf8.h"
#include "text/trie.h"

enum { SIGN = 3 };                      /* bytes of UNIGRAM_BLANK */

/* The best way to the end of a byte: its score, the piece that comes last, and where that begins. */
struct way { double score; size_t from; uint32_t id; };
#define NO_WAY SIZE_MAX

struct part { size_t begin, end; };
struct text { const char *p; size_t n; };

struct unigram {
    struct unigram_how how;
    double *score, unknown;             /* of the pieces; of a character that none covers */
    struct trie *pieces, *raw, *normalized;     /* tokens: their numbers in how.tokens */
    uint32_t byte[256];
    struct way *way;
    struct part *part;
    size_t way_cap, part_cap;
    struct str normal[2], word;
};

static struct trie *tokens_of(struct unigram *u, bool normalized);

struct unigram *unigram_new(const struct unigram_piece *piece, size_t n, struct unigram_how how)
{
    struct unigram *u = mem_zero(1, sizeof *u);
    struct trie_key *keys = mem_new(n, sizeof *keys);
    size_t kept = 0;
    u->how = how;
    u->score = mem_new(n, sizeof *u->score);
    for (size_t i = 0; i < n; i++) {
        u->score[i] = piece[i].score;
        u->unknown = i == 0 || piece[i].score < u->unknown ? piece[i].score : u->unknown;
        if (piece[i].n)
            keys[kept++] = (struct trie_key){ piece[i].p, piece[i].n, (uint32_t)i };
    }
    u->unknown -= 10;
    u->pieces = trie_new(keys, kept);
    free(keys);
    for (unsigned i = 0; i < 256; i++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", i);
        u->byte[i] = unigram_find(u, name);
    }
    u->raw = tokens_of(u, false);
    u->normalized = tokens_of(u, true);
    return u;
}

void unigram_forget(struct unigram_how *how)
{
    for (size_t i = 0; i < how->n_steps; i++) {
        charsmap_free(how->steps[i].map);
        free(how->steps[i].from);
        free(how->steps[i].to);
    }
    for (size_t i = 0; i < how->n_tokens; i++)
        free(how->tokens[i].text);
    free(how->steps);
    free(how->tokens);
}

void unigram_free(struct unigram *u)
{
    if (!u)
        return;
    unigram_forget(&u->how);
    trie_free(u->pieces);
    trie_free(u->raw);
    trie_free(u->normalized);
    free(u->score);
    free(u->way);
    free(u->part);
    str_free(u->normal);
    str_free(u->normal + 1);
    str_free(&u->word);
    free(u);
}

uint32_t unigram_find(const struct unigram *u, const char *piece)
{
    return trie_find(u->pieces, piece, strlen(piece));
}

/* ---- the steps ---- */

/* Bytes of the white space that text[n] begins with. */
static size_t space(const char *text, size_t n)
{
    uint32_t c;
    size_t size = n ? utf8_get((const uint8_t *)text, (const uint8_t *)text + n, &c) : 0;
    return size && uc_is_property_white_space(c) ? size : 0;
}

/* Where the white space that text[begin .. end] ends with begins. */
static size_t before_space(const char *text, size_t begin, size_t end)
{
    while (end > begin) {
        size_t at = end - 1;
        while (at > begin && ((uint8_t)text[at] & 0xc0) == 0x80)
            at--;
        if (!space(text + at, end - at))
            break;
        end = at;
    }
    return end;
}

static void replace(const struct unigram_step *s, const char *text, size_t n, struct str *to)
{
    size_t size = strlen(s->from);
    for (size_t i = 0; i < n; ) {
        bool found = size <= n - i && memcmp(text + i, s->from, size) == 0;
        if (found)
            str_text(to, s->to);
        else
            str_char(to, text[i]);
        i += found ? size : 1;
    }
}

static void replace_runs(const struct unigram_step *s, const char *text, size_t n, struct str *to)
{
    for (size_t i = 0, run; i < n; i += run ? run : 1) {
        for (run = 0; i + run < n && text[i + run] == ' '; )
            run++;
        if (run > 1)
            str_text(to, s->to);
        else
            str_char(to, text[i]);
    }
}

static void run_step(const struct unigram_step *s, const char *text, size_t n, struct str *to)
{
    size_t begin = 0;
    switch (s->kind) {
    case UNIGRAM_CHARSMAP:
        charsmap_put(s->map, text, n, to);
        break;
    case UNIGRAM_REPLACE:
        replace(s, text, n, to);
        break;
    case UNIGRAM_RUNS:
        replace_runs(s, text, n, to);
        break;
    case UNIGRAM_STRIP:
        for (size_t size; s->left && (size = space(text + begin, n - begin)) != 0; )
            begin += size;
        str_put(to, text + begin, (s->right ? before_space(text, begin, n) : n) - begin);
    }
}

/* The text after all steps: u->normal[0]. */
static struct text normal(struct unigram *u, const char *text, size_t n)
{
    u->normal[0].n = 0;
    str_put(u->normal, text, n);
    for (size_t i = 0; i < u->how.n_steps && u->normal->n; i++) {
        struct str other = u->normal[1];
        other.n = 0;
        run_step(u->how.steps + i, u->normal->p, u->normal->n, &other);
        u->normal[1] = u->normal[0];
        u->normal[0] = other;
    }
    return (struct text){ u->normal->n ? u->normal->p : "", u->normal->n };
}

static struct trie *tokens_of(struct unigram *u, bool normalized)
{
    struct trie_key *keys = mem_zero(u->how.n_tokens, sizeof *keys);
    char **text = mem_zero(u->how.n_tokens, sizeof *text);
    size_t n = 0;
    for (size_t i = 0; i < u->how.n_tokens; i++) {
        const struct unigram_token *t = u->how.tokens + i;
        if (t->normalized != normalized)
            continue;
        struct text is = { t->text, strlen(t->text) };
        if (normalized) {
            is = normal(u, is.p, is.n);
            is.p = text[i] = mem_text(is.p, is.n);
        }
        if (is.n)
            keys[n++] = (struct trie_key){ is.p, is.n, (uint32_t)i };
    }
    struct trie *t = trie_new(keys, n);
    for (size_t i = 0; i < u->how.n_tokens; i++)
        free(text[i]);
    free(text);
    free(keys);
    return t;
}

/* ---- the way through a text ---- */

static void put_unknown(const struct unigram *u, struct pieces *p, const char *text, size_t n)
{
    uint32_t id = trie_find(u->pieces, text, n);        /* a run of the unknown may be a piece, of a bad score */
    bool all = u->how.bytes;
    for (size_t i = 0; i < n && all; i++)
        all = u->byte[(uint8_t)text[i]] != TRIE_NONE;
    if (id != TRIE_NONE)
        pieces_put(p, id);
    else if (!all)
        pieces_put(p, u->how.unk);
    else
        for (size_t i = 0; i < n; i++)
            pieces_put(p, u->byte[(uint8_t)text[i]]);
}

static void better(struct way *way, double score, size_t from, uint32_t id)
{
    if (way->from == NO_WAY || score > way->score)
        *way = (struct way){ score, from, id };
}

/* The pieces of text[n], which is not empty. */
static void cut_part(struct unigram *u, struct pieces *p, const char *text, size_t n)
{
    mem_grow(&u->way, &u->way_cap, n + 1, sizeof *u->way);
    struct way *way = u->way;
    for (size_t i = 0; i <= n; i++)
        way[i] = (struct way){ .from = NO_WAY };
    for (size_t i = 0, size; i < n; i += size) {
        bool alone = false;
        uint32_t node = 0;
        size = utf8_size(text + i, n - i);
        for (size_t j = i; j < n && (node = trie_step(u->pieces, node, (uint8_t)text[j])) != 0; j++) {
            uint32_t id = u->pieces->node[node].value;
            if (id == TRIE_NONE)
                continue;
            better(way + j + 1, way[i].score + u->score[id], i, id);
            alone |= j + 1 == i + size;
        }
        if (!alone)
            better(way + i + size, way[i].score + u->unknown, i, u->how.unk);
    }
    size_t parts = 0;
    for (size_t end = n; end > 0; ) {                   /* from the last to the first */
        size_t begin = way[end].from, last = end;
        while (way[end].id == u->how.unk && begin > 0 && way[begin].id == u->how.unk)
            begin = way[begin].from;
        mem_grow(&u->part, &u->part_cap, parts + 1, sizeof *u->part);
        u->part[parts++] = (struct part){ begin, last };
        end = begin;
    }
    while (parts-- > 0) {
        struct part of = u->part[parts];
        if (way[of.end].id == u->how.unk)
            put_unknown(u, p, text + of.begin, of.end - of.begin);
        else
            pieces_put(p, way[of.end].id);
    }
}

/* Where the next sign begins in text[begin .. n], or n. */
static size_t next_sign(const char *text, size_t begin, size_t n)
{
    for (size_t i = begin; i + SIGN <= n; i++)
        if (memcmp(text + i, UNIGRAM_BLANK, SIGN) == 0)
            return i;
    return n;
}

/* One word, or all of a text: blanks become signs, of which each begins a part. */
static void cut_word(struct unigram *u, struct pieces *p, const char *text, size_t n)
{
    struct str *w = &u->word;
    bool begins = *text == ' ' || (n >= SIGN && memcmp(text, UNIGRAM_BLANK, SIGN) == 0);
    w->n = 0;
    if (u->how.prefix && !begins)
        str_text(w, UNIGRAM_BLANK);
    replace(&(struct unigram_step){ .from = " ", .to = UNIGRAM_BLANK }, text, n, w);
    for (size_t begin = 0, end; begin < w->n; begin = end) {
        end = u->how.split ? next_sign(w->p, begin + 1, w->n) : w->n;
        cut_part(u, p, w->p + begin, end - begin);
    }
}

/* Text between tokens, after the steps. */
static void cut_normal(struct unigram *u, struct pieces *p, const char *text, size_t n)
{
    if (!u->how.words && n)
        cut_word(u, p, text, n);
    for (size_t begin = 0, end, size; u->how.words && begin < n; begin = end + size) {
        for (end = begin, size = 0; end < n && (size = space(text + end, n - end)) == 0; )
            end += utf8_size(text + end, n - end);
        if (end > begin)
            cut_word(u, p, text + begin, end - begin);
    }
}

/* The longest token at text[n]: its length, or 0; *i is its number. */
static size_t token_at(const struct trie *tokens, const char *text, size_t n, uint32_t *i)
{
    size_t longest = 0;
    uint32_t node = 0;
    for (size_t j = 0; j < n && (node = trie_step(tokens, node, (uint8_t)text[j])) != 0; j++)
        if (tokens->node[node].value != TRIE_NONE) {
            *i = tokens->node[node].value;
            longest = j + 1;
        }
    return longest;
}

static void cut_tokens(struct unigram *u, struct pieces *p, const char *text, size_t n, bool normalized);

static void cut_between(struct unigram *u, struct pieces *p, const char *text, size_t n, bool normalized)
{
    if (normalized) {
        cut_normal(u, p, text, n);
    } else {
        struct text is = normal(u, text, n);
        cut_tokens(u, p, is.p, is.n, true);
    }
}

static void cut_tokens(struct unigram *u, struct pieces *p, const char *text, size_t n, bool normalized)
{
    size_t begin = 0;
    for (size_t i = 0, size; i < n; i += size ? size : 1) {
        uint32_t k;
        size = token_at(normalized ? u->normalized : u->raw, text + i, n - i, &k);
        if (!size)
            continue;
        const struct unigram_token *t = u->how.tokens + k;
        size_t end = i + size, first = t->left ? before_space(text, begin, i) : i;
        for (size_t blank; t->right && (blank = space(text + end, n - end)) != 0; )
            end += blank;
        cut_between(u, p, text + begin, first - begin, normalized);
        pieces_put(p, t->id);
        begin = end;
        size = end - i;
    }
    cut_between(u, p, text + begin, n - begin, normalized);
}

bool unigram_cut(struct unigram *u, struct pieces *p, const char *text, size_t n, size_t *bad)
{
    p->n = 0;
    for (size_t i = 0, size; i < n; i += size)
        if ((size = utf8_size(text + i, n - i)) == 0) {
            *bad = i;
            return false;
        }
    cut_tokens(u, p, text, n, false);
    p->words = p->n;
    return true;
}
