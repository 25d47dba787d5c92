/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/tokens.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "base/mem.h"
#include "base/utf8.h"

/* What is kept of a code point: what it becomes (its lower case, or itself) and these. */
enum {
    BECOMES = 0x1fffff,
    WORD = 1 << 21,         /* belongs to a word under the rule */
    LETTER = 1 << 22,       /* a letter, mark or number */
    JOINER = 1 << 23,
    KNOWN = 1 << 24,
    CASED = 1 << 25,        /* its lower case depends on its neighbours or is not one code point */
    SECOND = 1 << 26,       /* may join with the one before it */
    MARK = 1 << 27,         /* combining class > 0 */
    UNSTABLE = 1 << 28,     /* not in NFC by itself */
};
enum { BLOCKS = 0x1100, COMPOSED = 0x20000 };   /* no code point from there on is composed of two */

static bool is_word(enum tokens_rule rule, uint32_t c)
{
    uint32_t mask = UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N;
    if (rule != TOKENS_SKLEARN)
        mask |= UC_CATEGORY_MASK_M;
    return c == '_' || uc_is_general_category_withtable(c, mask);
}

static uint32_t properties(const struct tokens *t, uint32_t c)
{
    uint32_t p = KNOWN | (t->how.lowercase ? uc_tolower(c) : c), nfc[8];
    if (is_word(t->how.rule, c))
        p |= WORD;
    if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_M))
        p |= LETTER;
    if (t->how.lowercase && (c == 0x130 || c == 0x3a3))     /* İ and Σ */
        p |= CASED;
    if (t->how.rule != TOKENS_WORDS)
        return p;
    if (c == 0x200c || c == 0x200d)
        p |= JOINER;
    if (c < COMPOSED && t->seconds[c / 32] >> c % 32 & 1)
        p |= SECOND;
    if (uc_combining_class(c))
        p |= MARK;
    size_t n = sizeof nfc / sizeof *nfc;
    uint32_t *whole = u32_normalize(UNINORM_NFC, &c, 1, nfc, &n);
    if (!whole || n != 1 || *whole != c)
        p |= UNSTABLE;
    if (whole && whole != nfc)
        free(whole);
    return p;
}

static uint32_t look(const struct tokens *t, uint32_t c)
{
    uint32_t *b = t->block[c >> 8];
    if (!b)
        b = t->block[c >> 8] = mem_zero(256, sizeof *b);
    uint32_t p = b[c & 255];
    return p ? p : (b[c & 255] = properties(t, c));
}

static void find_seconds(uint32_t *set)
{
    for (uint32_t c = 0; c < COMPOSED; c++) {
        ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
        if (uc_canonical_decomposition(c, parts) == 2)
            set[parts[1] / 32] |= 1u << parts[1] % 32;
    }
    for (uint32_t c = 0x1161; c <= 0x11c2; c++)     /* Hangul vowels and finals */
        set[c / 32] |= 1u << c % 32;
}

struct tokens *tokens_new(struct tokens_how how)
{
    struct tokens *t = mem_zero(1, sizeof *t);
    t->how = how;
    t->block = mem_zero(BLOCKS, sizeof *t->block);
    if (how.rule == TOKENS_WORDS) {
        t->seconds = mem_zero(COMPOSED / 32, sizeof *t->seconds);
        find_seconds(t->seconds);
    }
    for (uint32_t c = 0; c < 128; c++)
        if (is_word(how.rule, c)) {
            t->plain[c] = (uint8_t)c;
            t->fold[c] = (uint8_t)(how.lowercase ? uc_tolower(c) : c);
        }
    return t;
}

void tokens_free(struct tokens *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < BLOCKS; i++)
        free(t->block[i]);
    free(t->block);
    free(t->seconds);
    free(t->token);
    free(t->out);
    free(t->text[0]);
    free(t->text[1]);
    free(t);
}

/* ---- making a text ready ---- */

/* A text, and whether lower case and accents are done with. */
struct ready { const uint8_t *p; size_t n; bool done; };

/* Take what libunistring allocated as the text of buffer `which`. */
static void take(struct tokens *t, int which, uint8_t *p, size_t n, struct ready *text)
{
    if (!p)
        p = mem_resize(NULL, n = 0, 1);     /* it gives NULL for nothing, too */
    free(t->text[which]);
    t->text[which] = p;
    t->text_cap[which] = n;
    text->p = p;
    text->n = n;
}

/* Check the whole text; properties of all that is not ASCII, or-ed, in *seen. With
 * UNSTABLE in it something is not in NFC. */
static bool check(const struct tokens *t, const uint8_t *p, size_t n, uint32_t *seen, size_t *bad)
{
    const uint8_t *begin = p, *end = p + n;
    uint32_t all = 0, last = 0, last_props = 0, c;
    while (p < end) {
        uint64_t eight;
        if (end - p >= 8 && (memcpy(&eight, p, 8), (eight & 0x8080808080808080u) == 0)) {
            p += 8;
            last = p[-1];
            last_props = KNOWN;
            continue;
        }
        size_t size = utf8_get(p, end, &c);
        if (!size) {
            *bad = (size_t)(p - begin);
            return false;
        }
        p += size;
        uint32_t props = KNOWN;
        if (c >= 0x80) {
            props = look(t, c);
            all |= props;
            if (props & SECOND && (props & MARK || uc_composition(last, c)))
                all |= UNSTABLE;
            if (props & last_props & MARK && uc_combining_class(c) < uc_combining_class(last))
                all |= UNSTABLE;
        }
        last = c;
        last_props = props;
    }
    *seen = all;
    return true;
}

static void append(struct tokens *t, size_t *n, const uint8_t *p, size_t size)
{
    mem_grow(&t->text[0], &t->text_cap[0], *n + size + 1, 1);
    memcpy(t->text[0] + *n, p, size);
    *n += size;
}

