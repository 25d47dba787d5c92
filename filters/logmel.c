/* logmel - mel spectrogram of samples in decibels
 *
 * in      samples: pcm = f32[n], rate
 * out     logmel = f32[frames][n_mels] in their place, and frame_rate
 * memory  one track a thread: its samples and its mel bands
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "drive/map.h"
#include "drive/spectral_opts.h"

enum { PAD_VALUE, PAD_FLOOR, PAD_REFLECT, PAD_NONE };      /* --pad's words */

static struct {
    const char *in, *out;
    bool keep, mel_major, f16;
    int64_t frames;
    int crop;
    struct opt_or pad;
} arg = { .in = "pcm", .out = "logmel", .pad = { .text = "floor" } };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_INT('n', "frames", &arg.frames, 0, 1 << 24, "cut or pad each track to N frames; 0: leave it as is"),
    OPT_CHOICE(0, "crop", &arg.crop, "start|centre", "part of a longer track to keep, place of a shorter one"),
    OPT_F64_OR(0, "pad", &arg.pad, -1e6, 1e6, "X|floor|reflect|none",
               "what to pad a shorter track with: dB, its floor, its reflection"),
    OPT_FLAG(0, "mel-major", &arg.mel_major, "one row per band instead of one per frame"),
    OPT_FLAG(0, "f16", &arg.f16, "store half-precision floats"),
    NEEDS("crop", "frames"),
    NEEDS("pad", "frames"),
    OPT_END
};
static const struct opt *const also[] = { spectral_stft_opts, spectral_logmel_opts, map_opts, item_opts, rec_in_opts,
                                          rec_out_opts, NULL };
static const struct prog prog = {
    .name = "logmel", .brief = "mel spectrogram of samples in decibels",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "pcm samples, rate number",
    .writes = "logmel matrix, frame_rate number", .conv = "librosa-0.11",
    .alone = "", .opts = opts, .also = also,
};

struct worker {
    struct logmel *l;
    float *m;
    uint16_t *half;
    size_t m_cap, half_cap;
};

static void *worker_new(void *conf)
{
    struct worker *w = mem_zero(1, sizeof *w);
    w->l = logmel_new(conf);
    return w;
}

static void worker_free(void *worker)
{
    struct worker *w = worker;
    logmel_free(w->l);
    free(w->m);
    free(w->half);
    free(w);
}

/* The frame of m[frames] that stands at place t of `want`; SIZE_MAX where there is none. */
static size_t source(size_t t, size_t frames, size_t want)
{
    size_t more = frames > want ? frames - want : want - frames, shift = arg.crop ? more / 2 : 0;
    if (frames >= want)
        return t + shift;
    if (t >= shift && t - shift < frames)
        return t - shift;
    if (arg.pad.word != PAD_REFLECT)
        return SIZE_MAX;
    if (frames == 1)
        return 0;
    size_t period = 2 * (frames - 1), at = (t + period - shift % period) % period;
    return at < frames ? at : period - at;
}

/* Cut m[frames][n] or fill it up; into w->m, transposed if that is wanted. Returns what
 * the number of frames has become. */
static size_t arrange(struct worker *w, const float *m, size_t frames, size_t n)
{
    size_t want = arg.frames ? (size_t)arg.frames : frames;
    if (frames < want && arg.pad.word == PAD_NONE)
        want = frames;
    float fill = arg.pad.word == PAD_FLOOR ? logmel_floor(w->l) : (float)arg.pad.x;
    mem_grow(&w->m, &w->m_cap, mem_mul(want, n), sizeof *w->m);
    for (size_t t = 0; t < want; t++) {
        size_t from = source(t, frames, want);
        for (size_t b = 0; b < n; b++)
            w->m[arg.mel_major ? b * want + t : t * n + b] = from == SIZE_MAX ? fill : m[from * n + b];
    }
    return want;
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct worker *w = worker;
    struct samples s;
    size_t frames, n = (size_t)spectral_logmel.mel.n_mels;
    if (!samples_find(r, arg.in, in, &s) || !samples_copy(r, arg.in, &s, logmel_samples(w->l, s.t->count)))
        return false;
    const float *m = logmel_track(w->l, s.rate, &frames);
    if (!spectral_frames(r, arg.in, &s, m, frames))
        return false;
    spectral_note_empty(logmel_empty(w->l), s.rate);
    if (arg.frames || arg.mel_major) {
        frames = arrange(w, m, frames, n);
        m = w->m;
    }
    size_t shape[] = { arg.mel_major ? n : frames, arg.mel_major ? frames : n };
    if (arg.f16) {
        mem_grow(&w->half, &w->half_cap, mem_mul(frames, n), sizeof *w->half);
        frames_half(m, frames * n, w->half);
    }
    rec_set_tensor(r, arg.out, arg.f16 ? T_F2 : T_F4, 2, shape, arg.f16 ? (const void *)w->half : m);
    frames_set_rate(r, arg.out, "logmel", s.rate / (double)spectral_stft.hop_length);
    return true;
}

static void unset(struct rec *r)
{
    frames_unset_rate(r, arg.out, "logmel");
}

static void header(struct head *h, void *conf)
{
    (void)conf;
    if (!arg.mel_major)
        head_number_columns(h, arg.out, arg.out, (size_t)spectral_logmel.mel.n_mels);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct logmel_conf conf = *spectral_logmel_check(&prog);
    struct map m = { .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process, .unset = unset, .state = &conf,
                     .worker_new = worker_new, .worker_free = worker_free, .header = header };
    return map_main(&prog, &m, operands);
}
