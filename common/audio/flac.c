/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/flac.h"

#include <FLAC/stream_decoder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"

/* ---- headers: RFC 9639, 8.2 and 9.1 ---- */

struct frame { unsigned rate, channels; uint64_t number, next, sample; };       /* next: the number behind it */

static unsigned crc8(const uint8_t *p, size_t n)
{
    unsigned crc = 0;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 0x80 ? (crc << 1 ^ 7) & 0xff : crc << 1;
    }
    return crc;
}

/* Read the header of a frame from 16 bytes, of a file of that rate; false if it is none. */
static bool read_header(const uint8_t *p, unsigned rate, struct frame *f)
{
    static const unsigned rates[12] = { 0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000 };
    unsigned size = p[2] >> 4, code = p[2] & 15, channels = p[3] >> 4;
    if (p[0] != 0xff || (p[1] & 0xfe) != 0xf8 || size == 0 || code == 15 || channels > 10 || p[3] & 1)
        return false;
    size_t at = 5, more = 0;
    for (unsigned bit = 0x80; p[4] & bit && bit > 1; bit >>= 1)
        more++;                         /* a number as in UTF-8, of up to seven bytes */
    if (more == 1)
        return false;
    f->number = more ? p[4] & (0x7fu >> more) : p[4];
    for (size_t i = 1; i < more; i++)
        f->number = f->number << 6 | (p[at++] & 0x3f);
    uint64_t block = size == 1 ? 192 : size < 6 ? 576u << (size - 2) : 256u << ((size - 8) & 15);
    if (size == 6 || size == 7) {
        block = size == 6 ? p[at] + 1u : (unsigned)(p[at] << 8 | p[at + 1]) + 1;
        at += size - 5;
    }
    f->rate = code == 0 ? rate : code < 12 ? rates[code] : code == 12 ? 1000u * p[at]
            : (unsigned)(p[at] << 8 | p[at + 1]) * (code == 14 ? 10 : 1);
    at += code < 12 ? 0 : code == 12 ? 1 : 2;
    f->channels = channels < 8 ? channels + 1 : 2;
    f->next = f->number + (p[1] & 1 ? block : 1);
    f->sample = p[1] & 1 ? f->number : f->number * block;
    return crc8(p, at) == p[at];
}

struct flac_head flac_look(int fd, uint64_t start, uint64_t end)
{
    enum { VIEW = 128 << 10, HEAD = 16 };
    uint8_t *bytes = mem_new(VIEW, 1);
    struct flac_head head = { 0 };
    ssize_t n = io_read_at(fd, bytes, 26, start);
    if (n == 26 && memcmp(bytes, "fLaC", 4) == 0 && (bytes[4] & 0x7f) == 0) {
        const uint8_t *p = bytes + 18;      /* rate, channels, depth and length, in 20, 3, 5 and 36 bits */
        unsigned rate = (unsigned)p[0] << 12 | (unsigned)p[1] << 4 | p[2] >> 4, channels = (p[2] >> 1 & 7) + 1u;
        unsigned bits = ((p[2] & 1u) << 4 | p[3] >> 4) + 1;
        head.samples = (uint64_t)(p[3] & 15) << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | p[7];
        head.plain = head.samples && (bits == 8 || bits == 16 || bits == 24);
        struct frame last = { 0 }, f;
        uint64_t follows = 0;           /* the number of the frame that goes on with those before it */
        for (uint64_t at = start; head.plain && at + HEAD <= end; at += (uint64_t)n - HEAD + 1) {
            n = io_read_at(fd, bytes, VIEW, at);
            if (n < HEAD)
                break;
            for (const uint8_t *q = bytes; (q = memchr(q, 0xff, (size_t)(bytes + n - HEAD + 1 - q))); q++)
                if ((q[1] & 0xfe) == 0xf8 && read_header(q, rate, &f) && (f.rate != rate || f.channels != channels)) {
                    head.plain = head.plain && !(f.rate == last.rate && f.channels == last.channels && f.number == last.next);
                    last = f;
                } else if ((q[1] & 0xfe) == 0xf8 && read_header(q, rate, &f)) {
                    head.more |= f.number == follows && f.sample >= head.samples;
                    follows = f.number == follows ? f.next : f.number == 0 ? UINT64_MAX : follows;     /* another file begins */
                }
        }
    }
    free(bytes);
    return head;
}

/* ---- decoding ---- */

struct flac {
    FLAC__StreamDecoder *decoder;
    struct part *part;
    struct flac_format format;
    bool known;                     /* STREAMINFO was there */
    float *x;                       /* of a frame: samples `taken` to n are to be given */
    size_t cap, n, taken;
    uint64_t given;                 /* samples per channel so far */
    bool error;                     /* libFLAC told of one since the last frame */
    FLAC__StreamDecoderErrorStatus status;
    char changed[FLAC_WHY];         /* what the last frame has that the first had not, or "" */
};

static FLAC__StreamDecoderReadStatus on_read(const FLAC__StreamDecoder *d, FLAC__byte *to, size_t *n, void *state)
{
    struct flac *f = state;
    (void)d;
    ssize_t got = part_read(f->part, to, *n);
    *n = got > 0 ? (size_t)got : 0;
    return got > 0 ? FLAC__STREAM_DECODER_READ_STATUS_CONTINUE
         : got == 0 ? FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM : FLAC__STREAM_DECODER_READ_STATUS_ABORT;
}

