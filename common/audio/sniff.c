/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/sniff.h"

#include <string.h>
#include <sys/stat.h>

#include "base/io.h"

static uint32_t big(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t little(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static bool at(int fd, uint64_t offset, uint8_t *p, size_t n)
{
    return offset < (uint64_t)1 << 62 && io_read_at(fd, p, n, offset) == (ssize_t)n;
}

/* ---- MPEG audio: ISO/IEC 11172-3, 2.4.1.3 (the header), and the Xing and LAME tag ---- */

static bool mpeg_header(const uint8_t *p)
{
    unsigned version = p[1] >> 3 & 3, layer = p[1] >> 1 & 3;
    return p[0] == 0xff && (p[1] & 0xe0) == 0xe0 && version != 1 && layer != 0 && p[2] >> 4 != 15 &&
           (p[2] >> 2 & 3) != 3;
}

/* Samples that the tag in the frame at `offset` promises, its delay and padding taken off. */
static uint64_t mpeg_samples(int fd, uint64_t offset)
{
    uint8_t head[4], tag[4 + 4 + 4 + 4 + 100 + 4 + 24];
    if (!at(fd, offset, head, 4))
        return 0;
    bool mpeg1 = (head[1] >> 3 & 3) == 3, mono = head[3] >> 6 == 3;
    if ((head[1] >> 1 & 3) != 1)                /* only layer III has the tag */
        return 0;
    uint64_t side = mpeg1 ? (mono ? 17 : 32) : (mono ? 9 : 17);
    if (!at(fd, offset + 4 + side, tag, sizeof tag) || (memcmp(tag, "Xing", 4) != 0 && memcmp(tag, "Info", 4) != 0))
        return 0;
    uint32_t flags = big(tag + 4);
    if (!(flags & 1))
        return 0;
    uint64_t samples = (uint64_t)big(tag + 8) * (mpeg1 ? 1152 : 576);
    const uint8_t *lame = tag + 12 + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0);
    uint64_t cut = 0;
    if (lame + 24 <= tag + sizeof tag && (memcmp(lame, "LAME", 4) == 0 || memcmp(lame, "Lav", 3) == 0))
        cut = (uint64_t)(lame[21] << 4 | lame[22] >> 4) + (uint64_t)((lame[22] & 15) << 8 | lame[23]);
    return samples > cut ? samples - cut : 0;
}

/* ---- RIFF WAVE ---- */

static void riff(int fd, struct sniff *s)
{
    uint8_t head[8], fmt[16];
    unsigned tag = 0, block = 0;
    uint64_t offset = 12;
    for (int chunks = 0; chunks < 100 && at(fd, offset, head, 8); chunks++) {
        uint32_t size = little(head + 4);
        if (memcmp(head, "fmt ", 4) == 0 && size >= 16 && at(fd, offset + 8, fmt, 16)) {
            tag = fmt[0] | (unsigned)fmt[1] << 8;
            block = fmt[12] | (unsigned)fmt[13] << 8;
        }
        if (memcmp(head, "data", 4) == 0) {
            bool plain = tag == 1 || tag == 3 || tag == 6 || tag == 7 || tag == 0xfffe;
            if (plain && block && size < 0x7ffff000)        /* above: written without knowing */
                s->samples = size / block;
            if (tag == 0x55 || tag == 0x50)
                s->kind = SNIFF_MPEG;
            return;
        }
        offset += 8 + (uint64_t)size + (size & 1);
    }
}

/* ---- the others ---- */

/* AIFF: the frames that the chunk COMM tells of. */
static void aiff(int fd, struct sniff *s)
{
    uint8_t head[8], comm[6];
    uint64_t offset = 12;
    for (int chunks = 0; chunks < 100 && at(fd, offset, head, 8); chunks++) {
        uint32_t size = big(head + 4);
        if (memcmp(head, "COMM", 4) == 0 && at(fd, offset + 8, comm, 6)) {
            s->samples = big(comm + 2);
            return;
        }
        offset += 8 + (uint64_t)size + (size & 1);
    }
}

/* AU: bytes of data, by the bytes of a sample in each of its encodings. */
static void au(int fd, struct sniff *s)
{
    static const uint8_t bytes[28] = { [1] = 1, [2] = 1, [3] = 2, [4] = 3, [5] = 4, [6] = 4, [7] = 8, [27] = 1 };
    uint8_t head[24];
    if (!at(fd, 0, head, sizeof head))
        return;
    uint32_t size = big(head + 8), encoding = big(head + 12), channels = big(head + 20);
    if (size != 0xffffffff && encoding < sizeof bytes && bytes[encoding] && channels && channels <= 64)
        s->samples = size / (bytes[encoding] * channels);
}

/* Ogg: whether the last page has the mark of the last one (RFC 3533, section 6). */
static void ogg(int fd, struct sniff *s)
{
    uint8_t tail[65536];
    size_t n = s->size < sizeof tail ? (size_t)s->size : sizeof tail;
    if (!at(fd, s->size - n, tail, n))
        return;
    for (size_t i = n; i-- > 0; )
        if (i + 6 <= n && memcmp(tail + i, "OggS", 4) == 0) {
            s->endless = !(tail[i + 5] & 4);
            return;
        }
}

/* What the bytes at `start` say, where it is no MPEG audio. */
static enum sniff_kind magic(int fd, uint64_t start)
{
    static const struct { enum sniff_kind kind; uint64_t at; const char *bytes; } kinds[] = {
        { SNIFF_FLAC, 0, "fLaC" }, { SNIFF_VORBIS, 28, "\001vorbis" },      /* behind a page's head of 28 bytes */
        { SNIFF_MP4, 4, "ftyp" }, { SNIFF_WAVPACK, 0, "wvpk" },
    };
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i].bytes);
        if (at(fd, start + kinds[i].at, bytes, n) && memcmp(bytes, kinds[i].bytes, n) == 0)
            return kinds[i].kind;
    }
    return SNIFF_OTHER;
}

bool sniff(int fd, struct sniff *s)
{
    uint8_t head[12] = { 0 };
    struct stat st;
    *s = (struct sniff){ .kind = SNIFF_OTHER };
    if (fstat(fd, &st) != 0 || st.st_size == 0)
        return false;
    s->size = (uint64_t)st.st_size;
    ssize_t n = io_read_at(fd, head, sizeof head, 0);
    if (n < 0)
        return false;
    if (memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WAVE", 4) == 0) {
        riff(fd, s);
        return true;
    }
    if (memcmp(head, "FORM", 4) == 0 && (memcmp(head + 8, "AIFF", 4) == 0 || memcmp(head + 8, "AIFC", 4) == 0))
        aiff(fd, s);
    if (memcmp(head, ".snd", 4) == 0)
        au(fd, s);
    if (memcmp(head, "OggS", 4) == 0)
        ogg(fd, s);
    uint64_t start = 0;
    while (memcmp(head, "ID3", 3) == 0 && start < s->size) {        /* there may be two */
        start += 10 + ((uint64_t)(head[6] & 127) << 21 | (uint64_t)(head[7] & 127) << 14 |
                       (uint64_t)(head[8] & 127) << 7 | (head[9] & 127)) + (head[5] & 16 ? 10 : 0);
        if (!at(fd, start, head, 10))
            break;
        s->kind = SNIFF_MPEG;
    }
    enum sniff_kind other = magic(fd, start);
    if (other != SNIFF_OTHER) {
        s->kind = other;
    } else if (mpeg_header(head)) {
        s->kind = SNIFF_MPEG;
        s->samples = mpeg_samples(fd, start);
    }
    return true;
}
