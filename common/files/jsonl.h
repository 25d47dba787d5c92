/* jsonl - JSON values out of a text, one after the other
 *
 * One a line (JSON Lines), spread over lines, one behind the other, or in an array, whose
 * values are then handed out one by one. A byte order mark is passed over.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_JSONL_H
#define FILES_JSONL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct jsonl;

/* Read path ("-": stdin). `wait` is called with `state` before we wait for a pipe, so that
 * nothing is kept back meanwhile. What cannot be read ends the program with ST_STOPPED. */
struct jsonl *jsonl_open(const char *path, void (*wait)(void *state), void *state);

enum jsonl_got { JSONL_END, JSONL_VALUE, JSONL_BAD };

/* The next value, the caller's to json_decref. JSONL_BAD: the text is no JSON (or has a
 * member twice, a whole number beyond 64 bits, values nested over 2048 deep); jsonl_error
 * says why, and the next call reads on at the next line that begins with an object. A value
 * larger than frame_max ends the program with ST_MEMORY. */
enum jsonl_got jsonl_next(struct jsonl *in, json_t **value);

/* The file's name for messages: path or "stdin". */
const char *jsonl_path(const struct jsonl *in);

/* The line, from 1, that the value begins on; and what is wrong with it. */
size_t jsonl_line(const struct jsonl *in);
const char *jsonl_error(const struct jsonl *in);

void jsonl_close(struct jsonl *in);

#endif
