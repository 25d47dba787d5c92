/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/near_name.h"

#include <string.h>

enum { MOST = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits between a[n] and b[m], both at most MOST. */
static size_t count_edits(const char *a, size_t n, const char *b, size_t m)
{
    size_t d[3][MOST + 1], *before = d[0], *last = d[1], *now = d[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[m];
}

struct near_name near_name(const char *wanted)
{
    size_t n = strlen(wanted);
    return (struct near_name){ .wanted = wanted, .distance = n < 4 ? 2 : n < 9 ? 3 : n / 3 + 1 };
}

void near_name_try(struct near_name *near, const char *name, size_t n)
{
    size_t len = strlen(near->wanted);
    if (len > MOST || n > MOST || n == 0)
        return;
    size_t edits = count_edits(near->wanted, len, name, n);
    if (edits >= near->distance || edits >= len || edits >= n)
        return;
    near->found = name;
    near->len = n;
    near->distance = edits;
}
