/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/settings.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"

enum { TEXT_MOST = 64 << 20 };      /* bytes of a file other than the weights */

bool settings_wrong(const struct settings *s, const char *name, const char *format, ...)
{
    va_list args;
    int n = snprintf(s->why, s->room, "%s/%s: ", s->dir, name);
    va_start(args, format);
    if (n > 0 && (size_t)n < s->room)
        vsnprintf(s->why + n, s->room - (size_t)n, format, args);
    va_end(args);
    return false;
}

char *settings_path(const struct settings *s, const char *name)
{
    size_t n = strlen(s->dir) + strlen(name) + 2;
    char *path = mem_new(n, 1);
    snprintf(path, n, "%s/%s", s->dir, name);
    return path;
}

char *settings_text(const struct settings *s, const char *name, size_t *n, bool *missing)
{
    char *path = settings_path(s, name), *p = io_file(path, TEXT_MOST, n);
    int failed = errno;
    free(path);
    *missing = !p && failed == ENOENT;
    if (!p)
        settings_wrong(s, name, failed == EFBIG ? "larger than 64 MB" : "cannot read: %s",
                       failed == EINVAL ? "not a regular file" : strerror(failed));
    return p;
}

bool settings_json(const struct settings *s, const char *name, bool needed, json_t **j)
{
    size_t n;
    bool missing;
    char *text = settings_text(s, name, &n, &missing);
    *j = NULL;
    if (!text)
        return missing && !needed;
    json_error_t error;
    json_counts();
    *j = json_loadb(text, n, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, &error);
    free(text);
    return *j || settings_wrong(s, name, "line %d: %s", error.line, error.text);
}

bool settings_whole(const struct settings *s, const char *name, const json_t *j, const char *key, size_t most,
                    size_t *to)
{
    const json_t *v = json_object_get(j, key);
    double x = json_number_value(v);
    if (!(x >= 1 && x <= (double)most && x == floor(x)))
        return settings_wrong(s, name, "%s is not a number from 1 to %zu", key, most);
    *to = (size_t)x;
    return true;
}

bool settings_word(const struct settings *s, const char *name, const json_t *j, const char *key, const char *want)
{
    const char *got = json_string_value(json_object_get(j, key));
    if (json_object_get(j, key) && (!got || strcmp(got, want) != 0))
        return settings_wrong(s, name, "%s is %.40s: only %s is known", key, got ? got : "no text", want);
    return true;
}

bool settings_flag(const json_t *j, const char *key, bool usual)
{
    const json_t *v = json_object_get(j, key);
    return json_is_boolean(v) ? json_is_true(v) : usual;
}

const char *settings_string(const json_t *j, const char *key)
{
    const char *text = json_string_value(json_object_get(j, key));
    return text ? text : "";
}
