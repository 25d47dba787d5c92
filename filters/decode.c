/* decode - read the samples of audio files, mixed and resampled
 *
 * in      records with path = text (or bytes)
 * out     the same records with pcm = f32[n] (or f32[n][channels]), rate, seconds, decoder;
 *         or with --split several for each
 * memory  the samples of -j files and of those that wait for their turn behind a slow one
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/decode.h"
#include "audio/sniff.h"
#include "audio/tracks.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "drive/item.h"
#include "drive/piece.h"
#include "drive/window.h"

enum { MONO, KEEP };
enum { WINDOW = 8 };                            /* records for each child that may be under way */

static struct {
    const char *in, *out, *command, *raw;
    int64_t rate, max_cpu, max_wait;
    double offset, duration, split;
    int channels;
} arg = { .in = "path", .out = "pcm", .rate = 22050, .max_cpu = 60, .max_wait = 300, .duration = NAN, .split = NAN };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_INT('r', "rate", &arg.rate, 0, DECODE_RATE_MAX, "resample to so many Hz; 0 keeps the file's rate"),
    OPT_CHOICE(0, "channels", &arg.channels, "mono|keep", "mix the channels to their mean, or keep them"),
    OPT_F64(0, "offset", &arg.offset, 0, 1e9, "leave out so many seconds at the beginning"),
    OPT_F64(0, "duration", &arg.duration, 0, 1e9, "read at most so many seconds"),
    OPT_F64(0, "split", &arg.split, 0.001, 1e6, "cut into pieces of so many seconds while decoding"),
    OPT_STR(0, "command", &arg.command, "COMMAND", "decode what this shell command writes; {} is the file"),
    OPT_STR(0, "raw", &arg.raw, "RATE[:CHANNELS]", "the command writes 32-bit floats without a header"),
    OPT_INT(0, "max-cpu", &arg.max_cpu, 1, 1e6, "seconds of processor time that a file may take"),
    OPT_INT(0, "max-wait", &arg.max_wait, 1, 1e6, "seconds that a file may take without giving a sample"),
    OPT_JOBS(0),
    NEEDS("raw", "command"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "decode", .brief = "read the samples of audio files, mixed and resampled", .in = IO_RECORDS,
    .out = IO_RECORDS, .reads = "path text", .writes = "pcm samples, rate number, seconds number, decoder text",
    .example = "", .alone = "", .opts = opts, .also = also,
};

/* A record under way, whose track has the same number. */
struct slot {
    struct rec *rec;
    size_t pieces;          /* that went out already */
};

static struct {
    struct rec_in *in;
    struct rec_out *out;
    struct slot *ring;
    struct tracks *tracks;
    size_t size, jobs, count;
    struct rec *piece;
} run;

enum { RATE, SECONDS, DECODER, SIDES };
static char *side[SIDES];   /* the names of these fields */

/* ---- into the children ---- */

/* The path as a string; NULL with the record's error set. */
static char *path_of(struct rec *r, const struct value *v)
{
    if ((v->type != V_STR && v->type != V_BIN) || v->s.n == 0 || memchr(v->s.p, '\0', v->s.n)) {
        rec_error(r, "%s is not a path", arg.in);
        return NULL;
    }
    return mem_text(v->s.p, v->s.n);
}

static struct rec *record(size_t i, void *unused)
{
    (void)unused;
    return run.ring[i % run.size].rec;
}

static bool begin(size_t i, void *unused)
{
    struct slot *s = run.ring + i % run.size;
    struct rec *r = s->rec;
    struct value v;
    char *path = NULL;
    (void)unused;
    item_claim(r, arg.out);
    item_note_side(r, side[RATE]);
    s->pieces = 0;
    if (rec_need(r, arg.in, &v))
        path = path_of(r, &v);
    if (!tracks_start(run.tracks, i, path))
        die(ST_STOPPED, "%s", tracks_at(run.tracks, i)->why);
    free(path);
    return true;
}

/* ---- out of the children ---- */

/* Set the first n samples; `lend`: the record does not outlive them. */
static void set_samples(struct rec *r, const struct track *t, size_t n, bool lend)
{
    size_t shape[2] = { n, t->channels };
    int ndim = t->channels > 1 ? 2 : 1;
    if (lend && REC_LEND(arg.out) <= TRACK_FRONT)
        rec_lend_tensor(r, arg.out, T_F4, ndim, shape, t->x);
    else
        rec_set_tensor(r, arg.out, T_F4, ndim, shape, t->x);
    rec_set_int(r, side[RATE], (int64_t)t->rate);
    rec_set_f64(r, side[SECONDS], (double)n / t->rate);
    rec_set_str(r, side[DECODER], t->decoder, strlen(t->decoder));
}

static void set_nil(struct rec *r)
{
    rec_set_nil(r, arg.out);
    for (int i = 0; i < SIDES; i++)
        rec_set_nil(r, side[i]);
}

/* The pieces that are there of the record whose turn it is; at its end also a short one. */
static void put_pieces(struct slot *s, struct track *t, bool at_end)
{
    for (size_t have; (have = track_have(t)) > 0; ) {
        size_t first = piece_start(s->pieces, arg.split, t->rate);
        size_t n = piece_start(s->pieces + 1, arg.split, t->rate) - first;
        if (have < n && !at_end)
            return;
        n = have < n ? have : n;
        piece_begin(run.piece, s->rec, NULL, s->pieces, (double)first / t->rate);
        set_samples(run.piece, t, n, false);
        rec_put(run.out, run.piece);
        track_take(t, n);
        s->pieces++;
    }
}

