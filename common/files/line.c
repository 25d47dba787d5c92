/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/line.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"

enum { BUFFER = 64 << 10 };

struct line_out {
    struct io_out *to;
    char *buf;
    size_t cap, used, whole;    /* buf[… whole) is of whole lines */
};

struct line_out *line_create(const char *path)
{
    struct line_out *out = mem_zero(1, sizeof *out);
    out->to = path ? io_create(path) : io_create_fd(STDOUT_FILENO);
    out->buf = mem_new(out->cap = 2 * BUFFER, 1);
    return out;
}

char *line_room(struct line_out *out, size_t n)
{
    if (n > SIZE_MAX - out->used)
        die(ST_MEMORY, "a line is too long");
    mem_grow(&out->buf, &out->cap, out->used + n, 1);
    return out->buf + out->used;
}

void line_took(struct line_out *out, size_t n)
{
    out->used += n;
}

void line_put(struct line_out *out, const char *p, size_t n)
{
    if (n)
        memcpy(line_room(out, n), p, n);
    out->used += n;
}

void line_text(struct line_out *out, const char *s)
{
    line_put(out, s, strlen(s));
}

void line_char(struct line_out *out, char c)
{
    *line_room(out, 1) = c;
    out->used++;
}

void line_cancel(struct line_out *out)
{
    out->used = out->whole;
}

void line_end(struct line_out *out)
{
    line_char(out, '\n');
    line_cut(out);
}

void line_cut(struct line_out *out)
{
    out->whole = out->used;
    if (out->used >= BUFFER)
        line_flush(out);
}

void line_flush(struct line_out *out)
{
    io_put(out->to, out->buf, out->whole);
    memmove(out->buf, out->buf + out->whole, out->used - out->whole);
    out->used -= out->whole;
    out->whole = 0;
}

void line_finish(struct line_out *out)
{
    line_cancel(out);
    line_flush(out);
    io_finish(out->to);
    free(out->buf);
    free(out);
}
