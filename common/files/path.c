/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/path.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/utf16.h"
#include "base/utf8.h"
#include "files/timed.h"

size_t path_stem(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return dot && dot > name ? (size_t)(dot - path) : strlen(path);
}

void path_set_part(struct rec *r, const char *field, const char *p, size_t n)
{
    char *text = mem_new(n + 1, 3);
    size_t used = 0;
    for (size_t i = 0, size; i < n; i += size ? size : 1) {
        size = utf8_size(p + i, n - i);
        if (!size)
            used += (size_t)snprintf(text + used, 4, "%%%02X", (unsigned char)p[i]);
        memcpy(text + used, p + i, size);
        used += size;
    }
    if (strcmp(field, "id") == 0)
        rec_begin(r, text, used);
    else
        rec_set_str(r, field, text, used);
    free(text);
}

char *path_beside(const char *file, struct text name, size_t *folder)
{
    const char *slash = strrchr(file, '/');
    *folder = slash && (!name.n || *name.p != '/') ? (size_t)(slash - file) + 1 : 0;
    char *path = mem_new(*folder + name.n + 1, 1);
    memcpy(path, file, *folder);
    memcpy(path + *folder, name.p, name.n);
    path[*folder + name.n] = '\0';
    return path;
}

void path_set(struct rec *r, const char *path)
{
    if (utf8_valid(path, strlen(path)))
        rec_set_str(r, "path", path, strlen(path));
    else
        rec_set_bin(r, "path", path, strlen(path));
}

static locale_t characters(void)
{
    static locale_t utf8;
    if (!utf8)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return utf8 ? utf8 : LC_GLOBAL_LOCALE;
}

bool path_part_read(struct path_part *part, const char *text, char *why)
{
    bool regex = strncmp(text, "regex:", 6) == 0;
    part->dir = strcmp(text, "dir") == 0;
    if (!regex && !part->dir)
        snprintf(why, PATH_WHY, "it is neither dir nor regex:RE");
    bool good = regex || part->dir;
    if (regex) {
        locale_t before = uselocale(characters());
        good = pattern_compile(&part->chars, text + 6, 0, why);
        uselocale(before);
        good = good && pattern_compile(&part->bytes, text + 6, 0, why);
    }
    return good;
}

/* The expression over UTF-8 sees characters where the path is UTF-8, whatever the locale says. What is longer than
 * any path, of a table, matches nothing: the time goes by its square. */
static bool match(const struct path_part *part, const char *path, regmatch_t m[2])
{
    if (strlen(path) > PATH_MAX)
        return false;
    if (!utf8_valid(path, strlen(path)))
        return regexec(&part->bytes, path, 2, m, 0) == 0;
    locale_t before = uselocale(characters());
    bool found = regexec(&part->chars, path, 2, m, 0) == 0;
    uselocale(before);
    return found;
}

void path_set_label(struct rec *r, const char *field, const struct path_part *part, const char *path,
                    const char *relative)
{
    const char *slash = strchr(relative, '/');
    regmatch_t m[2] = { { .rm_so = -1 } };
    if (part->dir && slash) {
        path_set_part(r, field, relative, (size_t)(slash - relative));
        return;
    }
    size_t group = !part->dir && part->bytes.re_nsub ? 1 : 0;
    if (part->dir || !match(part, path, m) || m[group].rm_so < 0)
        rec_set_nil(r, field);
    else
        path_set_part(r, field, path + m[group].rm_so, (size_t)(m[group].rm_eo - m[group].rm_so));
}

/* The name of a text: {stem} filled in, relative to the folder of path. */
static char *text_path(const char *template, const char *path)
{
    const char *slash = strrchr(path, '/'), *stem = slash ? slash + 1 : path;
    size_t folder = *template == '/' ? 0 : (size_t)(stem - path), n = path_stem(path) - (size_t)(stem - path);
    size_t places = 0, used = folder;
    for (const char *p = template; (p = strstr(p, "{stem}")); p += 6)
        places++;
    char *whole = mem_new(folder + strlen(template) + places * n + 1, 1);
    memcpy(whole, path, folder);
    for (const char *p = template; *p; ) {
        if (strncmp(p, "{stem}", 6) == 0) {
            memcpy(whole + used, stem, n);
            used += n;
            p += 6;
        } else {
            whole[used++] = *p++;
        }
    }
    whole[used] = '\0';
    return whole;
}

/* A text of Windows as UTF-8, *n bytes. */
static char *from_utf16(char *text, size_t *n)
{
    enum utf16 order = utf16_mark(text, *n);
    if (order == UTF16_NONE)
        return text;
    size_t used, room = UTF16_ROOM(*n - 2);
    char *turned = mem_new(room, 1);
    *n = utf16_turn(order, (const uint8_t *)text + 2, *n - 2, true, turned, &used);
    free(text);
    return turned;
}

bool path_set_text(struct rec *r, const char *field, const char *template, const char *path)
{
    size_t n = 0;
    char *file = text_path(template, path);
    char *text = io_file(file, frame_max / 2, &n);
    bool good = true;
    if (text)
        text = from_utf16(text, &n);
    char *from = text;
    if (text && n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        from += 3;
        n -= 3;
    }
    if (!text && (errno == ENOENT || errno == ENOTDIR))
        rec_set_nil(r, field);
    else if (!text)
        good = rec_error(r, "%.120s: cannot read: %s", file, strerror(errno));
    else if (!utf8_valid(from, n))
        good = rec_error(r, "%.120s is not UTF-8: convert it first, with iconv -f latin1 -t utf8 perhaps", file);
    else
        rec_set_str(r, field, from, timed_strip(file, from, n));
    free(file);
    free(text);
    return good;
}
