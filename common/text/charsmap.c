/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/charsmap.h"

#include <stdlib.h>
#include <string.h>
#include <unigbrk.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { WHOLE = 5 };                     /* bytes of the longest cluster that is looked up whole */

struct charsmap {
    uint32_t *unit;
    size_t n;
    char *text;
    size_t size;                        /* of the texts, with the last NUL */
};

static size_t offset(uint32_t unit) { return (size_t)(unit >> 10) << ((unit & 1u << 9) >> 6); }
static bool ends(uint32_t unit) { return unit >> 8 & 1; }
static uint32_t label(uint32_t unit) { return unit & (1u << 31 | 0xff); }
static size_t value(uint32_t unit) { return unit & ~(1u << 31); }

/* Where the children of the unit at `base` ^ byte begin; false if there is no such unit. */
static bool step(const struct charsmap *c, size_t base, uint8_t byte, size_t *at, uint32_t *unit)
{
    *at = base ^ byte;
    if (*at >= c->n || label(c->unit[*at]) != byte)
        return false;
    *unit = c->unit[*at];
    *at ^= offset(*unit);
    return true;
}

/* Whether all that can be reached from the root lies within. */
static bool whole(const struct charsmap *c)
{
    size_t *base = mem_new(c->n + 1, sizeof *base), n = 0;
    uint8_t *seen = mem_zero(c->n, 1);
    bool good = offset(c->unit[0]) < c->n;
    base[n++] = offset(c->unit[0]);
    for (size_t k = 0; k < n && good; k++)
        for (unsigned byte = 1; byte < 256 && good; byte++) {
            size_t at;
            uint32_t unit;
            if (!step(c, base[k], (uint8_t)byte, &at, &unit) || seen[base[k] ^ byte])
                continue;
            seen[base[k] ^ byte] = 1;
            good = at < c->n;
            if (good && ends(unit)) {
                size_t text = value(c->unit[at]);
                good = text < c->size && ((uint8_t)c->text[text] & 0xc0) != 0x80;
            }
            base[n++] = at;
        }
    free(seen);
    free(base);
    return good;
}

struct charsmap *charsmap_new(const uint8_t *bytes, size_t n, const char **why)
{
    size_t size = n < 4 ? 0 : (size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
    *why = size == 0 || size % 4 || size > n - 4 ? "its trie claims another size than it has" :
           !utf8_valid((const char *)bytes + 4 + size, n - 4 - size) ? "its texts are not UTF-8" : NULL;
    if (*why)
        return NULL;
    struct charsmap *c = mem_zero(1, sizeof *c);
    c->n = size / 4;
    c->unit = mem_new(c->n, sizeof *c->unit);
    for (size_t i = 0; i < c->n; i++) {
        const uint8_t *p = bytes + 4 + 4 * i;
        c->unit[i] = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    }
    c->text = mem_text((const char *)bytes + 4 + size, n - 4 - size);
    c->size = n - 4 - size + 1;
    if (whole(c))
        return c;
    *why = "its trie points beyond its end";
    charsmap_free(c);
    return NULL;
}

void charsmap_free(struct charsmap *c)
{
    if (!c)
        return;
    free(c->unit);
    free(c->text);
    free(c);
}

/* The text of the shortest key that p[n] begins with, or NULL. */
static const char *find(const struct charsmap *c, const uint8_t *p, size_t n)
{
    size_t at = offset(c->unit[0]);
    uint32_t unit;
    for (size_t i = 0; i < n && p[i] && step(c, at, p[i], &at, &unit); i++)
        if (ends(unit))
            return c->text + value(c->unit[at]);
    return NULL;
}

static bool is_plain(const uint8_t *p, const uint8_t *end)
{
    return p[0] < 0x80 && (p + 1 == end || (p[1] < 0x80 && !(p[0] == '\r' && p[1] == '\n')));
}

void charsmap_put(const struct charsmap *c, const char *text, size_t n, struct str *to)
{
    const uint8_t *p = (const uint8_t *)text, *end = p + n;
    while (p < end) {
        const uint8_t *next = is_plain(p, end) ? p + 1 : u8_grapheme_next(p, end);
        const char *by = next - p <= WHOLE ? find(c, p, (size_t)(next - p)) : NULL;
        if (by) {
            str_text(to, by);
            p = next;
        }
        while (p < next) {
            size_t size = utf8_size((const char *)p, (size_t)(next - p));
            if ((by = find(c, p, size)))
                str_text(to, by);
            else
                str_put(to, (const char *)p, size);
            p += size;
        }
    }
}
