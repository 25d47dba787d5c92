/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/utf8.h"

char *str_room(struct str *s, size_t n)
{
    if (s->cap - s->n <= n)
        mem_grow(&s->p, &s->cap, n < SIZE_MAX - s->n ? s->n + n + 1 : SIZE_MAX, 1);
    return s->p + s->n;
}

void str_put(struct str *s, const char *p, size_t n)
{
    char *to = str_room(s, n);
    if (n)
        memcpy(to, p, n);
    s->n += n;
    s->p[s->n] = '\0';
}

void str_text(struct str *s, const char *text) { str_put(s, text, strlen(text)); }

void str_char(struct str *s, char c)
{
    char *to = str_room(s, 1);
    to[0] = c;
    to[1] = '\0';
    s->n++;
}

void str_vprintf(struct str *s, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    char *to = str_room(s, 64);
    size_t left = s->cap - s->n, n = (size_t)vsnprintf(to, left, format, args);
    if (n >= left)
        vsnprintf(str_room(s, n), n + 1, format, again);
    va_end(again);
    s->n += n;
}

void str_printf(struct str *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str_vprintf(s, format, args);
    va_end(args);
}

static void put_infinite(struct str *s, double x)
{
    str_text(s, isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
}

void str_f64(struct str *s, double x)
{
    if (isfinite(x))
        s->n += number_f64(str_room(s, NUMBER_MOST), x);
    else
        put_infinite(s, x);
}

void str_f32(struct str *s, float x)
{
    if (isfinite(x))
        s->n += number_f32(str_room(s, NUMBER_MOST), x);
    else
        put_infinite(s, (double)x);
}

void str_shape(struct str *s, int ndim, const size_t *shape, const char *between)
{
    for (int i = 0; i < ndim; i++)
        str_printf(s, "%s%zu", i ? between : "", shape[i]);
}

bool str_harmless(const char *p, size_t n, size_t *size)
{
    uint32_t c;
    *size = utf8_get((const uint8_t *)p, (const uint8_t *)p + n, &c);
    bool good = *size && c >= ' ' && (c < 0x7f || c > 0x9f) && (c < 0x202a || c > 0x202e) && (c < 0x2066 || c > 0x2069);
    *size += !*size;
    return good;
}

void str_shown(struct str *s, const char *p, size_t n, size_t most)
{
    for (size_t i = 0, size; i < n; i += size) {
        bool good = str_harmless(p + i, n - i, &size);
        if (i + size > most) {
            str_text(s, "...");
            return;
        }
        str_put(s, good ? p + i : "?", good ? size : 1);
    }
}

size_t str_clean(char *p, size_t n, const char *keep)
{
    size_t left = 0;
    for (size_t i = 0, size; i < n; i += size) {
        if (str_harmless(p + i, n - i, &size) || (p[i] && strchr(keep, p[i]))) {
            memmove(p + left, p + i, size);
            left += size;
        } else {
            p[left++] = '?';
        }
    }
    return left;
}

/* Whether a character goes on at p. */
static bool goes_on(const char *p) { return ((unsigned char)*p & 0xc0) == 0x80; }

size_t str_fit(char *to, size_t size, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(to, size, format, args);
    size_t all = n < 0 ? 0 : (size_t)n, left = size - 4, tail = 2 * left / 3, head = left - tail;
    char *text = all < size ? NULL : malloc(all + 1);   /* mem_new would end in here */
    if (text && vsnprintf(text, all + 1, format, again) == n) {
        while (head && goes_on(text + head))
            head--;
        while (tail && goes_on(text + all - tail))
            tail--;
        memcpy(to + head, "...", 3);
        memcpy(to + head + 3, text + all - tail, tail + 1);
        all = head + 3 + tail;
    }
    va_end(again);
    free(text);
    return all < size ? all : size - 1;
}

const char *str_short(char to[STR_SHORT], const char *p, size_t n)
{
    size_t used = n, size;
    if (n > STR_SHORT - 8)
        for (used = 0, size = 0; used < n && size < 60; size++)
            used += utf8_size(p + used, n - used) + !utf8_size(p + used, n - used);
    memcpy(to, p, used);
    strcpy(to + used, used < n ? "..." : "");
    return to;
}

size_t str_utf8(struct str *s, const char *p, size_t n)
{
    size_t bad = 0;
    while (n) {
        size_t good = 0, size = 0;
        while (good < n && (size = utf8_size(p + good, n - good)))
            good += size;
        str_put(s, p, good);
        p += good;
        n -= good;
        if (n) {
            str_text(s, "\xef\xbf\xbd");
            bad++;
            p++;
            n--;
        }
    }
    return bad;
}

void str_pad(struct str *s, size_t fill)
{
    memset(str_room(s, fill), ' ', fill);
    s->n += fill;
    s->p[s->n] = '\0';
}

size_t str_columns(const char *p, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0, size; i < n; i += size ? size : 1, columns++)
        size = utf8_size(p + i, n - i);
    return columns;
}

void str_free(struct str *s)
{
    free(s->p);
    *s = (struct str){ NULL, 0, 0 };
}
