/* lines - a text read line by line
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_LINES_H
#define FILES_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "stream/msg.h"         /* struct text */

struct lines;

/* Read path ("-": stdin). What cannot be read, or is packed, ends the program with ST_STOPPED. */
struct lines *lines_open(const char *path);

/* The next line without its LF or CRLF, borrowed until the next call; false at the end. A byte order mark in front of all
 * is passed over. One larger than frame_max ends the program with ST_MEMORY. */
bool lines_next(struct lines *l, struct text *line);

/* The line's number, from 1, and the file's name for messages. */
size_t lines_number(const struct lines *l);
const char *lines_path(const struct lines *l);

void lines_close(struct lines *l);

#endif
