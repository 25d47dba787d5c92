/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <mpg123.h>
#include <sndfile.h>
#include <sox.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/sniff.h"
#include "base/io.h"
#include "base/mem.h"

enum { BLOCK = 8192 };          /* samples of all channels that are mixed at once, at most */

struct decoder {
    struct decode_info info;
    unsigned stored;            /* channels that `read` gives */
    bool whole;                 /* a file that ends before `claimed` is broken */
    bool ended;
    uint64_t at;                /* frames read so far */
    mpg123_handle *mpg;
    SNDFILE *snd;
    sox_format_t *sox;
    sox_sample_t *ints;
    float *block;               /* of unmixed samples */
};

void decode_init(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    sox_init();
    sox_get_globals()->verbosity = 0;
    sox_format_init();
}

static struct decoder *refuse(struct decoder *d, char *why, const char *text)
{
    snprintf(why, DECODE_WHY, "%s", text);
    decode_close(d);
    return NULL;
}

/* ---- libmpg123 ---- */

/* It reads a frame's four bytes and then its rest: without a buffer two calls for each. */
struct reader { int fd; off_t at, start; size_t n; char bytes[64 << 10]; };

static ssize_t reader_read(void *state, void *to, size_t n)
{
    struct reader *r = state;
    if (r->at < r->start || r->at >= r->start + (off_t)r->n) {
        ssize_t got = io_read_at(r->fd, r->bytes, sizeof r->bytes, (uint64_t)r->at);
        if (got <= 0)
            return got;
        r->start = r->at;
        r->n = (size_t)got;
    }
    size_t skip = (size_t)(r->at - r->start), part = r->n - skip < n ? r->n - skip : n;
    memcpy(to, r->bytes + skip, part);
    r->at += (off_t)part;
    return (ssize_t)part;
}

static off_t reader_seek(void *state, off_t offset, int whence)
{
    struct reader *r = state;
    struct stat st;
    off_t from = whence == SEEK_CUR ? r->at : 0;
    if (whence == SEEK_END)
        from = fstat(r->fd, &st) == 0 ? st.st_size : 0;
    if (from + offset < 0)
        return -1;
    return r->at = from + offset;
}

static struct decoder *open_mpg(int fd, bool mix, const struct sniff *s, char *why)
{
    struct decoder *d = mem_zero(1, sizeof *d);
    mpg123_init();
    d->mpg = mpg123_new(NULL, NULL);
    long flags = MPG123_FORCE_FLOAT | MPG123_GAPLESS | MPG123_QUIET | (mix ? MPG123_MONO_MIX : 0);
    long rate = 0;
    int channels = 0, encoding = 0;
    if (!d->mpg || mpg123_param(d->mpg, MPG123_ADD_FLAGS, flags, 0) != MPG123_OK ||
        mpg123_param(d->mpg, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0) != MPG123_OK ||
        mpg123_param(d->mpg, MPG123_RESYNC_LIMIT, -1, 0) != MPG123_OK)
        return refuse(d, why, "libmpg123 cannot be set up");
    struct reader *r = mem_new(1, sizeof *r);
    *r = (struct reader){ .fd = fd };
    if (mpg123_replace_reader_handle(d->mpg, reader_read, reader_seek, free) != MPG123_OK ||
        mpg123_open_handle(d->mpg, r) != MPG123_OK ||
        mpg123_getformat(d->mpg, &rate, &channels, &encoding) != MPG123_OK || encoding != MPG123_ENC_FLOAT_32)
        return refuse(d, why, "not audio: no MPEG frames in it");
    d->info.rate = (int)rate;
    d->stored = (unsigned)channels;
    d->info.claimed = s->samples;
    snprintf(d->info.name, sizeof d->info.name, "libmpg123 (API %d)", MPG123_API_VERSION);
    return d;
}

