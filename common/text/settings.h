/* settings - the JSON files of a model's folder, and what is wrong with them
 *
 * Functions that return false have said why in why[room]: the folder, the file and the fault.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_SETTINGS_H
#define TEXT_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct settings {
    const char *dir;
    char *why;
    size_t room;
};

/* Say what is wrong with the file `name`. Returns false. */
bool settings_wrong(const struct settings *s, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* dir/name, the caller's to free. */
char *settings_path(const struct settings *s, const char *name);

/* All of a file with a NUL behind it, size in *n, the caller's to free; NULL if it cannot be
 * read, *missing then says whether there is none. */
char *settings_text(const struct settings *s, const char *name, size_t *n, bool *missing);

/* A JSON object or array, the caller's to json_decref; *j is NULL if there is no such file and it
 * is not `needed`. All numbers are reals: whole ones beyond 64 bits (int(1e30) is what
 * transformers writes for "no limit") are numbers like others. */
bool settings_json(const struct settings *s, const char *name, bool needed, json_t **j);

/* A whole number from 1 to `most`. */
bool settings_whole(const struct settings *s, const char *name, const json_t *j, const char *key, size_t most,
                    size_t *to);

/* The value of key is absent, or this word. */
bool settings_word(const struct settings *s, const char *name, const json_t *j, const char *key, const char *want);

/* A truth value, or `usual` where there is none or null. */
bool settings_flag(const json_t *j, const char *key, bool usual);

/* A text, or "" where there is none. */
const char *settings_string(const json_t *j, const char *key);

#endif
