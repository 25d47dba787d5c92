/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/part.h"

#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"

enum { PATCHES = 3 };

struct part {
    int fd;
    uint64_t start, size, at;       /* at: from start on */
    struct patch patch[PATCHES];
    size_t patches;
    uint64_t from;                  /* what is held, n bytes of the part */
    size_t n;
    uint8_t bytes[64 << 10];        /* libmpg123 reads a frame's four bytes and then its rest */
};

struct part *part_new(int fd, uint64_t start, uint64_t end, const struct patch *patches, size_t n)
{
    struct part *p = mem_new(1, sizeof *p);
    p->fd = fd;
    p->start = start;
    p->size = end > start ? end - start : 0;
    p->at = p->from = p->n = 0;
    p->patches = n < PATCHES ? n : PATCHES;
    for (size_t i = 0; i < p->patches; i++)
        p->patch[i] = patches[i];
    return p;
}

static ssize_t hold(struct part *p)
{
    uint64_t left = p->size - p->at;
    ssize_t got = io_read_at(p->fd, p->bytes, left < sizeof p->bytes ? (size_t)left : sizeof p->bytes, p->start + p->at);
    p->from = p->at;
    p->n = got > 0 ? (size_t)got : 0;
    for (size_t i = 0; i < p->patches; i++)
        for (uint64_t k = 0; k < sizeof p->patch[i].bytes; k++) {
            uint64_t at = p->patch[i].at + k - p->start - p->from;      /* wraps where it is in front */
            if (at < p->n)
                p->bytes[at] = p->patch[i].bytes[k];
        }
    return got;
}

ssize_t part_read(struct part *p, void *to, size_t n)
{
    size_t done = 0;
    while (done < n && p->at < p->size) {
        if (p->at < p->from || p->at >= p->from + p->n) {
            ssize_t got = hold(p);
            if (got <= 0)
                return done || got == 0 ? (ssize_t)done : -1;
        }
        size_t skip = (size_t)(p->at - p->from), some = p->n - skip < n - done ? p->n - skip : n - done;
        memcpy((uint8_t *)to + done, p->bytes + skip, some);
        p->at += some;
        done += some;
    }
    return (ssize_t)done;
}

off_t part_seek(struct part *p, off_t offset, int whence)
{
    off_t from = whence == SEEK_CUR ? (off_t)p->at : whence == SEEK_END ? (off_t)p->size : 0;
    if (from + offset < 0)
        return -1;
    p->at = (uint64_t)(from + offset);
    return from + offset;
}

off_t part_size(const struct part *p) { return (off_t)p->size; }
off_t part_at(const struct part *p) { return (off_t)p->at; }
