/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio/decode.h"

#include <errno.h>
#include <FLAC/format.h>
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

#include "audio/flac.h"
#include "audio/mpeg.h"
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
    int fd;
    struct sniff s;
    uint64_t link;              /* where the stream that is read begins, in a chain of them */
    mpg123_handle *mpg;         /* NULL behind the last frame that agrees with others */
    bool mixes;                 /* libmpg123 gives the mean of the channels */
    char changed[DECODE_WHY];   /* libmpg123's next samples are of another format: which; or "" */
    struct flac *flac;
    SNDFILE *snd;
    struct part *part;          /* what libsndfile reads, where that is not the whole file as it is */
    sox_format_t *sox;
    sox_sample_t *ints;
    float *block;               /* of unmixed samples */
};

void decode_init(void)
{
    sox_get_globals()->verbosity = 0;
    if (sox_format_init() == SOX_SUCCESS)       /* not so the second time, when nothing is left to be done */
        sox_init();
}

static struct decoder *refuse(struct decoder *d, char *why, const char *text)
{
    snprintf(why, DECODE_WHY, "%s", text);
    decode_close(d);
    return NULL;
}

/* ---- libmpg123 ---- */

static ssize_t read_part(void *part, void *to, size_t n) { return part_read(part, to, n); }
static off_t seek_part(void *part, off_t offset, int whence) { return part_seek(part, offset, whence); }

/* Open what lies from `start` on. */
static bool start_mpg(struct decoder *d, uint64_t start, long *rate, int *channels)
{
    int encoding = 0;
    long flags = MPG123_FORCE_FLOAT | MPG123_GAPLESS | MPG123_QUIET | (d->mixes ? MPG123_MONO_MIX : 0);
    d->mpg = mpg123_new(NULL, NULL);
    d->link = start;
    return d->mpg && mpg123_param(d->mpg, MPG123_ADD_FLAGS, flags, 0) == MPG123_OK &&
           mpg123_param(d->mpg, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0) == MPG123_OK &&
           mpg123_param(d->mpg, MPG123_RESYNC_LIMIT, -1, 0) == MPG123_OK &&
           mpg123_replace_reader_handle(d->mpg, read_part, seek_part, free) == MPG123_OK &&
           mpg123_open_handle(d->mpg, part_new(d->fd, start, d->s.end, NULL, 0)) == MPG123_OK &&
           mpg123_getformat(d->mpg, rate, channels, &encoding) == MPG123_OK && encoding == MPG123_ENC_FLOAT_32;
}

static struct decoder *open_mpg(int fd, bool mix, const struct sniff *s, char *why)
{
    struct decoder *d = mem_zero(1, sizeof *d);
    long rate = 0;
    int channels = 0;
    mpg123_init();
    d->fd = fd;
    d->s = *s;
    d->mixes = mix && mpeg_mixes(fd, s->start, s->end);
    if (!start_mpg(d, s->start, &rate, &channels))
        return refuse(d, why, "not audio: no MPEG frames in it");
    d->info.rate = (int)rate;
    d->stored = (unsigned)channels;
    d->info.claimed = s->samples;
    snprintf(d->info.name, sizeof d->info.name, "libmpg123 (API %d)", MPG123_API_VERSION);
    return d;
}

/* The rate or the channels change after so many seconds, says libmpg123. One header that says so is found in any damage:
 * then go on behind it, where frames agree, if there are such. */
static void change_format(struct decoder *d, double seconds)
{
    long rate = 0;
    int channels = 0, encoding;
    mpg123_getformat(d->mpg, &rate, &channels, &encoding);
    if (rate == d->info.rate && (unsigned)channels == d->stored)
        return;
    off_t offset = mpg123_framepos(d->mpg);
    uint64_t here = d->link + (offset > 0 ? (uint64_t)offset : 0);
    if (!mpeg_agree(d->fd, here, d->s.end)) {
        uint64_t next = mpeg_find(d->fd, here + 1, d->s.end);
        snprintf(d->info.note, sizeof d->info.note, "damaged at %.1f s: %llu bytes are no sound", seconds,
                 (unsigned long long)(next - here));
        mpg123_delete(d->mpg);
        d->mpg = NULL;
        if (next == d->s.end || !start_mpg(d, next, &rate, &channels))
            return;
    }
    if (rate != d->info.rate || (unsigned)channels != d->stored)
        snprintf(d->changed, sizeof d->changed, "changes from %d Hz, %u channels to %ld Hz, %d channels after %.1f s",
                 d->info.rate, d->stored, rate, channels, seconds);
}

