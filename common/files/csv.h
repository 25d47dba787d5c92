/* csv - tables as text (RFC 4180), read a row at a time
 *
 * Cells in quotes may hold delimiters, line ends and doubled quotes. Lines end with LF,
 * CRLF or CR, the last one perhaps with the file; a byte order mark is passed over, and so
 * are empty lines. UTF-16 with a mark is turned into UTF-8. A line "sep=;" in front, as Excel
 * writes and reads it, says what the delimiter is, whatever the caller does. A quote
 * within a cell that does not begin with one is an ordinary character. Cells are bytes:
 * whether they are UTF-8 is the caller's to ask.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_CSV_H
#define FILES_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "stream/msg.h"         /* struct text */

struct csv;

/* Read path ("-": stdin) and its first row, the names of the columns. The delimiter '\0' is a guess: the comma, semicolon
 * or tab of which the first line has most outside quotes, of equals the first in this order; what it is, if no comma, a note
 * tells. An empty file, one
 * that cannot be read, or a first row that is malformed or has a name twice, ends the
 * program with ST_STOPPED. An empty name becomes columnN, N from 1; csv_unnamed tells.
 * CSV_TWICE: csv_rewind will be called; what is no regular file is then kept in an unlinked
 * file in TMPDIR. CSV_BESIDE: an option names the file (packed_refuse). */
enum { CSV_TWICE = 1, CSV_BESIDE = 2 };
struct csv *csv_open(const char *path, char delimiter, int how);

/* The delimiter that `text` names: one character, or "tab" or "\t". False if it is none. */
bool csv_delimiter(const char *text, char *delimiter);

/* The delimiter, and one that was guessed as csv_delimiter reads it. */
char csv_separator(const struct csv *c);
const char *csv_separator_name(const struct csv *c);

/* The file's name for messages: path or "stdin". */
const char *csv_path(const struct csv *c);

size_t csv_columns(const struct csv *c);
const char *csv_name(const struct csv *c, size_t column);
bool csv_unnamed(const struct csv *c, size_t column);

/* The column of that name; SIZE_MAX if there is none. */
size_t csv_find(const struct csv *c, const char *name);

enum csv_got { CSV_END, CSV_ROW, CSV_BAD };

/* Read the next row. CSV_BAD: it has another number of cells than the first row, a NUL, or
 * quotes that do not fit; csv_error says which, and the next call reads on behind it. A row
 * larger than frame_max ends the program with ST_MEMORY, a read error with ST_STOPPED. */
enum csv_got csv_next(struct csv *c);

/* A cell of the row, with its quotes undone and a NUL behind it; borrowed until the next
 * call of csv_next. */
struct text csv_cell(const struct csv *c, size_t column);

/* The line, from 1, that the row begins on; and what is wrong with it. */
size_t csv_line(const struct csv *c);
const char *csv_error(const struct csv *c);

/* The xxh3 of the file's bytes, as opt_input wants it; only after CSV_END. */
uint64_t csv_hash(const struct csv *c);

/* Back to the first row after the names; only after CSV_END. A file whose bytes have changed
 * ends the program with ST_STOPPED, at its end if not before. */
void csv_rewind(struct csv *c);

void csv_close(struct csv *c);

#endif