static void on_metadata(const FLAC__StreamDecoder *d, const FLAC__StreamMetadata *m, void *state)
{
    struct flac *f = state;
    (void)d;
    if (m->type != FLAC__METADATA_TYPE_STREAMINFO || f->known)
        return;
    f->known = true;
    f->format = (struct flac_format){ (int)m->data.stream_info.sample_rate, m->data.stream_info.channels,
                                      m->data.stream_info.total_samples };
}

static void on_error(const FLAC__StreamDecoder *d, FLAC__StreamDecoderErrorStatus status, void *state)
{
    struct flac *f = state;
    (void)d;
    if (!f->error)
        f->status = status;
    f->error = true;
}

static FLAC__StreamDecoderWriteStatus on_frame(const FLAC__StreamDecoder *d, const FLAC__Frame *frame,
                                               const FLAC__int32 *const *in, void *state)
{
    struct flac *f = state;
    const FLAC__FrameHeader *h = &frame->header;
    (void)d;
    if ((int)h->sample_rate != f->format.rate || h->channels != f->format.channels) {
        snprintf(f->changed, sizeof f->changed, "changes from %d Hz, %u channels to %u Hz, %u channels after %.1f s",
                 f->format.rate, f->format.channels, h->sample_rate, h->channels, (double)f->given / f->format.rate);
        return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    }
    mem_grow(&f->x, &f->cap, (size_t)h->blocksize * h->channels, sizeof *f->x);
    float scale = 1.0f / (float)((uint64_t)1 << (h->bits_per_sample - 1));
    for (unsigned c = 0; c < h->channels; c++)
        for (size_t i = 0; i < h->blocksize; i++)
            f->x[i * h->channels + c] = (float)in[c][i] * scale;
    f->n = h->blocksize;
    f->taken = 0;
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

struct flac *flac_open(struct part *p, bool ogg, struct flac_format *format)
{
    struct flac *f = mem_zero(1, sizeof *f);
    f->part = p;
    f->decoder = FLAC__stream_decoder_new();
    FLAC__StreamDecoderInitStatus status = !f->decoder ? FLAC__STREAM_DECODER_INIT_STATUS_MEMORY_ALLOCATION_ERROR
        : ogg ? FLAC__stream_decoder_init_ogg_stream(f->decoder, on_read, NULL, NULL, NULL, NULL, on_frame, on_metadata,
                                                     on_error, f)
              : FLAC__stream_decoder_init_stream(f->decoder, on_read, NULL, NULL, NULL, NULL, on_frame, on_metadata,
                                                 on_error, f);
    if (status == FLAC__STREAM_DECODER_INIT_STATUS_OK && FLAC__stream_decoder_process_until_end_of_metadata(f->decoder) &&
        f->known && f->format.rate > 0 && f->format.channels > 0) {
        *format = f->format;
        return f;
    }
    flac_close(f);
    return NULL;
}

/* Decode the next frame; 1, 0 at the end, -1 for an error that is not the end's. */
static int next_frame(struct flac *f, char *why)
{
    f->n = f->taken = 0;
    while (!f->n) {
        bool fine = FLAC__stream_decoder_process_single(f->decoder);
        FLAC__StreamDecoderState state = FLAC__stream_decoder_get_state(f->decoder);
        if (f->changed[0]) {
            snprintf(why, FLAC_WHY, "%s", f->changed);
            return -1;
        }
        bool end = state == FLAC__STREAM_DECODER_END_OF_STREAM;
        if (!f->n && (!fine || end) && f->given && !f->format.samples) {
            if (f->error)
                snprintf(why, FLAC_WHY, "what follows %.1f s of sound is none", (double)f->given / f->format.rate);
            return 0;
        }
        if (f->error && (f->n || !fine || end || f->format.samples)) {
            snprintf(why, FLAC_WHY, "breaks off after %.1f s: %s", (double)f->given / f->format.rate,
                     f->status == FLAC__STREAM_DECODER_ERROR_STATUS_FRAME_CRC_MISMATCH ? "a frame's checksum is wrong"
                     : f->status == FLAC__STREAM_DECODER_ERROR_STATUS_BAD_HEADER ? "a frame's header is damaged"
                     : f->status == FLAC__STREAM_DECODER_ERROR_STATUS_LOST_SYNC ? "lost sync" : "a frame is damaged");
            return -1;
        }
        if (!f->n && end)
            return 0;
        if (!f->n && !fine) {
            snprintf(why, FLAC_WHY, "breaks off after %.1f s: %s", (double)f->given / f->format.rate,
                     FLAC__StreamDecoderStateString[state]);
            return -1;
        }
    }
    return 1;
}

ptrdiff_t flac_read(struct flac *f, float *x, size_t frames, char *why)
{
    if (f->format.samples && frames > f->format.samples - f->given)
        frames = (size_t)(f->format.samples - f->given);
    if (!frames)
        return 0;
    if (f->taken == f->n) {
        int got = next_frame(f, why);
        if (got <= 0)
            return got;
    }
    size_t n = f->n - f->taken < frames ? f->n - f->taken : frames;
    memcpy(x, f->x + f->taken * f->format.channels, n * f->format.channels * sizeof *x);
    f->taken += n;
    f->given += n;
    return (ptrdiff_t)n;
}

void flac_close(struct flac *f)
{
    if (!f)
        return;
    if (f->decoder)
        FLAC__stream_decoder_delete(f->decoder);
    free(f->x);
    free(f->part);
    free(f);
}
