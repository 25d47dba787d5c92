/* texture - describe crops of a spectrogram by numbers that tell what a song is like
 *
 * in      logmel = f32[frames][bands] in dB, frame_rate
 * out     a record for each crop: id TRACK#0007, track, start, x = f32[1202], and everything else that the track has
 * memory  one track a thread, in double precision, and its crops
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/openblas.h"
#include "base/progress.h"
#include "drive/map.h"
#include "drive/piece.h"
#include "drive/row.h"
#include "drive/samples.h"
#include "dsp/texture.h"

static struct {
    const char *in, *out;
    double length, hop;
    int64_t bands, cepstra;
    struct opt_words groups;
} arg = { .in = "logmel", .out = "x", .length = 5, .hop = 2.5, .bands = 64, .cepstra = 20,
          .groups = { .text = TEXTURE_GROUPS } };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    OPT_F64('l', "length", &arg.length, 1, 3600, "length of a crop in seconds"),
    OPT_F64(0, "hop", &arg.hop, 0.01, 3600, "seconds from one crop to the next"),
    OPT_INT('b', "bands", &arg.bands, 1, 4096, "bands to average the input's to, where it has more"),
    OPT_INT('c', "cepstra", &arg.cepstra, 1, 1024, "cepstral coefficients, at most the bands"),
    OPT_WORDS_ONCE('g', "groups", &arg.groups, "A,B,...", "groups of numbers to write"),
    OPT_END
};
static const struct prog prog = {
    .name = "texture", .brief = "describe crops of a spectrogram by numbers that tell what a song is like",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "logmel matrix, frame_rate number",
    .writes = "x vector, track label, start number", .alone = "", .opts = opts, .also = map_also,
};

static const char *const names[] = { "band", "cepstrum", "cov", "delta", "modulation" };
static atomic_size_t too_short;

/* What is written; bands and cepstra, and the input's width, are those of the first record. */
static struct texture_conf conf;
static size_t width;

struct worker { struct rec *crop; struct row song; struct texture *t; float *x; };

static void *worker_new(void *unused)
{
    (void)unused;
    struct worker *w = mem_zero(1, sizeof *w);
    w->crop = rec_new();
    return w;
}

static void worker_free(void *worker)
{
    struct worker *w = worker;
    rec_free(w->crop);
    free(w->song.x);
    texture_free(w->t);
    free(w->x);
    free(w);
}

/* Read the song and its rate, whose crops are to have *length frames. */
static bool read_song(struct rec *r, const struct value *v, struct worker *w, double *rate, size_t *length)
{
    if (!matrix_read(r, arg.in, v, &w->song))
        return false;
    size_t d = v->t.shape[1];
    if (!width) {
        width = d;
        conf.bands = (size_t)arg.bands < d ? (size_t)arg.bands : d;
        conf.cepstra = (size_t)arg.cepstra < conf.bands ? (size_t)arg.cepstra : conf.bands;
    }
    if (d != width)
        return rec_error(r, "%s has %zu bands, not %zu", arg.in, d, width);
    side_number(r, arg.in, "logmel", "frame_rate", rate);
    if (!(*rate >= 2 && *rate <= 1e5))
        return rec_lacks(r, "frame_rate", " with a number from 2 to 100000, the frames per second");
    *length = (size_t)floor(arg.length * *rate + 1e-9);
    return *length >= texture_least(*rate) || rec_error(r, "--length %g is %zu frames of %g a second: at least %zu are needed",
                                                        arg.length, *length, *rate, texture_least(*rate));
}

static bool emit_crop(struct rec *r, struct worker *w, size_t number, size_t first, size_t n, double rate)
{
    struct rec *p = w->crop;
    texture_crop(w->t, first, n, w->x);
    piece_begin(p, r, arg.in, number, (double)first / rate);
    rec_set_vector(p, arg.out, w->x, texture_width(&conf));
    if (!rec_finite(p, arg.out))
        return rec_error(r, "%s holds numbers that are too large", arg.in);
    piece_emit(r, p);
    return true;
}

static bool process(struct rec *r, const struct value *v, void *worker)
{
    struct worker *w = worker;
    double rate = NAN;
    size_t length = 0;
    if (!read_song(r, v, w, &rate, &length))
        return false;
    size_t frames = v->t.shape[0], hop = (size_t)floor(arg.hop * rate + 1e-9), n = frames < length ? frames : length;
    if ((double)frames < rate || frames < texture_least(rate)) {
        too_short++;
        return rec_pass_nil(r, arg.out);
    }
    if (!hop)
        return rec_error(r, "--hop must be at least one frame of %g s", 1 / rate);
    if (!w->t) {
        w->t = texture_new(&conf);
        w->x = mem_new(texture_width(&conf), sizeof *w->x);
    }
    texture_song(w->t, w->song.x, frames, width, rate);
    for (size_t first = 0, i = 0; first + n <= frames; first += hop, i++)
        if (!emit_crop(r, w, i, first, n, rate))
            return false;
    rec_drop(r);
    return true;
}

static void header(struct head *h, void *unused)
{
    (void)unused;
    char name[64];
    head_set_columns(h, arg.in, NULL, 0);
    head_set_columns(h, arg.out, NULL, 0);
    for (size_t i = 0; i < texture_width(&conf); i++) {
        texture_name(&conf, i, name, sizeof name);
        head_add_column(h, arg.out, "%s", name);
    }
}

/* Read --groups into conf. */
static void choose(void)
{
    for (size_t i = 0; i < arg.groups.n; i++) {
        int kind = 0;
        while (kind < TEXTURE_KINDS && strcmp(names[kind], arg.groups.v[i]) != 0)
            kind++;
        if (kind == TEXTURE_KINDS)
            opt_misuse(&prog, "--groups '%s' is not one of %s", arg.groups.v[i], TEXTURE_GROUPS);
        conf.with[kind] = true;
    }
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    choose();
    openblas_ready();           /* here -j is what was asked for */
    int status = map_main(&prog, &(struct map){ .in = arg.in, .out = arg.out, .process = process, .unset = piece_unset,
        .worker_new = worker_new, .worker_free = worker_free, .header = header }, operands);
    if (too_short && !progress_quiet)
        warn("%zu shorter than 1 s: nil", (size_t)too_short);
    return status;
}
