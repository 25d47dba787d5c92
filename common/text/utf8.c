/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/utf8.h"

size_t utf8_size(const char *p, size_t n)
{
    const unsigned char *s = (const unsigned char *)p;
    size_t size = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if (size > n)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return size;
}

bool utf8_valid(const char *p, size_t n)
{
    for (size_t i = 0, size; i < n; i += size)
        if ((size = utf8_size(p + i, n - i)) == 0)
            return false;
    return true;
}
