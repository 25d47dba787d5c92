/* mfcc - mel-frequency cepstral coefficients of samples
 *
 * in      samples: pcm = f32[n], rate
 * out     mfcc = f32[frames][n_mfcc] in their place, and frame_rate
 * memory  one track a thread: its samples and its mel bands
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "drive/map.h"
#include "drive/spectral_opts.h"
#include "dsp/dct.h"

static struct {
    const char *in, *out;
    bool keep;
    int64_t n_mfcc;
    int dct_type, norm;
    double lifter;
} arg = { .in = "pcm", .out = "mfcc", .n_mfcc = 20, .dct_type = 1 };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_INT('n', "n-mfcc", &arg.n_mfcc, 1, 1 << 16, "coefficients"),
    OPT_CHOICE(0, "dct-type", &arg.dct_type, "1|2|3", "type of the cosine transform"),
    OPT_CHOICE(0, "norm", &arg.norm, "ortho|none", "norm of the cosine transform"),
    OPT_F64(0, "lifter", &arg.lifter, 0, 1e9, "strength of the cepstral lifter; 0: none"),
    OPT_END
};
static const struct opt *const also[] = { spectral_stft_opts, spectral_logmel_opts, map_opts, item_opts, rec_in_opts,
                                          rec_out_opts, NULL };
static const struct prog prog = {
    .name = "mfcc", .brief = "mel-frequency cepstral coefficients of samples",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "pcm samples, rate number",
    .writes = "mfcc matrix, frame_rate number", .conv = "librosa-0.11",
    .alone = "", .opts = opts, .also = also,
};

static struct dct *dct;

struct worker { struct logmel *l; float *m; size_t cap; };

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
    free(w);
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct worker *w = worker;
    struct samples s;
    size_t frames;
    if (!samples_find(r, arg.in, in, &s) || !samples_copy(r, arg.in, &s, logmel_samples(w->l, s.t->count)))
        return false;
    const float *mel = logmel_track(w->l, s.rate, &frames);
    if (!spectral_frames(r, arg.in, &s, mel, frames))
        return false;
    spectral_note_empty(logmel_empty(w->l), s.rate);
    mem_grow(&w->m, &w->cap, mem_mul(frames, dct->count), sizeof *w->m);
    dct_apply(dct, mel, frames, w->m);
    frames_set(r, arg.out, "mfcc", w->m, frames, dct->count, s.rate / (double)spectral_stft.hop_length);
    return true;
}

static void unset(struct rec *r)
{
    frames_unset_rate(r, arg.out, "mfcc");
}

static void header(struct head *h, void *conf)
{
    (void)conf;
    head_number_columns(h, arg.out, arg.out, dct->count);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct logmel_conf conf = *spectral_logmel_check(&prog);
    if (arg.n_mfcc > conf.mel.n_mels)
        opt_misuse(&prog, "--n-mfcc %lld is more than --n-mels %lld", (long long)arg.n_mfcc,
                    (long long)conf.mel.n_mels);
    if (arg.dct_type == 0 && conf.mel.n_mels < 2)
        opt_misuse(&prog, "--dct-type 1 needs at least two mel bands");
    dct = dct_new(arg.dct_type + 1, arg.norm == 0, arg.lifter, (size_t)conf.mel.n_mels, (size_t)arg.n_mfcc);
    struct map m = { .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process, .unset = unset, .state = &conf,
                     .worker_new = worker_new, .worker_free = worker_free, .header = header };
    int status = map_main(&prog, &m, operands);
    dct_free(dct);
    return status;
}
