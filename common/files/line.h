/* line - the output of a text sink: a buffer that is written at the ends of lines
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_LINE_H
#define FILES_LINE_H

#include <stddef.h>

struct line_out;

/* Write to path, which appears when it is whole, or to stdout if path is NULL. */
struct line_out *line_create(const char *path);

/* Add to the line that is being made; nothing of it is written before line_end. */
void line_put(struct line_out *out, const char *p, size_t n);
void line_text(struct line_out *out, const char *s);
void line_char(struct line_out *out, char c);

/* Room for n bytes at the end of the line, to be filled and then taken by line_took. */
char *line_room(struct line_out *out, size_t n);
void line_took(struct line_out *out, size_t n);

/* Give up the line that is being made. */
void line_cancel(struct line_out *out);

/* End the line; end it without a line feed, which is for what is no text. */
void line_end(struct line_out *out);
void line_cut(struct line_out *out);

/* Write what is there of whole lines: before a wait. */
void line_flush(struct line_out *out);

/* Flush and close, every error is found; the file appears. Frees out. */
void line_finish(struct line_out *out);

#endif
