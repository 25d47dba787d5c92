/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const uint8_t *from, size_t n, char *to)
{
    for (size_t i = 0; i < n; i += 3) {
        uint32_t three = (uint32_t)from[i] << 16;
        if (i + 1 < n)
            three |= (uint32_t)from[i + 1] << 8;
        if (i + 2 < n)
            three |= from[i + 2];
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = i + 1 < n ? digits[three >> 6 & 63] : '=';
        *to++ = i + 2 < n ? digits[three & 63] : '=';
    }
}

bool base64_decode(const char *from, size_t n, uint8_t *to, size_t *size)
{
    uint8_t *start = to;
    if (n % 4)
        return false;
    for (size_t i = 0; i < n; i += 4) {
        uint32_t three = 0;
        unsigned pad = 0;
        for (size_t k = 0; k < 4; k++) {
            char c = from[i + k];
            const char *at = c ? strchr(digits, c) : NULL;
            if (!at && c == '=' && i + 4 == n && k >= 2)
                pad++;
            else if (!at || pad)
                return false;
            three = three << 6 | (at ? (uint32_t)(at - digits) : 0);
        }
        *to++ = (uint8_t)(three >> 16);
        if (pad < 2)
            *to++ = (uint8_t)(three >> 8);
        if (pad < 1)
            *to++ = (uint8_t)three;
    }
    *size = (size_t)(to - start);
    return true;
}
