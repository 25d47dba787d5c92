/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/preview.h"

#include <math.h>
#include <sndfile.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/tracks.h"
#include "base/mem.h"

size_t preview_loudest(const float *x, size_t n, size_t m)
{
    double sum = 0, most;
    size_t best = 0;
    for (size_t i = 0; i < m; i++)
        sum += (double)x[i] * (double)x[i];
    most = sum;
    for (size_t i = m; i < n; i++) {
        sum += (double)x[i] * (double)x[i] - (double)x[i - m] * (double)x[i - m];
        if (sum > most) {
            most = sum;
            best = i + 1 - m;
        }
    }
    return best;
}

/* ---- a file in memory, for libsndfile ---- */

struct file { struct str text; size_t at; };

static sf_count_t file_size(void *state) { return (sf_count_t)((struct file *)state)->text.n; }
static sf_count_t file_at(void *state) { return (sf_count_t)((struct file *)state)->at; }

static sf_count_t file_seek(sf_count_t by, int whence, void *state)
{
    struct file *f = state;
    sf_count_t to = by + (whence == SEEK_CUR ? (sf_count_t)f->at : whence == SEEK_END ? (sf_count_t)f->text.n : 0);
    if (to < 0 || (size_t)to > f->text.n)
        return -1;
    f->at = (size_t)to;
    return to;
}

static sf_count_t file_read(void *to, sf_count_t n, void *state)
{
    struct file *f = state;
    size_t left = f->text.n - f->at, size = (size_t)n < left ? (size_t)n : left;
    memcpy(to, f->text.p + f->at, size);
    f->at += size;
    return (sf_count_t)size;
}

static sf_count_t file_write(const void *from, sf_count_t n, void *state)
{
    struct file *f = state;
    if (f->at + (size_t)n > f->text.n) {
        str_room(&f->text, f->at + (size_t)n - f->text.n);
        f->text.n = f->at + (size_t)n;
    }
    memcpy(f->text.p + f->at, from, (size_t)n);
    f->at += (size_t)n;
    return n;
}

/* ---- Ogg (RFC 3533, section 6): pages, each with the stream's number and a checksum ---- */

static uint32_t checksum(const uint8_t *p, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum ^= (uint32_t)p[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            sum = sum << 1 ^ (sum >> 31 ? 0x04c11db7 : 0);
    }
    return sum;
}

/* Let the number of the stream be 1 in every page. */
static void number_pages(uint8_t *p, size_t n)
{
    enum { HEAD = 27, NUMBER = 14, SUM = 22 };
    for (size_t size; n >= HEAD && memcmp(p, "OggS", 4) == 0; p += size, n -= size) {
        size = HEAD + p[HEAD - 1];
        for (size_t i = 0; i < p[HEAD - 1] && HEAD + i < n; i++)
            size += p[HEAD + i];
        if (size > n)
            return;
        memcpy(p + NUMBER, (const uint8_t[8]){ 1 }, 4);
        memset(p + SUM, 0, 4);
        uint32_t sum = checksum(p, size);
        for (int i = 0; i < 4; i++)
            p[SUM + i] = (uint8_t)(sum >> 8 * i);
    }
}

bool preview_encode(const float *x, size_t n, struct str *to, char *why)
{
    SF_VIRTUAL_IO io = { file_size, file_seek, file_read, file_write, file_at };
    SF_INFO info = { .samplerate = PREVIEW_RATE, .channels = 1, .format = SF_FORMAT_OGG | SF_FORMAT_OPUS };
    struct file file = { { NULL, 0, 0 }, 0 };
    double level = 1 - (PREVIEW_BITS - 6000) / 250000.0;    /* libsndfile's: 0 is 256 kbit/s, 1 is 6 */
    size_t fade = PREVIEW_RATE / 50 < n / 2 ? PREVIEW_RATE / 50 : n / 2;
    float *y = mem_new(n, sizeof *y), top = 1;
    for (size_t i = 0; i < n; i++)
        top = fmaxf(top, fabsf(x[i]));
    for (size_t i = 0; i < n; i++) {
        size_t end = i < n - 1 - i ? i : n - 1 - i;
        y[i] = x[i] / top * (end < fade ? (float)end / (float)fade : 1);
    }
    SNDFILE *out = sf_open_virtual(&io, SFM_WRITE, &info, &file);
    bool good = out && sf_command(out, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level) == SF_TRUE &&
        sf_writef_float(out, y, (sf_count_t)n) == (sf_count_t)n;
    if (!good)
        snprintf(why, PREVIEW_WHY, "libsndfile cannot write Opus: %.150s", sf_strerror(out));
    if (out)
        sf_close(out);
    if (good) {
        number_pages((uint8_t *)file.text.p, file.text.n);
        str_put(to, file.text.p, file.text.n);
    }
    str_free(&file.text);
    free(y);
    return good;
}

bool previews_make(const struct preview_of *of, size_t n, double seconds, size_t jobs, preview_take *take, void *state,
                   char *why)
{
    struct track_spec spec = { .rate = PREVIEW_RATE, .mix = true };     /* read by tracks_start alone */
    const struct fence_limits limits = { 60, 300, (size_t)2 << 30 };
    struct tracks *tracks = tracks_new(jobs, &spec, &limits, 0);
    struct str clip = { NULL, 0, 0 };
    size_t most = (size_t)(seconds * PREVIEW_RATE), begun = 0, i = 0;
    for (; i < n; i++) {
        for (; begun < n && begun < i + jobs; begun++) {
            spec.offset = of[begun].start;
            spec.duration = of[begun].length > 0 && of[begun].length < 1200 ? of[begun].length : 1200;
            if (!tracks_start(tracks, begun, of[begun].path))
                break;
        }
        struct track *t = tracks_at(tracks, i);
        while (begun > i && t->running)
            tracks_wait(tracks, i, begun - i, -1);
        if (begun == i || t->lack) {
            snprintf(why, PREVIEW_WHY, "%.199s", t->why);
            break;
        }
        size_t have = track_have(t), size = most < have ? most : have;
        snprintf(why, PREVIEW_WHY, "%.199s", t->why[0] ? t->why : size ? "" : "no samples in it");
        clip.n = 0;
        if (!why[0])
            preview_encode(t->x + preview_loudest(t->x, have, size), size, &clip, why);
        take(i, clip.p, clip.n, why, state);
        tracks_end(tracks, i);
    }
    str_free(&clip);
    tracks_free(tracks);
    return i == n;
}
