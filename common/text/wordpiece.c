/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/wordpiece.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { WORD_MOST = WORDPIECE_WORD_MOST };

/* What is kept of a code point: the one that it becomes, and these. */
enum {
    BECOMES = 0x1fffff,
    KNOWN = 1 << 21,
    DROP = 1 << 22,
    BLANK = 1 << 23,
    ALONE = 1 << 24,            /* a word by itself */
    SEVERAL = 1 << 25,          /* becomes more than one */
};
enum { BLOCKS = 0x1100 };

struct entry { uint32_t begin, n, id, used; };

struct wordpiece {
    struct wordpiece_how how;
    char *text;                 /* of vocab.txt */
    struct entry *slot[2];      /* pieces that begin a word, and those that go on (without ##) */
    unsigned bits;
    size_t size, longest;       /* pieces; bytes of the longest */
    uint32_t special[5];        /* [UNK] [CLS] [SEP] [PAD] [MASK]; UINT32_MAX: not in vocab.txt */
    uint32_t *block[BLOCKS];
};

static const char *const specials[5] = { "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]" };

/* Marks, signs and punctuation that the tokenizers' tables have as unassigned: nothing is
 * done to them. From a sweep over all code points with tokenizers 0.23.3, against the
 * tables of Unicode 14. */
static const struct { uint32_t first, last; } later[] = {
    { 0x61d, 0x61d }, { 0x7fd, 0x7fd }, { 0x890, 0x891 }, { 0x898, 0x89f }, { 0x8ca, 0x8e2 },
    { 0x9fd, 0x9fe }, { 0xa76, 0xa76 }, { 0xafa, 0xaff }, { 0xb55, 0xb55 }, { 0xc04, 0xc04 },
    { 0xc3c, 0xc3c }, { 0xc77, 0xc77 }, { 0xc84, 0xc84 }, { 0xd00, 0xd00 }, { 0xd3b, 0xd3c },
    { 0xd81, 0xd81 }, { 0xeba, 0xeba }, { 0x180f, 0x180f }, { 0x1885, 0x1886 }, { 0x1abf, 0x1ace },
    { 0x1b7d, 0x1b7e }, { 0x1df6, 0x1dfb }, { 0x2e43, 0x2e4f }, { 0x2e52, 0x2e5d }, { 0xa82c, 0xa82c },
    { 0xa8c5, 0xa8c5 }, { 0xa8ff, 0xa8ff }, { 0xa9bd, 0xa9bd }, { 0x10d24, 0x10d27 }, { 0x10eab, 0x10ead },
    { 0x10f46, 0x10f50 }, { 0x10f55, 0x10f59 }, { 0x10f82, 0x10f89 }, { 0x11070, 0x11070 },
    { 0x11073, 0x11074 }, { 0x110c2, 0x110c2 }, { 0x110cd, 0x110cd }, { 0x111cf, 0x111cf },
    { 0x1123e, 0x1123e }, { 0x1133b, 0x1133b }, { 0x11438, 0x1143f }, { 0x11442, 0x11444 },
    { 0x11446, 0x11446 }, { 0x1144b, 0x1144f }, { 0x1145a, 0x1145b }, { 0x1145d, 0x1145e },
    { 0x11660, 0x1166c }, { 0x116b9, 0x116b9 }, { 0x1182f, 0x11837 }, { 0x11839, 0x1183b },
    { 0x11938, 0x11938 }, { 0x1193b, 0x1193c }, { 0x1193e, 0x1193e }, { 0x11943, 0x11946 },
    { 0x119d4, 0x119d7 }, { 0x119da, 0x119db }, { 0x119e0, 0x119e0 }, { 0x119e2, 0x119e2 },
    { 0x11a01, 0x11a0a }, { 0x11a33, 0x11a38 }, { 0x11a3b, 0x11a47 }, { 0x11a51, 0x11a56 },
    { 0x11a59, 0x11a5b }, { 0x11a8a, 0x11a96 }, { 0x11a98, 0x11a9c }, { 0x11a9e, 0x11aa2 },
    { 0x11c30, 0x11c36 }, { 0x11c38, 0x11c3d }, { 0x11c3f, 0x11c3f }, { 0x11c41, 0x11c45 },
    { 0x11c70, 0x11c71 }, { 0x11c92, 0x11ca7 }, { 0x11caa, 0x11cb0 }, { 0x11cb2, 0x11cb3 },
    { 0x11cb5, 0x11cb6 }, { 0x11d31, 0x11d36 }, { 0x11d3a, 0x11d3a }, { 0x11d3c, 0x11d3d },
    { 0x11d3f, 0x11d45 }, { 0x11d47, 0x11d47 }, { 0x11d90, 0x11d91 }, { 0x11d95, 0x11d95 },
    { 0x11d97, 0x11d97 }, { 0x11ef3, 0x11ef4 }, { 0x11ef7, 0x11ef8 }, { 0x11fff, 0x11fff },
    { 0x12ff1, 0x12ff2 }, { 0x13430, 0x13438 }, { 0x16e97, 0x16e9a }, { 0x16f4f, 0x16f4f },
    { 0x16fe2, 0x16fe2 }, { 0x16fe4, 0x16fe4 }, { 0x1cf00, 0x1cf2d }, { 0x1cf30, 0x1cf46 },
    { 0x1e000, 0x1e006 }, { 0x1e008, 0x1e018 }, { 0x1e01b, 0x1e021 }, { 0x1e023, 0x1e024 },
    { 0x1e026, 0x1e02a }, { 0x1e130, 0x1e136 }, { 0x1e2ae, 0x1e2ae }, { 0x1e2ec, 0x1e2ef },
    { 0x1e944, 0x1e94a }, { 0x1e95e, 0x1e95f },
};

