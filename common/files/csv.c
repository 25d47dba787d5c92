/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/packed.h"
#include "base/progress.h"
#include "base/utf16.h"
#include "stream/frame.h"
#include "stream/ids.h"

enum { BUFFER = 64 << 10 };

struct cell { size_t start, n; };

struct csv {
    struct io_in *in;
    const char *path;
    char delimiter;
    bool beside;
    enum utf16 order;           /* of a UTF-16 file, whose raw[raw_n] is not turned into UTF-8 yet */
    uint8_t *raw;
    size_t raw_n;
    bool stops[256];            /* bytes at which a cell without quotes ends or is looked at */
    char *buf;
    size_t pos, end;            /* buf[pos … end) is not consumed yet */
    size_t line, row_line;
    char *row;                  /* the cells' text, a NUL behind each */
    size_t row_n, row_cap;
    struct cell *cells;
    size_t n, cells_cap;
    char **names;
    bool *unnamed;
    size_t columns;
    char error[192];
};

bool csv_delimiter(const char *text, char *delimiter)
{
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        text = "\t";
    *delimiter = text[0];
    return text[0] && !text[1] && !strchr("\"\r\n", text[0]) && (unsigned char)text[0] < 0x80;
}

char csv_separator(const struct csv *c) { return c->delimiter; }

