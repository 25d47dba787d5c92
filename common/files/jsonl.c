/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/jsonl.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/packed.h"
#include "base/utf16.h"
#include "stream/frame.h"

struct jsonl {
    struct io_in *from;
    const char *path;
    void (*wait)(void *state);
    void *state;
    char *buf;
    size_t cap, pos, end;       /* buf[pos … end) is not consumed yet */
    size_t given;               /* bytes from pos on that the parser has */
    size_t line;                /* that pos is in, from 1 */
    size_t value_line;
    bool inside, comma;         /* in an array of values; and a comma must come */
    char error[JSON_ERROR_TEXT_LENGTH + 40];
};

/* Read more behind end; false at the end of the file. */
static bool more(struct jsonl *in)
{
    if (in->end - in->pos > frame_max)
        die(ST_MEMORY, "%s:%zu: an object larger than --max-record (%zu)", in->path, in->line, frame_max);
    if (in->pos && (in->pos == in->end || in->end == in->cap)) {
        memmove(in->buf, in->buf + in->pos, in->end - in->pos);
        in->end -= in->pos;
        in->pos = 0;
    }
    if (in->end == in->cap)
        mem_grow(&in->buf, &in->cap, in->cap + (64 << 10), 1);
    if (poll(&(struct pollfd){ .fd = io_fd(in->from), .events = POLLIN }, 1, 0) == 0)
        in->wait(in->state);
    size_t n = io_get(in->from, in->buf + in->end, in->cap - in->end);
    in->end += n;
    return n > 0;
}

/* What jansson reads: on to the end of the line, so that nobody waits for the next. */
static size_t give(void *to, size_t most, void *state)
{
    struct jsonl *in = state;
    if (in->given == in->end - in->pos && !more(in))
        return 0;
    const char *from = in->buf + in->pos + in->given;
    size_t n = in->end - in->pos - in->given;
    n = n < most ? n : most;
    const char *newline = memchr(from, '\n', n);
    if (newline)
        n = (size_t)(newline - from) + 1;
    memcpy(to, from, n);
    in->given += n;
    return n;
}

static void advance(struct jsonl *in, size_t n)
{
    for (; n; n--)
        in->line += in->buf[in->pos++] == '\n';
}

/* The next character that is no blank, not consumed; EOF at the end. */
static int peek(struct jsonl *in)
{
    for (;;) {
        for (; in->pos < in->end; advance(in, 1)) {
            char c = in->buf[in->pos];
            if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
                return (unsigned char)c;
        }
        if (!more(in))
            return EOF;
    }
}

/* Behind what could not be read: to the next line that begins with an object. */
static void resume(struct jsonl *in)
{
    for (bool fresh = false;;) {
        if (in->pos == in->end && !more(in))
            return;
        char c = in->buf[in->pos];
        if (fresh && c == '{')
            return;
        fresh = c == '\n' || (fresh && (c == ' ' || c == '\t'));
        advance(in, 1);
    }
}

static enum jsonl_got bad(struct jsonl *in)
{
    in->comma = false;
    resume(in);
    return JSONL_BAD;
}

enum jsonl_got jsonl_next(struct jsonl *in, json_t **value)
{
    json_error_t error;
    int c;
    while ((c = peek(in)) == (in->inside ? ']' : '[')) {
        advance(in, 1);
        in->inside = !in->inside;
        in->comma = false;
    }
    in->value_line = in->line;
    if (c == EOF && !in->inside)
        return JSONL_END;
    if (c == EOF) {
        in->inside = false;
        snprintf(in->error, sizeof in->error, "bad JSON: an array that never ends");
        return JSONL_BAD;
    }
    if (in->comma && in->inside && c != ',') {
        snprintf(in->error, sizeof in->error, "bad JSON: no comma between the values of an array");
        return bad(in);
    }
    if (in->comma && in->inside) {
        advance(in, 1);
        peek(in);
        in->value_line = in->line;
    }
    in->given = 0;
    *value = json_load_callback(give, in, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY | JSON_ALLOW_NUL |
                                JSON_REJECT_DUPLICATES, &error);
    if (!*value) {
        int n = snprintf(in->error, sizeof in->error, "bad JSON: %s", error.text);
        if (in->value_line == 1 && c != '{' && c != '[' && isalpha(c))
            snprintf(in->error + n, sizeof in->error - (size_t)n, "; tables are read by from-csv");
        else if (error.line > 1)
            snprintf(in->error + n, sizeof in->error - (size_t)n, ", on line %zu", in->line + (size_t)error.line - 1);
        return bad(in);
    }
    advance(in, (size_t)error.position);
    in->comma = true;
    return JSONL_VALUE;
}

const char *jsonl_path(const struct jsonl *in) { return in->path; }
size_t jsonl_line(const struct jsonl *in) { return in->value_line; }
const char *jsonl_error(const struct jsonl *in) { return in->error; }

struct jsonl *jsonl_open(const char *path, void (*wait)(void *state), void *state)
{
    struct jsonl *in = mem_zero(1, sizeof *in);
    json_counts();
    in->from = io_open(path, 0);
    in->path = io_name(in->from);
    in->wait = wait;
    in->state = state;
    in->line = 1;
    while (in->end < 3 && more(in))
        ;
    packed_refuse(in->buf, in->end, in->path, false, ST_STOPPED);
    if (utf16_mark(in->buf, in->end) != UTF16_NONE)
        die(ST_STOPPED, "%s: UTF-16: convert it first, with iconv -f utf-16 -t utf-8", in->path);
    if (in->end >= 3 && memcmp(in->buf, "\xef\xbb\xbf", 3) == 0)
        in->pos = 3;
    return in;
}

void jsonl_close(struct jsonl *in)
{
    io_close(in->from);
    free(in->buf);
    free(in);
}
