/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "files/text_in.h"

struct lines { struct text_in in; };

struct lines *lines_open(const char *path)
{
    struct lines *l = mem_zero(1, sizeof *l);
    text_in_open(&l->in, path);
    l->in.line = 0;             /* the number of the last one that was given */
    return l;
}

bool lines_next(struct lines *l, struct text *line)
{
    struct text_in *in = &l->in;
    size_t seen = 0;
    char *feed = NULL;
    in->line++;
    do {
        feed = memchr(in->buf + in->pos + seen, '\n', in->end - in->pos - seen);
        seen = in->end - in->pos;
    } while (!feed && text_in_more(in, "a line"));
    size_t n = feed ? (size_t)(feed - (in->buf + in->pos)) : in->end - in->pos;
    if (!feed && n == 0)
        return false;
    *line = (struct text){ in->buf + in->pos, n };
    if (n && line->p[n - 1] == '\r')
        line->n--;
    in->pos += n + (feed != NULL);
    return true;
}

size_t lines_number(const struct lines *l) { return l->in.line; }
const char *lines_path(const struct lines *l) { return l->in.path; }

void lines_close(struct lines *l)
{
    text_in_close(&l->in);
    free(l);
}