static ptrdiff_t read_mpg(struct decoder *d, float *x, size_t frames, char *why)
{
    size_t done = 0, bytes = frames * d->stored * sizeof *x;
    int status = mpg123_read(d->mpg, (unsigned char *)x, bytes, &done);
    if (done == 0 && status == MPG123_NEW_FORMAT) {
        long rate = 0;
        int channels = 0, encoding = 0;
        mpg123_getformat(d->mpg, &rate, &channels, &encoding);
        if (rate != d->info.rate || (unsigned)channels != d->stored) {
            snprintf(why, DECODE_WHY, "changes from %d Hz, %u channels to %ld Hz, %d channels after %.1f s",
                     d->info.rate, d->stored, rate, channels, (double)d->at / d->info.rate);
            return -1;
        }
        return read_mpg(d, x, frames, why);
    }
    if (done == 0 && status != MPG123_OK && status != MPG123_DONE && d->at == 0) {
        snprintf(why, DECODE_WHY, "%s", mpg123_strerror(d->mpg));
        return -1;
    }
    return (ptrdiff_t)(done / (d->stored * sizeof *x));
}

/* ---- libsndfile ---- */

static struct decoder *open_snd(int fd, const struct sniff *s, SF_INFO *info, char *why)
{
    struct decoder *d = mem_zero(1, sizeof *d);
    d->snd = sf_open_fd(fd, SFM_READ, info, SF_FALSE);
    if (!d->snd)
        return refuse(d, why, sf_strerror(NULL));
    d->info.rate = info->samplerate;
    d->stored = info->channels > 0 ? (unsigned)info->channels : 0;
    d->info.claimed = s && s->samples ? s->samples
                    : info->frames > 0 && info->frames < (sf_count_t)1 << 48 ? (uint64_t)info->frames : 0;
    int kind = info->format & SF_FORMAT_TYPEMASK;
    d->whole = kind == SF_FORMAT_FLAC;
    if (kind == SF_FORMAT_OGG || kind == SF_FORMAT_RAW || !s)
        d->info.claimed = 0;
    d->info.endless = s && s->endless;
    snprintf(d->info.name, sizeof d->info.name, "%s", sf_version_string());
    char *dash = strchr(d->info.name, '-');
    if (dash)
        *dash = ' ';
    return d;
}

/* Whether its samples are whole numbers, which libsox reads as well. */
static bool integers(const SF_INFO *info)
{
    switch (info->format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_OGG: case SF_FORMAT_FLAC: case SF_FORMAT_CAF: case SF_FORMAT_MPEG: case SF_FORMAT_RF64:
    case SF_FORMAT_W64:
        return false;           /* read best or only by libsndfile */
    default:
        break;
    }
    switch (info->format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_FLOAT: case SF_FORMAT_DOUBLE: case SF_FORMAT_VORBIS: case SF_FORMAT_OPUS:
    case SF_FORMAT_MPEG_LAYER_I: case SF_FORMAT_MPEG_LAYER_II: case SF_FORMAT_MPEG_LAYER_III:
        return false;
    default:
        return true;
    }
}

static ptrdiff_t read_snd(struct decoder *d, float *x, size_t frames, char *why)
{
    sf_count_t n = sf_readf_float(d->snd, x, (sf_count_t)frames);
    int error = sf_error(d->snd);
    if (error && (d->whole || n <= 0)) {
        snprintf(why, DECODE_WHY, "breaks off after %.1f s: %.150s", (double)d->at / d->info.rate,
                 sf_error_number(error));
        return -1;
    }
    return n > 0 ? (ptrdiff_t)n : 0;
}

/* ---- libsox ---- */

