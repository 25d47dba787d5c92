/* text_in - a text that is read piece by piece: what its readers have of it, and what is wrong with its beginning
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_TEXT_IN_H
#define FILES_TEXT_IN_H

#include <stdbool.h>
#include <stddef.h>

struct text_in {
    struct io_in *from;
    const char *path;           /* for messages: as given, or "stdin" */
    char *buf;
    size_t cap, pos, end;       /* buf[pos … end) is not consumed yet */
    size_t line;                /* that pos is in, from 1: its reader counts */
};

/* Read path ("-": stdin) up to where its beginning is known; a byte order mark is passed over. What cannot be read, is packed,
 * or UTF-16 ends the program with ST_STOPPED. */
void text_in_open(struct text_in *t, const char *path);

/* Read more behind end, which may move what is there; false at the end of the file. Where more than frame_max bytes are not
 * consumed, the program ends with ST_MEMORY: `what`, "a line", is too large. */
bool text_in_more(struct text_in *t, const char *what);

void text_in_close(struct text_in *t);

#endif
