/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/jsonl.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "files/text_in.h"

struct jsonl {
    struct text_in text;
    void (*wait)(void *state);
    void *state;
    size_t given;               /* bytes that are not consumed, but that the parser has */
    size_t value_line;
    bool inside, comma;         /* in an array of values; and a comma must come */
    char error[JSON_ERROR_TEXT_LENGTH + 40];
};

static bool more(struct jsonl *in)
{
    if (poll(&(struct pollfd){ .fd = io_fd(in->text.from), .events = POLLIN }, 1, 0) == 0)
        in->wait(in->state);
    return text_in_more(&in->text, "an object");
}

/* What jansson reads: on to the end of the line, so that nobody waits for the next. */
static size_t give(void *to, size_t most, void *state)
{
    struct jsonl *in = state;
    if (in->given == in->text.end - in->text.pos && !more(in))
        return 0;
    const char *from = in->text.buf + in->text.pos + in->given;
    size_t n = in->text.end - in->text.pos - in->given;
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
        in->text.line += in->text.buf[in->text.pos++] == '\n';
}

/* The next character that is no blank, not consumed; EOF at the end. */
static int peek(struct jsonl *in)
{
    for (;;) {
        for (; in->text.pos < in->text.end; advance(in, 1)) {
            char c = in->text.buf[in->text.pos];
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
        if (in->text.pos == in->text.end && !more(in))
            return;
        char c = in->text.buf[in->text.pos];
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
    in->value_line = in->text.line;
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
        in->value_line = in->text.line;
    }
    in->given = 0;
    *value = json_load_callback(give, in, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY | JSON_ALLOW_NUL |
                                JSON_REJECT_DUPLICATES, &error);
    if (!*value) {
        int n = snprintf(in->error, sizeof in->error, "bad JSON: %s", error.text);
        if (in->value_line == 1 && c != '{' && c != '[' && isalpha(c))
            snprintf(in->error + n, sizeof in->error - (size_t)n, "; tables are read by from-csv");
        else if (error.line > 1)
            snprintf(in->error + n, sizeof in->error - (size_t)n, ", on line %zu", in->text.line + (size_t)error.line - 1);
        return bad(in);
    }
    advance(in, (size_t)error.position);
    in->comma = true;
    return JSONL_VALUE;
}

const char *jsonl_path(const struct jsonl *in) { return in->text.path; }
size_t jsonl_line(const struct jsonl *in) { return in->value_line; }
const char *jsonl_error(const struct jsonl *in) { return in->error; }

struct jsonl *jsonl_open(const char *path, void (*wait)(void *state), void *state)
{
    struct jsonl *in = mem_zero(1, sizeof *in);
    json_counts();
    in->wait = wait;
    in->state = state;
    text_in_open(&in->text, path);
    return in;
}

void jsonl_close(struct jsonl *in)
{
    text_in_close(&in->text);
    free(in);
}