/* What libmpg123 says beside samples: another format, which those that follow have, or an error in the middle. */
static void read_status(struct decoder *d, int status, size_t samples)
{
    double seconds = (double)(d->at + samples) / d->info.rate;
    if (status == MPG123_NEW_FORMAT)
        change_format(d, seconds);
    else if (status != MPG123_OK && status != MPG123_DONE)
        snprintf(d->info.note, sizeof d->info.note, "cut short after %.1f s: %.150s", seconds, mpg123_strerror(d->mpg));
}

static ptrdiff_t read_mpg(struct decoder *d, float *x, size_t frames, char *why)
{
    int status = MPG123_NEW_FORMAT;
    size_t done = 0;
    while (d->mpg && !d->changed[0] && status == MPG123_NEW_FORMAT && done == 0) {
        status = mpg123_read(d->mpg, (unsigned char *)x, frames * d->stored * sizeof *x, &done);
        done /= d->stored * sizeof *x;
        read_status(d, status, done);
    }
    if (done)
        return (ptrdiff_t)done;
    if (d->changed[0]) {
        snprintf(why, DECODE_WHY, "%s", d->changed);
        return -1;
    }
    if (d->mpg && status != MPG123_OK && status != MPG123_DONE && d->at == 0) {
        snprintf(why, DECODE_WHY, "%s", mpg123_strerror(d->mpg));
        return -1;
    }
    return 0;
}

/* ---- libFLAC ---- */

static struct decoder *open_flac(int fd, const struct sniff *s, char *why)
{
    struct decoder *d = mem_zero(1, sizeof *d);
    struct flac_format format;
    d->fd = fd;
    d->s = *s;
    d->link = s->start;
    uint64_t end = s->chained ? sniff_next_stream(fd, s->start, s->size) : s->size;
    d->flac = flac_open(part_new(fd, s->start, end, NULL, 0), s->kind == SNIFF_OGG_FLAC, &format);
    if (!d->flac)
        return refuse(d, why, "not audio: FLAC without a header that says its rate");
    d->info.rate = format.rate;
    d->stored = format.channels;
    d->whole = true;
    d->info.claimed = s->chained ? 0 : format.samples;
    snprintf(d->info.name, sizeof d->info.name, "libFLAC %s", FLAC__VERSION_STRING);
    return d;
}

/* ---- libsndfile ---- */

static sf_count_t part_length(void *part) { return part_size(part); }
static sf_count_t part_go(sf_count_t offset, int whence, void *part) { return part_seek(part, offset, whence); }
static sf_count_t part_get(void *to, sf_count_t n, void *part) { return part_read(part, to, (size_t)n); }
static sf_count_t part_tell(void *part) { return part_at(part); }

/* The bytes from `start` to `end` of a file, through d->part. */
static SNDFILE *open_part(struct decoder *d, uint64_t start, uint64_t end, SF_INFO *info)
{
    SF_VIRTUAL_IO by_part = { part_length, part_go, part_get, NULL, part_tell };
    free(d->part);
    d->part = part_new(d->fd, start, end, d->s.patch, d->s.patches);
    return sf_open_virtual(&by_part, SFM_READ, info, d->part);
}

/* s is NULL for a pipe. */
static struct decoder *open_snd(int fd, const struct sniff *s, SF_INFO *info, char *why)
{
    struct decoder *d = mem_zero(1, sizeof *d);
    if (s && (s->start || s->patches || s->chained)) {
        d->fd = fd;
        d->s = *s;
        d->link = s->start;
        d->snd = open_part(d, s->start, s->chained ? sniff_next_stream(fd, s->start, s->size) : s->size, info);
    } else {
        d->snd = sf_open_fd(s ? dup(fd) : fd, SFM_READ, info, SF_FALSE);        /* it closes what it cannot read */
    }
    if (!d->snd)
        return refuse(d, why, sf_strerror(NULL));
    int kind = info->format & SF_FORMAT_TYPEMASK;
    d->whole = kind == SF_FORMAT_FLAC;
    if (s && kind == SF_FORMAT_MPEG)
        return refuse(d, why, "not audio: no MPEG frames in it");       /* one chance header is enough for libsndfile */
    d->info.rate = info->samplerate;
    d->stored = info->channels > 0 ? (unsigned)info->channels : 0;
    d->info.claimed = s && s->samples ? s->samples
                    : info->frames > 0 && info->frames < (sf_count_t)1 << 48 ? (uint64_t)info->frames : 0;
    if (kind == SF_FORMAT_OGG || kind == SF_FORMAT_RAW || !s || s->unsized)
        d->info.claimed = 0;
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
    case SF_FORMAT_OGG: case SF_FORMAT_FLAC: case SF_FORMAT_CAF: case SF_FORMAT_RF64: case SF_FORMAT_W64:
        return false;           /* read best or only by libsndfile */
    default:
        break;
    }
    switch (info->format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_FLOAT: case SF_FORMAT_DOUBLE: case SF_FORMAT_VORBIS: case SF_FORMAT_OPUS:
    case SF_FORMAT_MPEG_LAYER_I: case SF_FORMAT_MPEG_LAYER_II: case SF_FORMAT_MPEG_LAYER_III:
    case SF_FORMAT_G721_32: case SF_FORMAT_G723_24: case SF_FORMAT_G723_40:     /* which libsox decodes too loud or soft */
        return false;
    default:
        return true;
    }
}