/* Letters of Unicode 15 and 16, whose lower case the tokenizers know. */
static const struct { uint32_t first, last; int32_t lower; } newer[] = {
    { 0x1c89, 0x1c89, 1 }, { 0xa7cb, 0xa7cb, 0x264 - 0xa7cb }, { 0xa7cc, 0xa7cc, 1 }, { 0xa7ce, 0xa7ce, 1 },
    { 0xa7d2, 0xa7d2, 1 }, { 0xa7d4, 0xa7d4, 1 }, { 0xa7da, 0xa7da, 1 }, { 0xa7dc, 0xa7dc, 0x19b - 0xa7dc },
    { 0x10d50, 0x10d65, 32 }, { 0x16ea0, 0x16eb8, 27 },
};

/* ---- code points ---- */

static bool is_later(uint32_t c)
{
    if (c < later[0].first)
        return false;
    for (size_t i = 0; i < sizeof later / sizeof *later && later[i].first <= c; i++)
        if (c <= later[i].last)
            return true;
    return false;
}

static uint32_t lower(uint32_t c)
{
    for (size_t i = 0; i < sizeof newer / sizeof *newer; i++)
        if (c >= newer[i].first && c <= newer[i].last)
            return (uint32_t)((int32_t)c + newer[i].lower);
    return uc_tolower(c);
}

static bool is(uint32_t c, uint32_t mask)
{
    return uc_is_general_category_withtable(c, mask);
}

static bool is_mark(uint32_t c)
{
    return c == 0x1734 || (is(c, UC_CATEGORY_MASK_Mn) && !is_later(c) && c != 0x111c9);
}