/* The record is at its end: let it go. */
static void put_record(struct slot *s, struct track *t)
{
    struct rec *r = s->rec;
    bool split = !isnan(arg.split);
    struct text id = rec_id(r);
    if (t->lack)
        die(ST_STOPPED, "%.*s: %s", (int)(id.n < 400 ? id.n : 400), id.p, t->why);      /* no fault of the file's */
    if (!r->error[0] && t->large)
        rec_error(r, "more than %.3g MB of samples: give --split, --duration or a larger --max-record",
                  (double)frame_max / (1 << 20));
    if (!r->error[0] && t->why[0]) {
        if (split)
            put_pieces(s, t, false);    /* what came before it broke off, at whatever time that was */
        if (s->pieces)
            rec_error(r, "after piece %zu: %s", s->pieces - 1, t->why);
        else
            rec_error(r, "%s", t->why);
    }
    if (r->error[0]) {
        if (item_bad(r)) {
            set_nil(r);
            rec_put(run.out, r);
        }
        return;
    }
    if (r->nil) {
        item_nil();
        set_nil(r);
        rec_put(run.out, r);
        return;
    }
    if (t->note[0] && !progress_quiet)
        warn("%s: %s", SHORT(id.p, id.n), t->note);
    if (split) {
        put_pieces(s, t, true);
    } else {
        set_samples(r, t, track_have(t), true);
        rec_put(run.out, r);
    }
}

/* ---- the window ---- */

static bool room(void *unused)
{
    (void)unused;
    return tracks_running(run.tracks) < run.jobs;
}

/* What is done; of a long file the pieces that are there. */
static bool put(size_t i, void *unused)
{
    struct slot *s = run.ring + i % run.size;
    struct track *t = tracks_at(run.tracks, i);
    (void)unused;
    if (t->running) {
        if (!isnan(arg.split))
            put_pieces(s, t, false);
        return false;
    }
    put_record(s, t);
    tracks_end(run.tracks, i);
    progress_at(++run.count, NULL);
    return true;
}

static bool wait_for(size_t first, size_t n, int fd, void *unused)
{
    (void)unused;
    return tracks_wait(run.tracks, first, n, fd);
}

/* RATE[:CHANNELS] */
static void read_raw(struct track_spec *spec)
{
    double rate, channels = 1;
    const char *colon = strchr(arg.raw, ':');
    char *text = mem_text(arg.raw, colon ? (size_t)(colon - arg.raw) : strlen(arg.raw));
    if (!opt_number(text, DECODE_RATE_MIN, DECODE_RATE_MAX, &rate) || rate != floor(rate) ||
        (colon && (!opt_number(colon + 1, 1, DECODE_CHANNELS, &channels) || channels != floor(channels))))
        opt_misuse(&prog, "--raw '%s' is not a rate from %d to %d with :CHANNELS from 1 to %d", arg.raw,
                   DECODE_RATE_MIN, DECODE_RATE_MAX, DECODE_CHANNELS);
    free(text);
    spec->raw_rate = (int)rate;
    spec->raw_channels = (int)channels;
}

int main(int argc, char **argv)
{
    item_on_error = ON_ERROR_SKIP;
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.rate && arg.rate < DECODE_RATE_MIN)
        opt_misuse(&prog, "--rate '%lld' is neither 0 nor from %d to %d", (long long)arg.rate, DECODE_RATE_MIN,
                   DECODE_RATE_MAX);
    if (arg.command && !strstr(arg.command, "{}"))
        opt_misuse(&prog, "--command '%s' has no {} for the file", arg.command);
    if (arg.command && !track_command(arg.command))
        opt_misuse(&prog, "--command: {} is quoted, and must not be: it stands for the name as one word, whatever is in it");
    struct track_spec spec = {
        .rate = (double)arg.rate, .mix = arg.channels == MONO, .offset = arg.offset,
        .duration = isnan(arg.duration) ? -1 : arg.duration, .command = arg.command,
    };
    const struct fence_limits limits = { (double)arg.max_cpu, (double)arg.max_wait, (size_t)2 << 30 };
    if (arg.raw)
        read_raw(&spec);
    for (char **o = operands; *o; o++)
        if (sniff_is_audio(*o))
            die(ST_STREAM, "%s: no stream of records; try: tracks %s | decode", *o, *o);
    run.in = rec_open(&prog, operands, false);
    run.out = rec_create(&prog, run.in);
    long files = sysconf(_SC_OPEN_MAX);     /* each has a pipe */
    run.jobs = (size_t)par_jobs;
    if (files > 64 && run.jobs > (size_t)files - 32)
        run.jobs = (size_t)files - 32;
    run.size = WINDOW * run.jobs;
    run.tracks = tracks_new(run.size, &spec, &limits, isnan(arg.split) ? frame_max - (frame_max >> 4) : 0);
    run.ring = mem_zero(run.size, sizeof *run.ring);
    for (size_t i = 0; i < run.size; i++)
        run.ring[i].rec = rec_new();
    run.piece = rec_new();
    for (int i = 0; i < SIDES; i++)
        side[i] = item_side(arg.out, "pcm", (const char *[]){ "rate", "seconds", "decoder" }[i]);
    progress_start(rec_head(run.in)->total, "files");
    window_run(&(struct window){ .size = run.size, .room = room, .record = record, .begin = begin, .put = put,
                                 .wait = wait_for }, run.in, run.out);
    rec_finish(run.out);
    rec_close(run.in);
    tracks_free(run.tracks);
    return item_status();
}