static ptrdiff_t read_snd(struct decoder *d, float *x, size_t frames, char *why)
{
    if (d->whole && frames > d->info.claimed - d->at)
        frames = (size_t)(d->info.claimed - d->at);        /* what follows is no damage */
    sf_count_t n = frames ? sf_readf_float(d->snd, x, (sf_count_t)frames) : 0;
    int error = sf_error(d->snd);
    double seconds = (double)(d->at + (n > 0 ? (uint64_t)n : 0)) / d->info.rate;
    if (error && (d->whole || n <= 0)) {
        snprintf(why, DECODE_WHY, "breaks off after %.1f s: %.150s", seconds, sf_error_number(error));
        return -1;
    }
    if (error)
        snprintf(d->info.note, sizeof d->info.note, "damaged at %.1f s: %.150s", seconds, sf_error_number(error));
    return n > 0 ? (ptrdiff_t)n : 0;
}

/* ---- libsox ---- */

/* libsox's name of a format that it would know by its suffix only, by the content; NULL: libsox knows, or nobody. */
static const char *sox_type(int fd)
{
    static const struct { size_t at; const char *bytes, *type; } types[] = {
        { 0, "wvpk", "wv" }, { 8, "MAUD", "maud" }, { 128, "HCOM", "hcom" }, { 0, "SOUND SAMPLE DATA ", "smp" },
        { 0, "SOUND\x1a", "sndt" }, { 0, "LM8953", "txw" }, { 4, "m\0\0\x10", "prc" },
        { 0, "#!AMR\n", "amr-nb" }, { 0, "#!AMR-WB\n", "amr-wb" },
    };
    char head[256] = { 0 };
    if (io_read_at(fd, head, sizeof head, 0) <= 0)
        return NULL;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (memcmp(head + types[i].at, types[i].bytes, strlen(types[i].bytes)) == 0)
            return types[i].type;
    return NULL;
}

