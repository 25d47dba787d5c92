/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/playlist.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum { NAME_MOST = 200 };

void playlist_text(struct str *to, const char *text, size_t n, size_t most)
{
    for (size_t i = 0, size; i < n; i += size) {
        bool good = str_harmless(text + i, n - i, &size);
        if (i + size > most)
            return;
        if (good)
            str_put(to, text + i, size);
        else
            str_char(to, ' ');
    }
}

/* Whether the name up to its first dot is one that Windows keeps for a device. */
static bool is_device(const char *p, size_t n)
{
    static const char *const names[] = { "CON", "PRN", "AUX", "NUL", "COM", "LPT" };
    const char *dot = memchr(p, '.', n);
    size_t stem = dot ? (size_t)(dot - p) : n;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (stem == (i < 4 ? 3 : 4) && strncasecmp(p, names[i], 3) == 0 && (i < 4 || (p[3] >= '0' && p[3] <= '9')))
            return true;
    return false;
}

void playlist_name(struct str *to, const char *text, size_t n)
{
    size_t start = to->n;
    if (is_device(text, n))
        str_char(to, '_');
    playlist_text(to, text, n, NAME_MOST);
    for (size_t i = start; i < to->n; i++)
        if (strchr("<>:\"/\\|?*", to->p[i]) || (i == start && to->p[i] == '.'))
            to->p[i] = '_';
    for (size_t i = to->n; i > start && (to->p[i - 1] == '.' || to->p[i - 1] == ' '); i--)
        to->p[i - 1] = '_';
    if (to->n == start)
        str_char(to, '_');
}

bool playlist_take(struct ids *taken, const char *name, size_t n)
{
    char *lower = mem_text(name, n);
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + 'a' - 'A' : lower[i]);
    bool is_new = ids_add(taken, (struct text){ lower, n }, 0);
    free(lower);
    return is_new;
}

void playlist_way(struct str *way, const char *from, const char *to)
{
    size_t same = 0, i = 0;
    for (; from[i] && from[i] == to[i]; i++)
        if (from[i] == '/')
            same = i + 1;
    if ((!from[i] || from[i] == '/') && (!to[i] || to[i] == '/'))
        same = i + (from[i] == '/' || to[i] == '/');
    for (const char *p = from + (same < strlen(from) ? same : strlen(from)); *p; p += strcspn(p, "/"), p += *p == '/')
        str_text(way, "../");
    if (same < strlen(to)) {
        str_text(way, to + same);
        str_char(way, '/');
    }
}