/* NFC, where it is needed only: between code points in front of which a text may be cut. */
static void compose(struct tokens *t, struct ready *text)
{
    const uint8_t *p = text->p, *end = p + text->n, *done = p, *cut = p;
    bool dirty = false;
    uint32_t last = 0, last_props = 0, c;
    size_t n = 0;
    uint8_t room[256];
    for (;;) {
        size_t size = p < end ? utf8_get(p, end, &c) : 0;
        uint32_t props = size ? look(t, c) : 0;
        if (!(props & (SECOND | MARK | UNSTABLE))) {
            if (dirty) {
                append(t, &n, done, (size_t)(cut - done));
                size_t made = sizeof room;
                uint8_t *whole = u8_normalize(UNINORM_NFC, cut, (size_t)(p - cut), room, &made);
                if (whole)
                    append(t, &n, whole, made);
                if (whole != room)
                    free(whole);
                done = p;
                dirty = false;
            }
            cut = p;
        } else if (props & UNSTABLE || (props & SECOND && (props & MARK || uc_composition(last, c))) ||
                   (props & last_props & MARK && uc_combining_class(c) < uc_combining_class(last))) {
            dirty = true;
        }
        if (!size)
            break;
        last = c;
        last_props = props;
        p += size;
    }
    append(t, &n, done, (size_t)(end - done));
    text->p = t->text[0];
    text->n = n;
}

static bool has_alphabet(uint32_t c)
{
    const uc_script_t *s = uc_script(c);
    return s && (strcmp(s->name, "Latin") == 0 || strcmp(s->name, "Greek") == 0 ||
                 strcmp(s->name, "Cyrillic") == 0);
}

static void strip(struct tokens *t, struct ready *text)
{
    size_t n = 0, kept = 0;
    bool latin = t->how.strip == STRIP_LATIN, on_alphabet = false;
    uint8_t *p = u8_normalize(latin ? UNINORM_NFD : UNINORM_NFKD, text->p, text->n, NULL, &n);
    for (size_t i = 0, size; i < n; i += size) {
        uint32_t c;
        size = utf8_get(p + i, p + n, &c);
        bool mark = uc_combining_class(c) > 0;
        if (!mark)
            on_alphabet = latin && has_alphabet(c);
        bool keep = t->how.strip == STRIP_ASCII ? c < 0x80 : latin ? !(mark && on_alphabet) : !mark;
        if (keep) {
            memmove(p + kept, p + i, size);
            kept += size;
        }
    }
    take(t, 1, p, kept, text);
    if (latin) {
        p = u8_normalize(UNINORM_NFC, text->p, text->n, NULL, &n);
        take(t, 0, p, n, text);
    }
}

static bool prepare(struct tokens *t, struct ready *text, size_t *bad)
{
    uint32_t seen;
    if (!check(t, text->p, text->n, &seen, bad))
        return false;
    if (seen & UNSTABLE)
        compose(t, text);
    bool strips = t->how.strip != STRIP_NONE && seen;
    if (t->how.lowercase && (strips || seen & CASED)) {
        size_t n = 0;
        uint8_t *p = u8_tolower(text->p, text->n, NULL, NULL, NULL, &n);
        take(t, 1, p, n, text);
        text->done = true;
    }
    if (strips) {
        strip(t, text);
        text->done = true;
    }
    return true;
}

/* ---- cutting ---- */

static void keep(struct tokens *t, const uint8_t *p, const uint8_t *end, size_t letters)
{
    if (letters < 2) {
        t->lost += letters;
        return;
    }
    mem_grow(&t->token, &t->cap, t->n + 1, sizeof *t->token);
    t->token[t->n++] = (struct token){ p, (size_t)(end - p) };
}

bool tokens_cut(struct tokens *t, const char *s, size_t n, size_t *bad)
{
    struct ready text = { (const uint8_t *)s, n, false };
    t->n = t->letters = t->lost = 0;
    if (n == 0)
        return true;
    if (!prepare(t, &text, bad))
        return false;
    if (2 * text.n + TOKENS_PAD > t->out_cap) {     /* lower case may be longer: U+023A has 2 bytes, U+2C65 3 */
        free(t->out);
        t->out = mem_new(t->out_cap = 2 * text.n + TOKENS_PAD, 1);
    }
    const uint8_t *p = text.p, *end = p + text.n, *ascii = text.done ? t->plain : t->fold;
    uint8_t *o = t->out;
    while (p < end) {
        uint8_t *begin = o, *last = o, b;
        size_t letters = 0;
        for (;;) {          /* one word: last is behind its last letter, o behind joiners too */
            const uint8_t *from = p;
            while (p < end && (b = ascii[*p]) != 0) {
                *o++ = b;
                p++;
            }
            if (p > from) {
                letters += (size_t)(p - from);
                last = o;
            }
            if (p == end || *p < 0x80)
                break;
            uint32_t c;
            size_t size = utf8_get(p, end, &c);
            uint32_t props = look(t, c);
            if (!(props & (WORD | JOINER))) {
                if (props & LETTER) {       /* a mark, which this rule leaves out */
                    t->letters++;
                    t->lost++;
                }
                break;
            }
            p += size;
            if (props & JOINER && last == begin)
                continue;                   /* none stands before a word */
            o += utf8_put(o, text.done ? c : props & BECOMES);
            if (props & WORD) {
                letters++;
                last = o;
            }
        }
        t->letters += letters;
        keep(t, begin, last, letters);
        o = last;
        if (p < end) {
            uint32_t c;
            p += utf8_get(p, end, &c);      /* what ended the word */
        }
    }
    return true;
}