/* libsox reads it by a name that has no suffix to guess from (and is no command and no address either). */
static struct decoder *open_sox(int fd, const struct sniff *s, char *why)
{
    struct decoder *d = mem_zero(1, sizeof *d);
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    decode_init();
    d->sox = sox_open_read(name, NULL, NULL, sox_type(fd));
    if (!d->sox)
        return refuse(d, why, "not audio: no decoder knows what is in it; --command can use another");
    double rate = d->sox->signal.rate;
    d->info.rate = rate > 0 && rate < 1e9 ? (int)rate : 0;
    d->stored = d->sox->signal.channels;
    uint64_t length = d->sox->signal.length;
    d->info.claimed = s->samples ? s->samples
                    : d->stored && length < (uint64_t)1 << 48 && !s->unsized ? length / d->stored : 0;
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

static struct decoder *open_kind(int fd, bool mix, const struct sniff *s, char *why)
{
    if (s->seems) {
        snprintf(why, DECODE_WHY, "not audio: no decoder knows what is in it (%s); --command can use another", s->seems);
        return NULL;
    }
    if (s->kind == SNIFF_MPEG)
        return open_mpg(fd, mix, s, why);
    struct flac_head flac = { .plain = false };
    if (s->kind == SNIFF_FLAC)
        flac = flac_look(fd, s->start, s->size);
    if (s->kind == SNIFF_OGG_FLAC || (s->kind == SNIFF_FLAC && !flac.plain))
        return open_flac(fd, s, why);
    SF_INFO info = { 0 };
    struct decoder *d = open_snd(fd, s, &info, why);
    if (d && flac.more)
        snprintf(d->info.note, sizeof d->info.note, "its header says %llu samples, and more follow",
                 (unsigned long long)flac.samples);
    bool chunks = s->behind > 1 << 20;      /* libsox goes through them, and through gigabytes of zeros in steps of 8 bytes */
    if ((d && (!integers(&info) || s->bits % 8 || chunks)) || s->start || s->patches)
        return d;
    char ignored[DECODE_WHY];
    struct decoder *by_sox = open_sox(fd, s, d ? ignored : why);
    if (by_sox)
        decode_close(d);
    return by_sox ? by_sox : d;
}

/* What there is to say of a header that was read. */
static void note_header(struct decoder *d, const struct sniff *s)
{
    if (s->follow)
        snprintf(d->info.note, sizeof d->info.note, "its header says %llu bytes of samples, and %llu %s",
                 (unsigned long long)s->said, (unsigned long long)s->follow,
                 s->said == 0 ? "follow, which were read" : "more follow");
    else if (s->cut_page)
        snprintf(d->info.note, sizeof d->info.note, "cut short: its last page is not whole");
    else if (s->endless)
        snprintf(d->info.note, sizeof d->info.note, "cut short: its last page is not marked as the last");
}

struct decoder *decode_open(const char *path, bool mix, char *why)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        snprintf(why, DECODE_WHY, "cannot open %.120s: %s", path, strerror(errno));
        return NULL;                /* with errno; the child ends soon */
    }
    if (!S_ISREG(st.st_mode)) {
        snprintf(why, DECODE_WHY, "%s, not a regular file", S_ISDIR(st.st_mode) ? "a directory"
                 : S_ISFIFO(st.st_mode) ? "a FIFO" : S_ISSOCK(st.st_mode) ? "a socket" : "a device");
        close(fd);
        errno = 0;
        return NULL;
    }
    struct sniff s;
    struct decoder *d = NULL;
    if (sniff(fd, &s))
        d = accept(open_kind(fd, mix, &s, why), mix, why);
    else
        snprintf(why, DECODE_WHY, "%s", s.size ? "cannot be read" : "an empty file");
    if (d)
        note_header(d, &s);
    errno = 0;
    return d;                       /* the file stays open */
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

/* Go on with the next stream of a chain: 1, 0 where there is none, -1 if it is another format. */
static int next_link(struct decoder *d, char *why)
{
    if (!d->s.chained)
        return 0;
    uint64_t start = sniff_next_stream(d->fd, d->link, d->s.size);
    if (start >= d->s.size)
        return 0;
    uint64_t end = sniff_next_stream(d->fd, start, d->s.size);
    struct flac_format format = { 0 };
    SF_INFO info = { 0 };
    d->link = start;
    if (d->flac) {
        flac_close(d->flac);
        d->flac = flac_open(part_new(d->fd, start, end, NULL, 0), true, &format);
    } else {
        sf_close(d->snd);
        d->snd = open_part(d, start, end, &info);
        format = (struct flac_format){ info.samplerate, (unsigned)info.channels, 0 };
    }
    if (!d->flac && !d->snd) {
        snprintf(why, DECODE_WHY, "breaks off after %.1f s: the next stream in it cannot be read",
                 (double)d->at / d->info.rate);
        return -1;
    }
    if (format.rate != d->info.rate || format.channels != d->stored) {
        snprintf(why, DECODE_WHY, "changes from %d Hz, %u channels to %d Hz, %u channels after %.1f s", d->info.rate,
                 d->stored, format.rate, format.channels, (double)d->at / d->info.rate);
        return -1;
    }
    return 1;
}

static ptrdiff_t read_flac(struct decoder *d, float *x, size_t frames, char *why)
{
    why[0] = '\0';
    ptrdiff_t n = flac_read(d->flac, x, frames, why);
    if (n == 0 && why[0])
        snprintf(d->info.note, sizeof d->info.note, "%s", why);
    return n;
}

static ptrdiff_t read_stored(struct decoder *d, float *x, size_t frames, char *why)
{
    ptrdiff_t n;
    int more;
    do {
        n = d->s.kind == SNIFF_MPEG ? read_mpg(d, x, frames, why) : d->flac ? read_flac(d, x, frames, why)
          : d->snd ? read_snd(d, x, frames, why) : read_sox(d, x, frames, why);
        more = n == 0 ? next_link(d, why) : 0;
    } while (more > 0);
    return more < 0 ? -1 : n;
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
    flac_close(d->flac);
    free(d->part);
    if (d->sox)
        sox_close(d->sox);
    free(d->ints);
    free(d->block);
    free(d);
}
