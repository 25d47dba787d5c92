/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/utf16.h"

#include "base/utf8.h"

enum utf16 utf16_mark(const void *text, size_t n)
{
    const uint8_t *p = text;
    if (n < 2 || p[0] + p[1] != 0xff + 0xfe || p[0] < 0xfe)
        return UTF16_NONE;
    return p[0] == 0xff ? UTF16_LITTLE : UTF16_BIG;
}

static uint32_t unit(enum utf16 order, const uint8_t *p)
{
    return order == UTF16_BIG ? (uint32_t)(p[0] << 8 | p[1]) : (uint32_t)(p[1] << 8 | p[0]);
}

size_t utf16_turn(enum utf16 order, const uint8_t *from, size_t n, bool last, char *to, size_t *used)
{
    uint8_t *out = (uint8_t *)to;
    size_t i = 0;
    while (n - i >= 2) {
        uint32_t c = unit(order, from + i), low = 0;
        bool high = c >= 0xd800 && c < 0xdc00;
        if (high && n - i < 4 && !last)
            break;
        if (high && n - i >= 4)
            low = unit(order, from + i + 2);
        i += 2;
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        }
        out += utf8_put(out, c);
    }
    if (last && n - i == 1) {
        *out++ = 0xff;
        i++;
    }
    *used = i;
    return (size_t)(out - (uint8_t *)to);
}