static struct decoder *open_sox(const char *path, const struct sniff *s, char *why)
{
    struct decoder *d = mem_zero(1, sizeof *d);
    /* libsox runs what begins with '|' and fetches what looks like an address */
    size_t n = strlen(path) + 3;
    char *safe = mem_new(n, 1);
    snprintf(safe, n, "%s%s", *path == '/' ? "" : "./", path);
    decode_init();
    d->sox = sox_open_read(safe, NULL, NULL, NULL);
    free(safe);
    if (!d->sox)
        return refuse(d, why, "not audio: no decoder knows what is in it; --command can use another");
    double rate = d->sox->signal.rate;
    d->info.rate = rate > 0 && rate < 1e9 ? (int)rate : 0;
    d->stored = d->sox->signal.channels;
    uint64_t length = d->sox->signal.length;
    d->info.claimed = s->samples ? s->samples
                    : d->stored && length < (uint64_t)1 << 48 ? length / d->stored : 0;
    snprintf(d->info.name, sizeof d->info.name, "libsox %s", sox_version());
    if (*d->info.name && d->info.name[7] == 'v')
        memmove(d->info.name + 7, d->info.name + 8, strlen(d->info.name + 8) + 1);
    return d;
}

static ptrdiff_t read_sox(struct decoder *d, float *x, size_t frames, char *why)
{
    if (!d->ints)
        d->ints = mem_new(BLOCK + DECODE_CHANNELS, sizeof *d->ints);
    if (frames > BLOCK / d->stored)
        frames = BLOCK / d->stored;
    size_t n = sox_read(d->sox, d->ints, frames * d->stored) / d->stored;
    for (size_t i = 0; i < n * d->stored; i++)
        x[i] = (float)d->ints[i] * (1.0f / 2147483648.0f);
    if (d->sox->sox_errno && n == 0 && d->sox->sox_errno != SOX_EOF && strstr(d->sox->sox_errstr, "ERROR")) {
        snprintf(why, DECODE_WHY, "breaks off after %.1f s: %.150s", (double)d->at / d->info.rate, d->sox->sox_errstr);
        return -1;
    }
    return (ptrdiff_t)n;
}

/* ---- all of them ---- */

/* Check what a header claims before anything is made by its measure. */
static struct decoder *accept(struct decoder *d, bool mix, char *why)
{
    if (!d)
        return NULL;
    if (d->stored < 1 || d->stored > DECODE_CHANNELS) {
        snprintf(why, DECODE_WHY, "its header says %u channels, and 1 to %d are taken", d->stored, DECODE_CHANNELS);
    } else if (d->info.rate < DECODE_RATE_MIN || d->info.rate > DECODE_RATE_MAX) {
        snprintf(why, DECODE_WHY, "its header says %d Hz, and %d to %d are taken", d->info.rate, DECODE_RATE_MIN,
                 DECODE_RATE_MAX);
    } else {
        d->info.channels = mix ? 1 : d->stored;
        if (mix && d->stored > 1)
            d->block = mem_new(BLOCK, sizeof *d->block);
        return d;
    }
    decode_close(d);
    return NULL;
}

static struct decoder *open_kind(int fd, const char *path, bool mix, char *why)
{
    struct sniff s;
    if (!sniff(fd, &s)) {
        snprintf(why, DECODE_WHY, "%s", s.size ? "cannot be read" : "an empty file");
        return NULL;
    }
    if (s.kind == SNIFF_MPEG)
        return open_mpg(fd, mix, &s, why);
    SF_INFO info = { 0 };
    struct decoder *d = open_snd(fd, &s, &info, why);
    if (d && !integers(&info))
        return d;
    char ignored[DECODE_WHY];
    struct decoder *by_sox = open_sox(path, &s, d ? ignored : why);
    if (by_sox) {
        decode_close(d);
        return by_sox;
    }
    const char *suffix = strrchr(path, '.');
    if (!d && suffix && (strcasecmp(suffix, ".mp3") == 0 || strcasecmp(suffix, ".mp2") == 0))
        return lseek(fd, 0, SEEK_SET) == 0 ? open_mpg(fd, mix, &s, why) : NULL;
    return d;
}

