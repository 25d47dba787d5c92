/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/utf8.h"

size_t utf8_size(const char *p, size_t n)
{
    uint32_t c;
    return utf8_get((const uint8_t *)p, (const uint8_t *)p + n, &c);
}

bool utf8_valid(const char *p, size_t n)
{
    for (size_t i = 0, size; i < n; i += size)
        if ((size = utf8_size(p + i, n - i)) == 0)
            return false;
    return true;
}
