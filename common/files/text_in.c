/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/text_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/packed.h"
#include "base/utf16.h"
#include "stream/frame.h"

bool text_in_more(struct text_in *t, const char *what)
{
    if (t->end - t->pos > frame_max)
        die(ST_MEMORY, "%s:%zu: %s larger than --max-record (%zu)", t->path, t->line, what, frame_max);
    if (t->pos && (t->pos == t->end || t->end == t->cap)) {
        memmove(t->buf, t->buf + t->pos, t->end - t->pos);
        t->end -= t->pos;
        t->pos = 0;
    }
    if (t->end == t->cap)
        mem_grow(&t->buf, &t->cap, t->cap + (64 << 10), 1);
    size_t n = io_get(t->from, t->buf + t->end, t->cap - t->end);
    t->end += n;
    return n > 0;
}

void text_in_open(struct text_in *t, const char *path)
{
    *t = (struct text_in){ .from = io_open(path, 0), .line = 1 };
    t->path = io_name(t->from);
    while (t->end < 3 && text_in_more(t, "its beginning"))
        ;
    packed_refuse(t->buf, t->end, t->path, false, ST_STOPPED);
    if (utf16_mark(t->buf, t->end) != UTF16_NONE)
        die(ST_STOPPED, "%s: UTF-16: convert it first, with iconv -f utf-16 -t utf-8", t->path);
    if (t->end >= 3 && memcmp(t->buf, "\xef\xbb\xbf", 3) == 0)
        t->pos = 3;
}

void text_in_close(struct text_in *t)
{
    io_close(t->from);
    free(t->buf);
}
