/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/sniff.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/mpeg.h"
#include "base/io.h"
#include "base/mem.h"

static uint32_t big(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t little(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static bool at(int fd, uint64_t offset, void *p, size_t n)
{
    return offset < (uint64_t)1 << 62 && io_read_at(fd, p, n, offset) == (ssize_t)n;
}

/* Whether the file has these bytes there. */
static bool has(int fd, uint64_t offset, const char *bytes, size_t n)
{
    char there[16];
    return at(fd, offset, there, n) && memcmp(there, bytes, n) == 0;
}

/* ---- sizes in headers, and what is there ---- */

static void add_patch(struct sniff *s, uint64_t offset, uint32_t number, bool is_big)
{
    struct patch *p = s->patch + s->patches++;
    p->at = offset;
    for (int i = 0; i < 4; i++)
        p->bytes[is_big ? 3 - i : i] = (uint8_t)(number >> (8 * i));
}

/* Whether 64 zeros, or as many as there are, stand at `offset`. */
static bool is_filling(int fd, uint64_t offset)
{
    uint8_t bytes[64] = { 0 }, zeros[64] = { 0 };
    return io_read_at(fd, bytes, sizeof bytes, offset) > 0 && memcmp(bytes, zeros, sizeof bytes) == 0;
}

/* Whether what is at `offset`, behind the samples that a header tells of, is another chunk, a tag or nothing. */
static bool is_chunk(int fd, uint64_t offset, const struct sniff *s, bool is_big)
{
    uint8_t head[8] = { 0 };
    if (offset + 8 >= s->size)
        return true;
    ssize_t n = io_read_at(fd, head, sizeof head, offset);
    bool chunk = n >= 8;
    for (int i = 0; i < 4; i++)
        chunk = chunk && (isalnum(head[i]) || strchr(" _-+.", head[i])) && head[i];
    uint64_t size = is_big ? big(head + 4) : little(head + 4);
    return (chunk && size <= s->size - offset - 8) || memcmp(head, "TAG", 3) == 0 || memcmp(head, "ID3", 3) == 0 ||
           memcmp(head, "APETAGEX", 8) == 0;
}

/* Samples from `first` on, of which the header says that they are so many bytes; its size field is at `field`. Where
 * it says 0 and there are some (zeros too: a recording may begin with silence), it shall say the truth. */
static void compare_size(int fd, struct sniff *s, uint64_t first, uint64_t said, uint64_t field, bool is_big)
{
    if (first >= s->size || said >= s->size - first || is_chunk(fd, first + said, s, is_big) ||
        is_chunk(fd, first + said + (said & 1), s, is_big) || (said && is_filling(fd, first + said)))
        return;
    s->said = said;
    s->follow = s->size - first - said;
    if (said == 0)
        add_patch(s, field, s->follow < 0xfffffffe ? (uint32_t)s->follow : 0xfffffffe, is_big);
}

/* ---- RIFF WAVE ---- */

/* The names of formats that no library here reads, by the number that WAV gives them. */
static const char *wav_format(unsigned tag)
{
    switch (tag) {
    case 0x0160: case 0x0161: case 0x0162: return "WMA in WAV";
    case 0x00ff: case 0x1600: case 0x1610: case 0x706d: return "AAC in WAV";
    case 0x0092: case 0x2000: return "AC-3 in WAV";
    case 0x2001: return "DTS in WAV";
    default: return NULL;
    }
}

/* `wide`: RF64 or BW64 (EBU Tech 3306, ITU-R BS.2088), whose chunk ds64 has the sizes above 4 GB. */
static void riff(int fd, struct sniff *s, bool wide)
{
    uint8_t head[8], fmt[16], sub[2], sizes[16];
    unsigned tag = 0, block = 0;
    uint64_t large = 0, large_at = 0;
    uint64_t offset = s->start + 12;
    for (int chunks = 0; chunks < 100 && at(fd, offset, head, 8); chunks++) {
        uint32_t size = little(head + 4);
        if (memcmp(head, "fmt ", 4) == 0 && size >= 16 && at(fd, offset + 8, fmt, 16)) {
            tag = fmt[0] | (unsigned)fmt[1] << 8;
            block = fmt[12] | (unsigned)fmt[13] << 8;
            if (tag == 0xfffe && size >= 40 && at(fd, offset + 8 + 24, sub, 2))
                tag = sub[0] | (unsigned)sub[1] << 8;
            s->bits = tag == 1 ? fmt[14] | (unsigned)fmt[15] << 8 : 0;
            s->seems = s->bits > 32 ? "WAV of integers above 32 bits" : wav_format(tag);
        }
        if (wide && memcmp(head, "ds64", 4) == 0 && size >= 16 && at(fd, offset + 8, sizes, 16)) {
            large_at = offset + 8 + 8;
            large = (uint64_t)little(sizes + 12) << 32 | little(sizes + 8);
        }
        if (memcmp(head, "data", 4) == 0) {
            bool plain = tag == 1 || tag == 3 || tag == 6 || tag == 7;
            bool by_large = large_at && size == UINT32_MAX;
            uint64_t said = by_large ? large : size;
            s->unsized = !by_large && size >= 0x7ffff000;       /* written without knowing */
            if (plain && block && !s->unsized)
                s->samples = said / block;
            if (tag == 1 && (has(fd, offset + 8, "\xfe\x7f\x01\x80", 4) || has(fd, offset + 8, "\x7f\xfe\x80\x01", 4) ||
                             has(fd, offset + 8, "\xff\x1f\x00\xe8", 4) || has(fd, offset + 8, "\x1f\xff\xe8\x00", 4)))
                s->seems = "DTS in WAV";
            else if (tag == 1 && has(fd, offset + 8, "\x72\xf8\x1f\x4e", 4))
                s->seems = "S/PDIF in WAV: AC-3, DTS or the like";
            if (tag == 0x55 || tag == 0x50) {
                uint64_t end = size && size < s->size - offset - 8 ? offset + 8 + size : s->size;
                s->kind = SNIFF_MPEG;
                s->start = mpeg_find(fd, offset + 8, end);
                s->end = end;
                s->seems = s->start == end ? "WAV that says it holds MPEG audio, but does not" : NULL;
            } else if (!s->unsized) {
                unsigned patches = s->patches;
                s->behind = said < s->size - offset - 8 ? s->size - offset - 8 - said : 0;
                compare_size(fd, s, offset + 8, said, by_large ? large_at : offset + 4, false);
                if (by_large && s->patches > patches) {
                    s->patches = patches;
                    add_patch(s, large_at, (uint32_t)s->follow, false);
                    add_patch(s, large_at + 4, (uint32_t)(s->follow >> 32), false);
                }
            }
            return;
        }
        offset += 8 + (uint64_t)size + (size & 1);
    }
}

/* ---- AIFF and AU ---- */

/* AIFF: the frames that the chunk COMM tells of, the bytes of SSND. */
static void aiff(int fd, struct sniff *s)
{
    uint8_t head[8], comm[8] = { 0 };
    uint64_t offset = s->start + 12, frames = 0;
    for (int chunks = 0; chunks < 100 && at(fd, offset, head, 8); chunks++) {
        uint32_t size = big(head + 4);
        if (memcmp(head, "COMM", 4) == 0 && at(fd, offset + 8, comm, 8)) {
            s->samples = big(comm + 2);
            frames = offset + 8 + 2;
        }
        if (memcmp(head, "SSND", 4) == 0) {     /* 8 bytes stand before its samples */
            uint64_t block = (uint64_t)(comm[0] << 8 | comm[1]) * ((uint64_t)(comm[6] << 8 | comm[7]) + 7) / 8;
            if (size < 8) {
                compare_size(fd, s, offset + 8, 0, offset + 4, true);
            } else if (frames && s->samples == 0 && block && size > 8) {
                s->said = 0;
                s->follow = size - 8;
            }
            if (s->follow && frames && s->samples == 0 && block)
                add_patch(s, frames, (uint32_t)((s->follow - (size < 8 ? 8 : 0)) / block), true);
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
    if (!at(fd, s->start, head, sizeof head))
        return;
    uint32_t first = big(head + 4), size = big(head + 8), encoding = big(head + 12), channels = big(head + 20);
    s->unsized = size == 0xffffffff;
    if (s->unsized)
        return;
    if (encoding < sizeof bytes && bytes[encoding] && channels && channels <= 64)
        s->samples = size / (bytes[encoding] * channels);
    compare_size(fd, s, s->start + first, size, s->start + 8, true);
}

/* ---- Ogg: RFC 3533, section 6 ---- */

uint64_t sniff_next_stream(int fd, uint64_t start, uint64_t size)
{
    struct part *p = part_new(fd, 0, size, NULL, 0);
    uint8_t head[27], segments[255];
    bool data = false;              /* a page was there that is not the first of a stream */
    uint64_t offset = start, found = size;
    while (offset + sizeof head <= size && part_seek(p, (off_t)offset, SEEK_SET) >= 0 &&
           part_read(p, head, sizeof head) == sizeof head) {
        if (memcmp(head, "OggS", 4) != 0) {
            offset++;
            continue;
        }
        if (head[5] & 2 && data) {
            found = offset;
            break;
        }
        data = data || !(head[5] & 2);
        offset += sizeof head + head[26];
        if (part_read(p, segments, head[26]) != head[26])
            break;
        for (int i = 0; i < head[26]; i++)
            offset += segments[i];
    }
    free(p);
    return found;
}

/* What is in it, whether the last page has the mark of the last one, whether there are streams behind the first. */
static void ogg(int fd, struct sniff *s)
{
    uint8_t tail[65536];
    size_t n = s->size < sizeof tail ? (size_t)s->size : sizeof tail;
    if (has(fd, s->start + 28, "\177FLAC", 5))          /* behind a page's head of 28 bytes */
        s->kind = SNIFF_OGG_FLAC;
    else if (has(fd, s->start + 28, "\001vorbis", 7))
        s->kind = SNIFF_VORBIS;
    else if (has(fd, s->start + 28, "Speex   ", 8))
        s->seems = "Speex";
    else if (has(fd, s->start + 28, "\x80theora", 7))
        s->seems = "a video: Theora";
    s->chained = sniff_next_stream(fd, s->start, s->size) < s->size;
    if (!at(fd, s->size - n, tail, n))
        return;
    for (size_t i = n; i-- > 0; )
        if (i + 6 <= n && memcmp(tail + i, "OggS", 4) == 0) {
            size_t end = i + 27 <= n ? i + 27 + tail[i + 26] : n + 1;
            for (size_t k = i + 27; end <= n && k < i + 27 + tail[i + 26]; k++)
                end += tail[k];
            s->endless = !(tail[i + 5] & 4);
            s->cut_page = end > n;
            return;
        }
}

/* ---- tags before and behind ---- */

/* Where the ID3v2 tags at the beginning end (there may be two); 0 where they say more than there is. */
static uint64_t behind_id3(int fd, uint64_t size)
{
    uint64_t start = 0;
    uint8_t head[10];
    while (at(fd, start, head, sizeof head) && memcmp(head, "ID3", 3) == 0)
        start += 10 + ((uint64_t)(head[6] & 127) << 21 | (uint64_t)(head[7] & 127) << 14 |
                       (uint64_t)(head[8] & 127) << 7 | (head[9] & 127)) + (head[5] & 16 ? 10 : 0);
    return start < size ? start : 0;
}

/* Where ID3v1, APE and Lyrics3 tags at the end begin. */
static uint64_t before_tags(int fd, uint64_t start, uint64_t end)
{
    uint8_t foot[32];
    for (uint64_t old = 0; old != end; ) {
        old = end;
        if (end >= start + 128 && has(fd, end - 128, "TAG", 3))
            end -= 128;
        if (end >= start + 32 && at(fd, end - 32, foot, 32) && memcmp(foot, "APETAGEX", 8) == 0) {
            uint64_t size = (uint64_t)little(foot + 12) + (foot[23] & 0x80 ? 32 : 0);
            end -= size <= end - start ? size : 0;
        }
        if (end >= start + 15 && at(fd, end - 15, foot, 15) && memcmp(foot + 6, "LYRICS200", 9) == 0) {
            foot[6] = '\0';
            uint64_t size = strtoull((char *)foot, NULL, 10) + 15;
            end -= size <= end - start ? size : 0;
        }
    }
    return end;
}

/* ---- AMR: RFC 4867, section 5 ---- */

/* Whether a frame is of a type that there is not: libsox would work on it for ever. */
static bool amr_breaks(int fd, uint64_t start, uint64_t size)
{
    static const uint8_t narrow[16] = { 13, 14, 16, 18, 20, 21, 27, 32, 6, [15] = 1 };
    static const uint8_t wide[16] = { 18, 24, 33, 37, 41, 47, 51, 59, 61, 6, [14] = 1, 1 };
    bool is_wide = has(fd, start, "#!AMR-WB\n", 9);
    struct part *p = part_new(fd, start, size, NULL, 0);
    uint8_t head, frame = 1;
    for (off_t at = is_wide ? 9 : 6; frame && part_seek(p, at, SEEK_SET) >= 0 && part_read(p, &head, 1) == 1; at += frame)
        frame = (is_wide ? wide : narrow)[head >> 3 & 15];
    free(p);
    return !frame;
}

/* ---- everything else ---- */

/* What no library here reads. */
static const char *seems(int fd, uint64_t start)
{
    static const struct { uint64_t at; uint8_t n; const char *bytes, *name; } kinds[] = {
        { 0, 4, "\x1a\x45\xdf\xa3", "WebM or Matroska" }, { 0, 4, "\x30\x26\xb2\x75", "WMA" }, { 0, 4, "ADIF", "AAC" },
        { 0, 4, "MAC ", "Monkey's Audio" }, { 0, 3, "MP+", "Musepack" }, { 0, 4, "MPCK", "Musepack" },
        { 0, 4, "TTA1", "True Audio" }, { 0, 4, "tBaK", "TAK" }, { 0, 4, "DSD ", "DSD" }, { 0, 4, "FRM8", "DSD" },
        { 0, 4, "OFR ", "OptimFROG" }, { 0, 4, "ajkg", "Shorten" }, { 0, 4, ".RMF", "RealAudio" },
        { 0, 4, ".ra\xfd", "RealAudio" }, { 0, 2, "\x0b\x77", "AC-3" }, { 0, 4, "\x7f\xfe\x80\x01", "DTS" },
        { 8, 4, "AVI ", "a video: AVI" }, { 0, 4, "\0\0\1\xba", "a video: MPEG" }, { 0, 4, "FLV\1", "a video: FLV" },
        { 0, 4, "MThd", "MIDI: notes, no sound" }, { 0, 2, "\x1f\x8b", "packed: gzip" }, { 0, 4, "PK\3\4", "packed: zip" },
        { 0, 3, "BZh", "packed: bzip2" }, { 0, 6, "\xfd" "7zXZ\0", "packed: xz" }, { 0, 4, "Rar!", "packed: rar" },
        { 0, 4, "\x28\xb5\x2f\xfd", "packed: zstd" }, { 0, 6, "7z\xbc\xaf\x27\x1c", "packed: 7z" }, { 0, 5, "%PDF-", "PDF" },
        { 0, 4, "\x89PNG", "an image: PNG" }, { 0, 3, "\xff\xd8\xff", "an image: JPEG" }, { 0, 4, "GIF8", "an image: GIF" },
        { 0, 7, "#EXTM3U", "a list of files: M3U" }, { 0, 9, "<!DOCTYPE", "a web page" }, { 0, 5, "<html", "a web page" },
        { 0, 8, "SONGPIPE", "a stream of records" },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (has(fd, start + kinds[i].at, kinds[i].bytes, kinds[i].n))
            return kinds[i].name;
    if (has(fd, start, "G", 1) && has(fd, start + 188, "G", 1) && has(fd, start + 376, "G", 1))
        return "a video: MPEG transport stream";
    uint8_t adts[6];
    int frames = 0;                 /* of AAC, whose headers have a layer of 0 (ISO/IEC 13818-7) */
    while (frames < 3 && at(fd, start, adts, 6) && adts[0] == 0xff && (adts[1] & 0xf6) == 0xf0) {
        unsigned size = (adts[3] & 3u) << 11 | (unsigned)adts[4] << 3 | adts[5] >> 5;
        if (size < 7)
            break;
        start += size;
        frames++;
    }
    return frames == 3 ? "AAC" : NULL;
}

static const char *of_mp4(int fd, uint64_t start)
{
    uint8_t brand[4];
    if (!at(fd, start + 8, brand, 4))
        return "MPEG-4";
    if (memcmp(brand, "M4A", 3) == 0)
        return "AAC or ALAC in MPEG-4";
    return memcmp(brand, "qt", 2) == 0 ? "a video: QuickTime" : "MPEG-4";
}

/* What a library knows by its first bytes, with its header where that tells of a size. False: nothing of it. */
static bool header(int fd, struct sniff *s)
{
    static const char *const others[] = { "RIFX", "riff", "caff", "FORM", "Crea", "NIST", "#!AM", "dns.", "PVF1" };
    uint8_t head[12] = { 0 };
    if (io_read_at(fd, head, sizeof head, s->start) < 4)
        return false;
    if (memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WAVE", 4) == 0) {
        riff(fd, s, false);
    } else if ((memcmp(head, "RF64", 4) == 0 || memcmp(head, "BW64", 4) == 0) && memcmp(head + 8, "WAVE", 4) == 0) {
        if (head[0] == 'B')                     /* which libsndfile 1.2 does not know */
            add_patch(s, s->start, 'R' | 'F' << 8 | '6' << 16 | '4' << 24, false);
        riff(fd, s, true);
    } else if (memcmp(head, "FORM", 4) == 0 && (memcmp(head + 8, "AIFF", 4) == 0 || memcmp(head + 8, "AIFC", 4) == 0)) {
        aiff(fd, s);
    } else if (memcmp(head, ".snd", 4) == 0) {
        au(fd, s);
    } else if (memcmp(head, "OggS", 4) == 0) {
        ogg(fd, s);
    } else if (memcmp(head, "fLaC", 4) == 0) {
        s->kind = SNIFF_FLAC;
    } else if (memcmp(head, "wvpk", 4) == 0) {
        s->kind = SNIFF_WAVPACK;
    } else if (memcmp(head + 4, "ftyp", 4) == 0) {
        s->kind = SNIFF_MP4;
        s->seems = of_mp4(fd, s->start);
    } else {
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            if (memcmp(head, others[i], 4) == 0) {
                if (head[0] == '#' && amr_breaks(fd, s->start, s->size))
                    s->seems = "AMR that is damaged, or has something behind it";
                return true;
            }
        return false;
    }
    return true;
}

/* Where behind some stray bytes a header begins that is told from chance by more than its first four; `size`, the
 * file's, if none does.
 * WAV and AIFF headers stand in files of compressed samples, too: they are larger than those. */
static uint64_t find_header(int fd, uint64_t start, uint64_t size)
{
    static const struct { uint8_t n; const char *bytes, *behind; } heads[] = {      /* behind: from the ninth byte on */
        { 4, "RIFF", "WAVE" }, { 4, "FORM", "AIF" }, { 8, "fLaC\0\0\0\"", "" }, { 8, "fLaC\x80\0\0\"", "" },
        { 6, "OggS\0\2", "" }, { 7, ".snd\0\0\0", "" }, { 6, "caff\0\1", "" },
    };
    enum { REACH = 64 << 10, HEAD = 12 };
    uint8_t *p = mem_zero(REACH + HEAD, 1);
    ssize_t n = io_read_at(fd, p, REACH, start);
    uint64_t found = size;
    for (ssize_t i = 0; i + HEAD <= n && found == size && memcmp(p + i, "wvpk", 4) != 0; i++)
        for (size_t k = 0; k < sizeof heads / sizeof *heads; k++) {
            uint64_t more = *heads[k].behind ? (k == 0 ? little : big)(p + i + 4) : 0;
            if (memcmp(p + i, heads[k].bytes, heads[k].n) == 0 && start + (uint64_t)i + 8 + more <= size &&
                memcmp(p + i + 8, heads[k].behind, strlen(heads[k].behind)) == 0)
                found = start + (uint64_t)i;
        }
    free(p);
    return found;
}

bool sniff(int fd, struct sniff *s)
{
    struct stat st;
    uint8_t byte;
    *s = (struct sniff){ .kind = SNIFF_OTHER };
    if (fstat(fd, &st) != 0 || st.st_size == 0)
        return false;
    s->size = s->end = (uint64_t)st.st_size;
    if (!at(fd, 0, &byte, 1))
        return false;
    s->start = behind_id3(fd, s->size);
    if (header(fd, s) || (s->seems = seems(fd, s->start)))
        return true;
    uint64_t end = before_tags(fd, s->start, s->size), start = mpeg_find(fd, s->start, end);
    if (start != s->start) {
        uint64_t other = find_header(fd, s->start, s->size);
        if (has(fd, 0, "ID3", 3)) {                 /* a tag that says more, or less, than it is */
            uint64_t early = mpeg_find(fd, 10, end), early_other = find_header(fd, 10, s->size);
            start = early < start ? early : start;
            other = early_other < other ? early_other : other;
        }
        if (other < start) {
            s->start = other;
            return header(fd, s);
        }
    }
    if (start < end) {
        *s = (struct sniff){ .kind = SNIFF_MPEG, .size = s->size, .start = start, .end = end,
                             .samples = mpeg_samples(fd, start) };
    }
    return true;
}

bool sniff_is_audio(const char *path)
{
    struct stat st;
    struct sniff s;
    int fd = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    bool found = sniff(fd, &s) && !has(fd, 0, "SONGPIPE", 8);
    s.start = 0;
    found = found && (s.kind != SNIFF_OTHER || header(fd, &s));
    close(fd);
    return found;
}