const char *csv_separator_name(const struct csv *c)
{
    static const char *const names[] = { ",", ";", "|", "tab" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (c->delimiter == (names[i][1] ? '\t' : names[i][0]))
            return names[i];
    return NULL;
}

/* ---- bytes ---- */

/* Add what a piece of a UTF-16 file is in UTF-8; false at its end. */
static bool turn(struct csv *c)
{
    size_t n = 0, used;
    if (c->raw_n < 4 && (n = io_get(c->in, c->raw + c->raw_n, BUFFER / 2)) == 0 && c->raw_n == 0)
        return false;
    bool last = c->raw_n < 4 && n == 0;
    c->raw_n += n;
    c->end += utf16_turn(c->order, c->raw, c->raw_n, last, c->buf + c->end, &used);
    c->raw_n -= used;
    memmove(c->raw, c->raw + used, c->raw_n);
    return true;
}

/* Read on, behind buf[pos … end): false at the end of the file. */
static bool more(struct csv *c)
{
    size_t before = c->end -= c->pos;
    memmove(c->buf, c->buf + c->pos, c->end);
    c->pos = 0;
    if (!c->order)
        c->end += io_get(c->in, c->buf + c->end, BUFFER - c->end);
    while (c->order && c->end == before && turn(c))
        ;
    return c->end > before;
}

/* The next byte, not consumed; EOF at the end. */
static int peek(struct csv *c)
{
    if (c->pos == c->end && !more(c))
        return EOF;
    return (unsigned char)c->buf[c->pos];
}

static void put(struct csv *c, const char *p, size_t n)
{
    if (c->row_n + n > frame_max)
        die(ST_MEMORY, "%s:%zu: a row larger than --max-record (%zu): is there a quote that is never closed?",
            c->path, c->row_line, frame_max);
    mem_grow(&c->row, &c->row_cap, c->row_n + n + 1, 1);
    memcpy(c->row + c->row_n, p, n);
    c->row_n += n;
}

/* Add the bytes from pos to the first that `stops` names, to the row. */
static void put_until(struct csv *c, const bool stops[256])
{
    do {
        size_t from = c->pos;
        while (c->pos < c->end && !stops[(unsigned char)c->buf[c->pos]])
            c->pos++;
        put(c, c->buf + from, c->pos - from);
    } while (c->pos == c->end && more(c));
}

/* ---- rows ---- */

static const char nul[] = "a NUL character (convert UTF-16 that has no mark first, with iconv -f utf-16le -t utf-8)";

static void fault(struct csv *c, const char *what)
{
    if (!c->error[0])
        snprintf(c->error, sizeof c->error, "%s", what);
}

/* Consume a line's end at pos: LF, CRLF or CR. */
static void line_end(struct csv *c)
{
    char first = c->buf[c->pos++];
    if (first == '\r' && peek(c) == '\n')
        c->pos++;
    c->line++;
}

/* The inside of a cell in quotes, from behind the first to behind the last. */
static void quoted(struct csv *c)
{
    static const bool stops[256] = { ['"'] = true, ['\n'] = true, ['\r'] = true, ['\0'] = true };
    size_t began = c->line;
    for (;;) {
        put_until(c, stops);
        int at = peek(c);
        if (at == EOF) {
            if (!c->error[0])
                snprintf(c->error, sizeof c->error, "the quote that opens on line %zu is never closed", began);
            return;
        }
        if (at == '\0')
            fault(c, nul);
        char byte = (char)at;
        c->pos++;
        if (at == '"') {
            if (peek(c) != '"')
                return;
            c->pos++;
        } else if (at == '\n' || (at == '\r' && peek(c) != '\n')) {
            c->line++;
        }
        put(c, &byte, 1);
    }
}

/* A cell from pos up to the delimiter or the line's end. */
static void cell(struct csv *c)
{
    mem_grow(&c->cells, &c->cells_cap, c->n + 1, sizeof *c->cells);
    size_t start = c->row_n;
    bool in_quotes = peek(c) == '"';
    if (in_quotes) {
        c->pos++;
        quoted(c);
    }
    size_t inside = c->row_n;
    for (;;) {
        put_until(c, c->stops);
        if (peek(c) != '\0')
            break;
        fault(c, nul);
        c->pos++;
    }
    if (in_quotes && c->row_n > inside)
        fault(c, "text after a closing quote");
    c->cells[c->n++] = (struct cell){ start, c->row_n - start };
    put(c, "", 1);
}

/* One row of any width; false at the end of the file. */
static bool row(struct csv *c)
{
    int at;
    c->n = c->row_n = 0;
    c->error[0] = '\0';
    while ((at = peek(c)) == '\n' || at == '\r')
        line_end(c);
    c->row_line = c->line;
    if (at == EOF)
        return false;
    for (;;) {
        cell(c);
        at = peek(c);
        if (at != (unsigned char)c->delimiter)
            break;
        c->pos++;
    }
    if (at != EOF)
        line_end(c);
    return true;
}

enum csv_got csv_next(struct csv *c)
{
    if (!row(c))
        return CSV_END;
    if (!c->error[0] && c->n != c->columns)
        snprintf(c->error, sizeof c->error, "%zu cell%s where the first line has %zu", c->n,
                 c->n == 1 ? "" : "s", c->columns);
    return c->error[0] ? CSV_BAD : CSV_ROW;
}

struct text csv_cell(const struct csv *c, size_t column)
{
    return (struct text){ c->row + c->cells[column].start, c->cells[column].n };
}

size_t csv_line(const struct csv *c) { return c->row_line; }
const char *csv_error(const struct csv *c) { return c->error; }
uint64_t csv_hash(const struct csv *c) { return io_hash(c->in); }
const char *csv_path(const struct csv *c) { return c->path; }
size_t csv_columns(const struct csv *c) { return c->columns; }
const char *csv_name(const struct csv *c, size_t column) { return c->names[column]; }
bool csv_unnamed(const struct csv *c, size_t column) { return c->unnamed[column]; }

size_t csv_find(const struct csv *c, const char *name)
{
    for (size_t i = 0; i < c->columns; i++)
        if (strcmp(c->names[i], name) == 0)
            return i;
    return SIZE_MAX;
}

/* ---- files ---- */

/* The first row: the names. */
static void names(struct csv *c)
{
    if (!row(c))
        die(ST_STOPPED, "%s: empty: the first line must name the columns", c->path);
    if (c->error[0])
        die(ST_STOPPED, "%s:%zu: %s", c->path, c->row_line, c->error);
    c->columns = c->n;
    c->names = mem_new(c->n, sizeof *c->names);
    c->unnamed = mem_new(c->n, sizeof *c->unnamed);
    struct ids *seen = ids_new();
    for (size_t i = 0; i < c->n; i++) {
        char number[32];
        struct text t = csv_cell(c, i);
        c->unnamed[i] = t.n == 0;
        if (c->unnamed[i])
            t = (struct text){ number, (size_t)snprintf(number, sizeof number, "column%zu", i + 1) };
        c->names[i] = mem_text(t.p, t.n);
        if (!ids_add(seen, t, i))
            die(ST_STOPPED, "%s:%zu: two columns (%zu and %zu) are called %s", c->path, c->row_line,
                ids_find(seen, t) + 1, i + 1, c->names[i]);
    }
    ids_free(seen);
}

/* A single column whose name has another delimiter in it. */
static void note_delimiter(const struct csv *c)
{
    size_t at = c->columns == 1 ? strcspn(c->names[0], ",;\t|") : 0;
    char mark = c->columns == 1 ? c->names[0][at] : '\0';
    if (mark && mark != c->delimiter && !progress_quiet)
        warn("%s: one column, %.60s: with --delimiter %s there would be more", c->path, c->names[0],
             mark == '\t' ? "tab" : (char[]){ '\'', mark, '\'', '\0' });
}

/* Whether the text from pos on is `want`, which is shorter than any buffer. */
static bool starts(struct csv *c, const char *want)
{
    size_t n = strlen(want);
    while (c->end - c->pos < n && more(c))
        ;
    return c->end - c->pos >= n && memcmp(c->buf + c->pos, want, n) == 0;
}

static void set_delimiter(struct csv *c, char delimiter)
{
    c->stops[(unsigned char)c->delimiter] = false;
    c->delimiter = delimiter;
    c->stops['\n'] = c->stops['\r'] = c->stops['\0'] = c->stops[(unsigned char)delimiter] = true;
}

/* Take the delimiter of a line "sep=;", which tells it to Excel. */
static void take_separator(struct csv *c)
{
    if (!starts(c, "sep="))
        return;
    while (c->end - c->pos < 6 && more(c))
        ;
    const char *p = c->buf + c->pos;
    if (c->end - c->pos < 6 || !p[4] || !strchr(";,|\t", p[4]) || (p[5] != '\r' && p[5] != '\n'))
        return;
    set_delimiter(c, p[4]);
    c->pos += 5;
    line_end(c);
}

/* Pass over what stands in front of the names: a byte order mark, and sep=. */
static void begin(struct csv *c)
{
    c->pos = c->end = c->raw_n = 0;
    c->order = UTF16_NONE;
    c->line = 1;
    while (c->end < 3 && more(c))
        ;
    packed_refuse(c->buf, c->end, c->path, c->beside, ST_STOPPED);
    if ((c->order = utf16_mark(c->buf, c->end)) != UTF16_NONE) {
        c->raw_n = c->end - 2;
        memcpy(c->raw, c->buf + 2, c->raw_n);
        c->end = 0;
    } else if (starts(c, "\xef\xbb\xbf")) {
        c->pos = 3;
    }
    take_separator(c);
}

/* The delimiter that the first line has most of. */
static void guess(struct csv *c)
{
    static const char marks[] = ",;\t";
    size_t count[sizeof marks] = { 0 }, best = 0, at = 0;
    bool quoted = false, begun = false;
    for (;; at++) {
        if (c->pos + at == c->end && (at >= BUFFER || !more(c)))
            break;
        char byte = c->buf[c->pos + at];
        const char *mark = byte ? strchr(marks, byte) : NULL;
        bool end = (byte == '\n' || byte == '\r') && !quoted;
        if (end && begun)
            break;
        begun |= !end;
        quoted ^= byte == '"';
        if (mark && !quoted)
            count[mark - marks]++;
    }
    for (size_t i = 1; i < sizeof marks - 1; i++)
        best = count[i] > count[best] ? i : best;
    set_delimiter(c, marks[best]);
    if (best && !progress_quiet)
        warn("%s: the delimiter is %s", c->path, marks[best] == ';' ? "';'" : "tab");
}

struct csv *csv_open(const char *path, char delimiter, int how)
{
    struct csv *c = mem_zero(1, sizeof *c);
    c->in = io_open(path, IO_HASH | (how & CSV_TWICE ? IO_REWIND : 0));
    c->beside = how & CSV_BESIDE;
    c->path = io_name(c->in);
    c->buf = mem_new(2 * BUFFER, 1);
    c->raw = mem_new(BUFFER, 1);
    set_delimiter(c, delimiter);
    begin(c);
    if (!c->delimiter)
        guess(c);
    names(c);
    note_delimiter(c);
    return c;
}

void csv_rewind(struct csv *c)
{
    io_rewind(c->in);
    begin(c);
    if (!row(c) || c->n != c->columns)
        io_changed(c->path);
}

void csv_close(struct csv *c)
{
    if (!c)
        return;
    io_close(c->in);
    for (size_t i = 0; i < c->columns; i++)
        free(c->names[i]);
    free(c->names);
    free(c->unnamed);
    free(c->cells);
    free(c->row);
    free(c->buf);
    free(c->raw);
    free(c);
}
