/* utf8 - the characters of a text
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at p, of which n >= 1 are there; 0 if it is none: cut, overlong,
 * a surrogate, or above U+10FFFF (Unicode 15, table 3-7). */
size_t utf8_size(const char *p, size_t n);

/* Whether all n bytes are characters. */
bool utf8_valid(const char *p, size_t n);

/* The code point at p, before end, into *c; its length in bytes, 0 if there is no valid
 * one (overlong, surrogate, above 10FFFF, cut). */
static inline size_t utf8_get(const uint8_t *p, const uint8_t *end, uint32_t *c)
{
    size_t left = (size_t)(end - p);
    uint32_t b = p[0];
    *c = 0;
    if (b < 0x80) {
        *c = b;
        return 1;
    }
    if (b < 0xc2 || b > 0xf4 || left < 2 || (p[1] & 0xc0) != 0x80)
        return 0;
    if (b < 0xe0) {
        *c = (b & 31) << 6 | (p[1] & 63);
        return 2;
    }
    if (left < 3 || (p[2] & 0xc0) != 0x80)
        return 0;
    if (b < 0xf0) {
        *c = (b & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
        return *c < 0x800 || (*c >= 0xd800 && *c < 0xe000) ? 0 : 3;
    }
    if (left < 4 || (p[3] & 0xc0) != 0x80)
        return 0;
    *c = (b & 7) << 18 | (uint32_t)(p[1] & 63) << 12 | (uint32_t)(p[2] & 63) << 6 | (p[3] & 63);
    return *c < 0x10000 || *c > 0x10ffff ? 0 : 4;
}

/* Write c, which is a valid code point, at p: its length, at most 4. */
static inline size_t utf8_put(uint8_t *p, uint32_t c)
{
    if (c < 0x80) {
        p[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (uint8_t)(0xc0 | c >> 6);
        p[1] = (uint8_t)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (uint8_t)(0xe0 | c >> 12);
        p[1] = (uint8_t)(0x80 | (c >> 6 & 63));
        p[2] = (uint8_t)(0x80 | (c & 63));
        return 3;
    }
    p[0] = (uint8_t)(0xf0 | c >> 18);
    p[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    p[2] = (uint8_t)(0x80 | (c >> 6 & 63));
    p[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}

#endif
