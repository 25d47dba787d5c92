/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/line.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum { BUFFER = 64 << 10 };

struct line_out *line_create(const char *path)
{
    struct line_out *out = mem_zero(1, sizeof *out);
    out->to = path ? io_create(path) : io_create_fd(STDOUT_FILENO);
    str_room(&out->text, 2 * BUFFER);
    out->shown = !path && isatty(STDOUT_FILENO);
    return out;
}

void line_end(struct line_out *out)
{
    str_char(&out->text, '\n');
    line_cut(out);
}

void line_cut(struct line_out *out)
{
    out->whole = out->text.n;
    if (out->whole >= BUFFER)
        line_flush(out);
}

void line_flush(struct line_out *out)
{
    struct str *s = &out->text;
    io_put(out->to, s->p, out->shown ? str_clean(s->p, out->whole, "\n\t") : out->whole);
    memmove(s->p, s->p + out->whole, s->n - out->whole);
    s->n -= out->whole;
    out->whole = 0;
}

void line_finish(struct line_out *out)
{
    line_flush(out);
    io_finish(out->to);
    str_free(&out->text);
    free(out);
}
