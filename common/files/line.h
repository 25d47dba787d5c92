/* line - the output of a text sink: a text that is written at the ends of lines
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_LINE_H
#define FILES_LINE_H

#include "base/io.h"
#include "base/str.h"

/* What is made is in `text`, to be added to by str_put and its kin; none of it is written
 * before line_end. */
struct line_out {
    struct str text;
    struct io_out *to;
    size_t whole;               /* bytes of whole lines */
    bool shown;                 /* a person reads it, as on a terminal: "?" for what is not harmless (str_clean) */
};

/* Write to path, which appears when it is whole, or to stdout if path is NULL. */
struct line_out *line_create(const char *path);

/* End the line; end it without a line feed, which is for what is no text. */
void line_end(struct line_out *out);
void line_cut(struct line_out *out);

/* Write what is there of whole lines: before a wait. */
void line_flush(struct line_out *out);

/* Write the whole lines and close, every error is found; the file appears. Frees out. */
void line_finish(struct line_out *out);

#endif