struct decoder *decode_open(const char *path, bool mix, char *why)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        snprintf(why, DECODE_WHY, "cannot open %.120s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        snprintf(why, DECODE_WHY, "%s, not a regular file", S_ISDIR(st.st_mode) ? "a directory"
                 : S_ISFIFO(st.st_mode) ? "a FIFO" : S_ISSOCK(st.st_mode) ? "a socket" : "a device");
        close(fd);
        return NULL;
    }
    return accept(open_kind(fd, path, mix, why), mix, why);   /* the file stays open: the child ends soon */
}

struct decoder *decode_pipe(int fd, bool mix, int raw_rate, int raw_channels, char *why)
{
    SF_INFO info = { 0 };
    if (raw_rate > 0)
        info = (SF_INFO){ .samplerate = raw_rate, .channels = raw_channels,
                          .format = SF_FORMAT_RAW | SF_FORMAT_FLOAT | SF_ENDIAN_LITTLE };
    return accept(open_snd(fd, NULL, &info, why), mix, why);
}

const struct decode_info *decode_info(const struct decoder *d) { return &d->info; }

static ptrdiff_t read_stored(struct decoder *d, float *x, size_t frames, char *why)
{
    return d->mpg ? read_mpg(d, x, frames, why) : d->snd ? read_snd(d, x, frames, why) : read_sox(d, x, frames, why);
}

/* Mean of the channels: to[n] of x[n][channels]. */
static void mix_down(const float *x, size_t n, unsigned channels, float *to)
{
    if (channels == 2) {
        for (size_t i = 0; i < n; i++)
            to[i] = (x[2 * i] + x[2 * i + 1]) * 0.5f;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (unsigned c = 0; c < channels; c++)
            sum += (double)x[i * channels + c];
        to[i] = (float)(sum / channels);
    }
}

ptrdiff_t decode_read(struct decoder *d, float *x, size_t frames, char *why)
{
    if (d->ended || !frames)
        return 0;
    float *to = d->block ? d->block : x;
    if (d->block && frames > BLOCK / d->stored)
        frames = BLOCK / d->stored;
    ptrdiff_t n = read_stored(d, to, frames, why);
    size_t count = n > 0 ? (size_t)n * d->stored : 0;
    uint32_t top = 0;
    for (size_t i = 0; i < count; i++) {        /* without a branch: the largest bits without sign */
        uint32_t bits;
        memcpy(&bits, to + i, sizeof bits);
        bits &= 0x7fffffff;
        top = bits > top ? bits : top;
    }
    for (size_t i = 0; top >= 0x7f800000 && i < count; i++)
        if (!isfinite(to[i])) {
            snprintf(why, DECODE_WHY, "%s at sample %llu", isnan(to[i]) ? "NaN" : "an infinite value",
                     (unsigned long long)(d->at + i / d->stored));
            n = -1;
            break;
        }
    if (n <= 0)
        d->ended = true;
    if (n == 0 && d->whole && d->at < d->info.claimed) {
        snprintf(why, DECODE_WHY, "breaks off after %llu samples of %llu", (unsigned long long)d->at,
                 (unsigned long long)d->info.claimed);
        return -1;
    }
    if (n > 0 && d->block)
        mix_down(d->block, (size_t)n, d->stored, x);
    d->at += n > 0 ? (uint64_t)n : 0;
    return n;
}

int64_t decode_skip(struct decoder *d, uint64_t frames, char *why)
{
    float *x = mem_new(BLOCK, sizeof *x);
    uint64_t done = 0;
    ptrdiff_t n = 1;
    while (done < frames && n > 0) {
        uint64_t most = BLOCK / d->info.channels;
        n = decode_read(d, x, (size_t)(frames - done < most ? frames - done : most), why);
        done += n > 0 ? (uint64_t)n : 0;
    }
    free(x);
    return n < 0 ? -1 : (int64_t)done;
}

void decode_close(struct decoder *d)
{
    if (!d)
        return;
    if (d->mpg)
        mpg123_delete(d->mpg);
    if (d->snd)
        sf_close(d->snd);
    if (d->sox)
        sox_close(d->sox);
    free(d->ints);
    free(d->block);
    free(d);
}
