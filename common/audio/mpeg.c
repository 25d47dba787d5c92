/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/mpeg.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"

enum { AT_START = 3, BEHIND = 5 };      /* frames that have to agree */
enum { SIDE = 4 + 2 + 32 };             /* bytes of a header, its checksum and the side information */

static const uint64_t search_max = 4 << 20;

struct frame {
    unsigned version, layer, channels;  /* 3: MPEG-1, 2: MPEG-2, 0: 2.5; 3: layer I, 2: II, 1: III */
    unsigned rate;                      /* Hz */
    uint64_t size;                      /* bytes; 0: of a free bit rate, which does not say */
};

/* The file's bytes from `at` on, of which a piece is held. */
struct view { int fd; uint64_t at, end; size_t n; uint8_t *bytes; };
enum { VIEW = 128 << 10 };

/* The n bytes at `at`, n at most SIDE; NULL where the file ends. */
static const uint8_t *view_at(struct view *v, uint64_t at, size_t n)
{
    if (at + n > v->end)
        return NULL;
    if (at < v->at || at + n > v->at + v->n) {
        ssize_t got = io_read_at(v->fd, v->bytes, v->end - at < VIEW ? (size_t)(v->end - at) : VIEW, at);
        v->at = at;
        v->n = got > 0 ? (size_t)got : 0;
        if (v->n < n)
            return NULL;
    }
    return v->bytes + (at - v->at);
}

/* Kilobits a second by [MPEG-1: 0, lower: 1][layer - 1: III, II, I]. */
static const uint16_t kilobits[2][3][15] = {
    { { 0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320 },
      { 0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384 },
      { 0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448 } },
    { { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160 },
      { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160 },
      { 0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256 } },
};

static bool read_header(const uint8_t *p, struct frame *f)
{
    static const unsigned rates[3] = { 44100, 48000, 32000 };
    if (!p || p[0] != 0xff || (p[1] & 0xe0) != 0xe0)
        return false;
    f->version = p[1] >> 3 & 3;
    f->layer = p[1] >> 1 & 3;
    unsigned bits = p[2] >> 4, rate = p[2] >> 2 & 3, pad = p[2] >> 1 & 1;
    if (f->version == 1 || f->layer == 0 || bits == 15 || rate == 3)
        return false;
    f->channels = p[3] >> 6 == 3 ? 1 : 2;
    f->rate = rates[rate] >> (f->version == 3 ? 0 : f->version == 2 ? 1 : 2);
    uint64_t k = 1000 * (uint64_t)kilobits[f->version != 3][f->layer - 1][bits];
    f->size = !k ? 0
            : f->layer == 3 ? 4 * (12 * k / f->rate + pad)
            : (f->layer == 1 && f->version != 3 ? 72 : 144) * k / f->rate + pad;
    return true;
}

static bool header_at(struct view *v, uint64_t at, struct frame *f) { return read_header(view_at(v, at, 4), f); }

static bool agree(const struct frame *a, const struct frame *b)
{
    return a->version == b->version && a->layer == b->layer && a->rate == b->rate;
}

/* Of a free bit rate: bytes up to the next header alike. */
static uint64_t free_size(struct view *v, uint64_t at, const struct frame *f)
{
    struct frame next;
    for (uint64_t size = 24; size < 4096; size++)
        if (header_at(v, at + size, &next) && agree(f, &next) && next.size == 0)
            return size;
    return 0;
}

/* How many frames follow each other from `at` on, up to `most`; also `most` where the file ends before. */
static int run_length(struct view *v, uint64_t at, int most, bool ends)
{
    struct frame first, f;
    if (!header_at(v, at, &first))
        return 0;
    uint64_t free = first.size ? 0 : free_size(v, at, &first);
    f = first;
    for (int n = 1; n < most; n++) {
        if (!f.size && !free)
            return n;
        at += f.size ? f.size : free;
        if (ends && at + 4 > v->end)
            return most;
        if (free && !header_at(v, at, &f))      /* padding, which a free size does not tell of */
            at++;
        if (!header_at(v, at, &f) || !agree(&first, &f) || f.channels != first.channels)
            return n;
    }
    return most;
}

/* Bytes of side information in a frame of layer III. */
static size_t side_size(const struct frame *f)
{
    return f->version == 3 ? (f->channels == 1 ? 17 : 32) : f->channels == 1 ? 9 : 17;
}