static bool is_alone(uint32_t c)
{
    if (c < 128)
        return c > ' ' && c < 127 && !((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9');
    return c == 0x166d || c == 0x111c9 || (is(c, UC_CATEGORY_MASK_P) && !is_later(c));
}

static bool is_chinese(uint32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x20000 && c <= 0x2a6df) ||
           (c >= 0x2a700 && c <= 0x2b73f) || (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf) ||
           (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

/* What c becomes, in order: to[most]; their number. */
static size_t become(const struct wordpiece *w, uint32_t c, uint32_t to[32])
{
    uint32_t parts[32];
    size_t n = 32, kept = 0;
    uint32_t *nfd = w->how.strip_accents && !is_later(c) ? u32_normalize(UNINORM_NFD, &c, 1, parts, &n) : NULL;
    if (!nfd) {
        parts[0] = c;
        n = 1;
    } else if (nfd != parts) {
        free(nfd);
        n = 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (w->how.strip_accents && is_mark(parts[i]))
            continue;
        to[kept++] = w->how.lowercase ? lower(parts[i]) : parts[i];
        if (w->how.lowercase && parts[i] == 0x130)      /* İ, which alone has a lower case of two */
            to[kept++] = 0x307;
    }
    return kept;
}

static uint32_t properties(const struct wordpiece *w, uint32_t c)
{
    uint32_t to[34];
    if (c == '\t' || c == '\n' || c == '\r' ||
        is(c, UC_CATEGORY_MASK_Zs | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp))
        return KNOWN | BLANK;
    bool control = is(c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Co) && !is_later(c);
    if (c == 0 || c == 0xfffd || control)
        return KNOWN | DROP;
    size_t n = become(w, c, to);
    if (n == 0)
        return KNOWN | DROP;
    if (n > 1)
        return KNOWN | SEVERAL;
    return KNOWN | to[0] | (is_alone(to[0]) || (w->how.chinese && is_chinese(c)) ? ALONE : 0);
}

static uint32_t look(struct wordpiece *w, uint32_t c)
{
    uint32_t *b = w->block[c >> 8];
    if (!b)
        b = w->block[c >> 8] = mem_zero(256, sizeof *b);
    uint32_t p = b[c & 255];
    return p ? p : (b[c & 255] = properties(w, c));
}

/* ---- pieces ---- */

static struct entry *find(const struct wordpiece *w, int inside, const char *p, size_t n)
{
    size_t mask = ((size_t)1 << w->bits) - 1, i = (size_t)hash_bytes(p, n) & mask;
    struct entry *e = w->slot[inside] + i;
    while (e->used && !(e->n == n && memcmp(w->text + e->begin, p, n) == 0)) {
        i = (i + 1) & mask;
        e = w->slot[inside] + i;
    }
    return e;
}

struct wordpiece *wordpiece_new(const char *vocab, size_t n, struct wordpiece_how how, const char **missing)
{
    struct wordpiece *w = mem_zero(1, sizeof *w);
    w->how = how;
    w->text = mem_text(vocab, n);
    size_t lines = 1;
    for (size_t i = 0; i < n; i++)
        lines += vocab[i] == '\n';
    for (w->bits = 4; (size_t)1 << w->bits < 2 * lines; )
        w->bits++;
    for (int k = 0; k < 2; k++)
        w->slot[k] = mem_zero((size_t)1 << w->bits, sizeof **w->slot);
    for (int k = 0; k < 5; k++)
        w->special[k] = UINT32_MAX;
    for (size_t i = 0, size; i < n && i < UINT32_MAX; i += size + 1) {
        const char *p = w->text + i, *end = memchr(p, '\n', n - i);
        size_t len = size = end ? (size_t)(end - p) : n - i;
        while (len && p[len - 1] == '\r')
            len--;
        uint32_t id = (uint32_t)w->size++;
        for (int k = 0; k < 5; k++)
            if (len == strlen(specials[k]) && memcmp(p, specials[k], len) == 0)
                w->special[k] = id;
        int inside = len > 2 && p[0] == '#' && p[1] == '#';
        size_t skip = inside ? 2 : 0;
        *find(w, inside, p + skip, len - skip) =
            (struct entry){ (uint32_t)(i + skip), (uint32_t)(len - skip), id, 1 };
        if (len - skip > w->longest)
            w->longest = len - skip;
    }
    for (int k = 0; k < 3; k++)
        if (w->special[k] == UINT32_MAX) {
            *missing = specials[k];
            wordpiece_free(w);
            return NULL;
        }
    return w;
}

void wordpiece_free(struct wordpiece *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < BLOCKS; i++)
        free(w->block[i]);
    free(w->slot[0]);
    free(w->slot[1]);
    free(w->text);
    free(w);
}

bool wordpiece_special(const char *name)
{
    for (int k = 0; k < 5; k++)
        if (strcmp(name, specials[k]) == 0)
            return true;
    return false;
}

size_t wordpiece_size(const struct wordpiece *w) { return w->size; }
uint32_t wordpiece_unk(const struct wordpiece *w) { return w->special[0]; }
uint32_t wordpiece_cls(const struct wordpiece *w) { return w->special[1]; }
uint32_t wordpiece_sep(const struct wordpiece *w) { return w->special[2]; }

/* The word that is being read, and where each of its code points begins. */
struct word { uint8_t text[4 * WORD_MOST + 4]; size_t at[WORD_MOST + 1], n; bool too_long; };

/* The longest piece first, then the longest of the rest; no match: the whole word is [UNK]. */
static void finish(const struct wordpiece *w, struct word *word, struct pieces *p)
{
    size_t first = p->n, i = 0;
    if (!word->n && !word->too_long)
        return;
    p->words++;
    while (i < word->n && !word->too_long) {
        const char *from = (const char *)word->text + word->at[i];
        size_t j = word->n;
        const struct entry *e = NULL;
        for (; j > i; j--) {
            size_t bytes = word->at[j] - word->at[i];
            if (bytes <= w->longest && (e = find(w, i > 0, from, bytes))->used)
                break;
        }
        if (j == i)
            break;
        pieces_put(p, e->id);
        i = j;
    }
    if (word->too_long || i < word->n) {
        p->n = first;
        pieces_put(p, w->special[0]);
    }
    word->n = 0;
    word->too_long = false;
}

static void add(struct word *word, uint32_t c)
{
    if (word->n == WORD_MOST || word->too_long) {
        word->too_long = true;
        return;
    }
    size_t at = word->at[word->n++];
    word->at[word->n] = at + utf8_put(word->text + at, c);
}

static void alone(const struct wordpiece *w, struct word *word, struct pieces *p, uint32_t c)
{
    finish(w, word, p);
    add(word, c);
    finish(w, word, p);
}

/* The special piece that stands at p: its length, or 0. */
static size_t special_at(const struct wordpiece *w, const uint8_t *p, const uint8_t *end, uint32_t *id)
{
    for (int k = 0; k < 5; k++) {
        size_t n = strlen(specials[k]);
        if ((size_t)(end - p) >= n && memcmp(p, specials[k], n) == 0 && w->special[k] != UINT32_MAX) {
            *id = w->special[k];
            return n;
        }
    }
    return 0;
}

bool wordpiece_cut(struct wordpiece *w, struct pieces *p, const char *text, size_t n, size_t *bad)
{
    const uint8_t *s = (const uint8_t *)text, *end = s + n;
    struct word word = { .n = 0 };
    uint32_t c, id, to[34];
    p->n = p->words = 0;
    for (size_t size; s < end; s += size) {
        if (*s == '[' && (size = special_at(w, s, end, &id)) != 0) {
            finish(w, &word, p);
            pieces_put(p, id);
            p->words++;
            continue;
        }
        if ((size = utf8_get(s, end, &c)) == 0) {
            *bad = (size_t)(s - (const uint8_t *)text);
            return false;
        }
        uint32_t props = look(w, c);
        if (props & BLANK) {
            finish(w, &word, p);
        } else if (props & ALONE) {
            alone(w, &word, p, props & BECOMES);
        } else if (props & SEVERAL) {
            size_t parts = become(w, c, to);
            for (size_t i = 0; i < parts; i++) {
                if (is_alone(to[i]))
                    alone(w, &word, p, to[i]);
                else
                    add(&word, to[i]);
            }
        } else if (!(props & DROP)) {
            add(&word, props & BECOMES);
        }
    }
    finish(w, &word, p);
    return true;
}
