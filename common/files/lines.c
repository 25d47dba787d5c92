/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/packed.h"
#include "stream/frame.h"

struct lines {
    struct io_in *from;
    char *buf;
    size_t cap, pos, end;       /* buf[pos … end) is not consumed yet */
    size_t number;
};

/* Read more behind end; false at the end of the file. */
static bool more(struct lines *l)
{
    if (l->end - l->pos > frame_max)
        die(ST_MEMORY, "%s:%zu: a line larger than --max-record (%zu)", io_name(l->from), l->number + 1, frame_max);
    if (l->pos) {
        memmove(l->buf, l->buf + l->pos, l->end - l->pos);
        l->end -= l->pos;
        l->pos = 0;
    }
    mem_grow(&l->buf, &l->cap, l->end + (64 << 10), 1);
    size_t n = io_get(l->from, l->buf + l->end, l->cap - l->end);
    l->end += n;
    return n > 0;
}

struct lines *lines_open(const char *path)
{
    struct lines *l = mem_zero(1, sizeof *l);
    l->from = io_open(path, 0);
    while (l->end < 8 && more(l))
        ;
    packed_refuse(l->buf, l->end, io_name(l->from), false, ST_STOPPED);
    if (l->end >= 3 && memcmp(l->buf, "\xef\xbb\xbf", 3) == 0)
        l->pos = 3;
    return l;
}

bool lines_next(struct lines *l, struct text *line)
{
    size_t seen = 0;
    char *feed = NULL;
    do {
        feed = memchr(l->buf + l->pos + seen, '\n', l->end - l->pos - seen);
        seen = l->end - l->pos;
    } while (!feed && more(l));
    size_t n = feed ? (size_t)(feed - (l->buf + l->pos)) : l->end - l->pos;
    if (!feed && n == 0)
        return false;
    *line = (struct text){ l->buf + l->pos, n };
    if (n && line->p[n - 1] == '\r')
        line->n--;
    l->pos += n + (feed != NULL);
    l->number++;
    return true;
}

size_t lines_number(const struct lines *l) { return l->number; }
const char *lines_path(const struct lines *l) { return io_name(l->from); }

void lines_close(struct lines *l)
{
    io_close(l->from);
    free(l->buf);
    free(l);
}
