/* descriptors - numbers that describe the sound of each frame
 *
 * in      samples: pcm = f32[n], rate
 * out     descriptors = f32[frames][...] in their place: a column for each of --which; frame_rate
 * memory  one track a thread
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "drive/map.h"
#include "drive/spectral_opts.h"
#include "dsp/descr.h"

static struct descr_conf conf = { .p = 2, .roll_percent = 0.85, .amin = 1e-10, .power = 2, .threshold = 1e-10 };
static struct {
    const char *in, *out;
    struct opt_words which;
    bool keep;
} arg = { .in = "pcm", .out = "descriptors", .which = { .text = DESCR_NAMES } };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_WORDS_ONCE('w', "which", &arg.which, "A,B,...", "columns, in this order"),
    OPT_F64(0, "p", &conf.p, 0.01, 100, "exponent of the bandwidth"),
    OPT_F64(0, "roll-percent", &conf.roll_percent, 0, 1, "share of the magnitudes below the rolloff"),
    OPT_F64(0, "amin", &conf.amin, 1e-37, 1e30, "lower bound of the power in the flatness"),
    OPT_F64(0, "power", &conf.power, 0.01, 16, "exponent of the magnitudes in the flatness"),
    OPT_F64(0, "threshold", &conf.threshold, 0, 1e30, "magnitude up to which zcr takes a sample as 0"),
    OPT_END
};
static const struct opt *const also[] = { spectral_stft_opts, map_opts, item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "descriptors", .brief = "numbers that describe the sound of each frame",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "pcm samples, rate number",
    .writes = "descriptors matrix, frame_rate number", .conv = "librosa-0.11",
    .alone = "", .opts = opts, .also = also,
};

static const char *const names[] = { "centroid", "bandwidth", "rolloff", "flatness", "zcr", "rms" };

static void *worker_new(void *unused)
{
    (void)unused;
    return descr_new(&conf);
}

static void worker_free(void *worker)
{
    descr_free(worker);
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct samples s;
    size_t frames;
    if (!samples_find(r, arg.in, in, &s) || !samples_copy(r, arg.in, &s, descr_samples(worker, s.t->count)))
        return false;
    const float *m = descr_track(worker, s.rate, &frames);
    if (!spectral_frames(r, arg.in, &s, m, frames))
        return false;
    frames_set(r, arg.out, "descriptors", m, frames, conf.n, s.rate / (double)spectral_stft.hop_length);
    return true;
}

static void unset(struct rec *r)
{
    frames_unset_rate(r, arg.out, "descriptors");
}

static void header(struct head *h, void *unused)
{
    (void)unused;
    const char *columns[DESCR_KINDS];
    for (size_t i = 0; i < conf.n; i++)
        columns[i] = names[conf.which[i]];
    head_set_columns(h, arg.out, columns, conf.n);
}

/* Read --which into conf. */
static void choose(void)
{
    for (; conf.n < arg.which.n; conf.n++) {
        const char *word = arg.which.v[conf.n];
        int kind = 0;
        while (kind < DESCR_KINDS && strcmp(names[kind], word) != 0)
            kind++;
        if (kind == DESCR_KINDS)
            opt_misuse(&prog, "--which '%s' is not one of %s", word, DESCR_NAMES);
        conf.which[conf.n] = kind;
    }
}

/* Options that are about one column, which was not asked for. */
static void refuse_unused(void)
{
    static const struct { double *to; const char *column; } of[] = {
        { &conf.p, "bandwidth" }, { &conf.roll_percent, "rolloff" }, { &conf.amin, "flatness" }, { &conf.power, "flatness" },
        { &conf.threshold, "zcr" },
    };
    for (const struct opt *o = opts; o->type != OPT_T_END; o++)
        for (size_t i = 0; i < sizeof of / sizeof *of; i++)
            if (o->to.real == of[i].to && opt_given(o) && !opt_words_have(&arg.which, of[i].column, strlen(of[i].column)))
                opt_misuse(&prog, "--%s is about %s, which --which leaves out", o->name, of[i].column);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    refuse_unused();
    spectral_stft_check(&prog);
    conf.stft = spectral_stft;
    choose();
    struct map m = { .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process, .unset = unset,
                     .worker_new = worker_new, .worker_free = worker_free, .header = header };
    return map_main(&prog, &m, operands);
}