/* Whether a frame is the one that encoders put first, with the number of those that follow. */
static bool has_tag(struct view *v, uint64_t at)
{
    struct frame f;
    if (!header_at(v, at, &f) || f.layer != 1)
        return false;
    const uint8_t *p = view_at(v, at + 4 + side_size(&f), 4);
    return p && (memcmp(p, "Xing", 4) == 0 || memcmp(p, "Info", 4) == 0);
}

static uint64_t find_frames(struct view *v, uint64_t start)
{
    if (has_tag(v, start) || run_length(v, start, AT_START, true) == AT_START)
        return start;
    for (uint64_t at = start; at < start + search_max; at++) {
        const uint8_t *p = view_at(v, at, 4);
        struct frame f;
        if (!p)
            break;
        if (p[0] == 0xff && read_header(p, &f) && f.size && (has_tag(v, at) || run_length(v, at, BEHIND, false) == BEHIND))
            return at;
    }
    return v->end;
}

uint64_t mpeg_find(int fd, uint64_t start, uint64_t end)
{
    struct view v = { .fd = fd, .end = end, .bytes = mem_new(VIEW, 1) };
    uint64_t found = find_frames(&v, start);
    free(v.bytes);
    return found;
}

bool mpeg_agree(int fd, uint64_t start, uint64_t end)
{
    struct view v = { .fd = fd, .end = end, .bytes = mem_new(VIEW, 1) };
    bool enough = run_length(&v, start, AT_START, false) == AT_START;
    free(v.bytes);
    return enough;
}

static uint32_t big(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint64_t mpeg_samples(int fd, uint64_t start)
{
    uint8_t head[4], tag[4 + 4 + 4 + 4 + 100 + 4 + 24];
    struct frame f;
    if (io_read_at(fd, head, 4, start) != 4 || !read_header(head, &f) || f.layer != 1)
        return 0;               /* only layer III has the tag */
    if (io_read_at(fd, tag, sizeof tag, start + 4 + side_size(&f)) != sizeof tag ||
        (memcmp(tag, "Xing", 4) != 0 && memcmp(tag, "Info", 4) != 0))
        return 0;
    uint32_t flags = big(tag + 4);
    if (!(flags & 1))
        return 0;
    uint64_t samples = (uint64_t)big(tag + 8) * (f.version == 3 ? 1152 : 576);
    const uint8_t *lame = tag + 12 + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0);
    uint64_t cut = 0;
    if (lame + 24 <= tag + sizeof tag && (memcmp(lame, "LAME", 4) == 0 || memcmp(lame, "Lav", 3) == 0))
        cut = (uint64_t)(lame[21] << 4 | lame[22] >> 4) + (uint64_t)((lame[22] & 15) << 8 | lame[23]);
    return samples > cut ? samples - cut : 0;
}

static unsigned bits_at(const uint8_t *p, size_t at, int n)
{
    unsigned x = 0;
    for (int i = 0; i < n; i++, at++)
        x = x << 1 | ((unsigned)p[at / 8] >> (7 - at % 8) & 1);
    return x;
}

/* Whether both channels of a frame of layer III have the same windows, in each granule. */
static bool same_windows(const uint8_t *p, const struct frame *f)
{
    bool lower = f->version != 3;
    size_t head = lower ? 8 + 2 : 9 + 3 + 8, each = lower ? 63 : 59, flag = lower ? 38 : 33;
    p += p[1] & 1 ? 4 : 6;              /* behind the checksum */
    for (int granule = 0; granule < (lower ? 1 : 2); granule++) {
        unsigned windows[2];
        for (unsigned c = 0; c < 2; c++) {
            windows[c] = bits_at(p, head + (2 * (size_t)granule + c) * each + flag, 4);
            windows[c] = windows[c] & 8 ? windows[c] : 0;       /* without switching the rest is something else */
        }
        if (windows[0] != windows[1])
            return false;
    }
    return true;
}

bool mpeg_mixes(int fd, uint64_t start, uint64_t end)
{
    struct view v = { .fd = fd, .end = end, .bytes = mem_new(VIEW, 1) };
    struct frame first, f;
    bool mixes = header_at(&v, start, &first) && first.layer == 1 && first.size;
    if (mpeg_samples(fd, start))
        start += first.size;            /* the tag's frame is no sound */
    for (uint64_t at = start; mixes && at + SIDE <= end; ) {
        const uint8_t *p = view_at(&v, at, SIDE);
        if (!read_header(p, &f) || !agree(&f, &first) || !f.size) {
            mixes = p != NULL;
            at++;
            continue;
        }
        mixes = f.channels == first.channels && (f.channels == 1 || same_windows(p, &f));
        at += f.size;
    }
    free(v.bytes);
    return mixes;
}
