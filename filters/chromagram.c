/* chromagram - strength of each pitch class, frame by frame
 *
 * in      samples: pcm = f32[n], rate
 * out     chroma = f32[frames][n_chroma] in their place, frame_rate and tuning
 * memory  one track a thread
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "drive/map.h"
#include "drive/spectral_opts.h"
#include "dsp/chroma.h"

static struct chroma_conf conf = { .n_chroma = 12, .ctroct = 5, .octwidth = 2 };
static struct {
    const char *in, *out;
    struct opt_or tuning;
    bool keep;
} arg = { .in = "pcm", .out = "chroma", .tuning = { .text = "auto" } };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_INT('n', "n-chroma", &conf.n_chroma, 1, 1200, "pitch classes per octave"),
    OPT_F64_OR(0, "tuning", &arg.tuning, -1e6, 1e6, "X|auto", "shift from A = 440 Hz in pitch classes; auto: estimate it"),
    OPT_F64(0, "ctroct", &conf.ctroct, -20, 20, "octave with the most weight; octave 0 begins at 27.5 Hz"),
    OPT_F64(0, "octwidth", &conf.octwidth, 0, 1e9, "width of the weighting in octaves; 0: weight all alike"),
    OPT_CHOICE(0, "norm", &conf.norm, CHROMA_NORMS, "norm of each frame"),
    OPT_FLAG(0, "no-base-c", &conf.from_a, "start with A, not C"),
    OPT_END
};
static const struct opt *const also[] = { spectral_stft_opts, map_opts, item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "chromagram", .brief = "strength of each pitch class, frame by frame",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "pcm samples, rate number",
    .writes = "chroma matrix, frame_rate number, tuning number", .conv = "librosa-0.11",
    .alone = "", .opts = opts, .also = also,
};

static void *worker_new(void *unused)
{
    (void)unused;
    return chroma_new(&conf);
}

static void worker_free(void *worker)
{
    chroma_free(worker);
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct samples s;
    double tuning;
    size_t frames;
    if (!samples_find(r, arg.in, in, &s) || !samples_copy(r, arg.in, &s, chroma_samples(worker, s.t->count)))
        return false;
    const float *m = chroma_track(worker, s.rate, &tuning, &frames);
    if (!spectral_frames(r, arg.in, &s, m, frames))
        return false;
    frames_set(r, arg.out, "chroma", m, frames, (size_t)conf.n_chroma, s.rate / (double)spectral_stft.hop_length);
    char *side = item_side(arg.out, "chroma", "tuning");
    item_note_side(r, side);
    rec_set_f64(r, side, tuning);
    free(side);
    return true;
}

static void unset(struct rec *r)
{
    frames_unset_rate(r, arg.out, "chroma");
    char *side = item_side(arg.out, "chroma", "tuning");
    rec_set_nil(r, side);
    free(side);
}

static void header(struct head *h, void *unused)
{
    (void)unused;
    head_number_columns(h, arg.out, arg.out, (size_t)conf.n_chroma);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    spectral_stft_check(&prog);
    conf.stft = spectral_stft;
    conf.tuning = arg.tuning.word ? (double)NAN : arg.tuning.x;
    struct map m = { .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process, .unset = unset,
                     .worker_new = worker_new, .worker_free = worker_free, .header = header };
    return map_main(&prog, &m, operands);
}
