/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/spectral_opts.h"

#include <stdatomic.h>

#include "base/die.h"
#include "base/progress.h"

struct stft_conf spectral_stft = { .n_fft = 2048, .hop_length = 512 };
const struct opt spectral_stft_opts[] = {
    OPT_INT(0, "n-fft", &spectral_stft.n_fft, 2, 1 << 20, "samples per frame"),
    OPT_INT(0, "hop-length", &spectral_stft.hop_length, 1, 1 << 20, "samples from one frame to the next"),
    OPT_INT(0, "win-length", &spectral_stft.win_length, 0, 1 << 20, "samples in the window; 0: same as --n-fft"),
    OPT_CHOICE(0, "window", &spectral_stft.window, STFT_WINDOWS, "window function, periodic"),
    OPT_FLAG(0, "no-center", &spectral_stft.no_center, "start frames at their time instead of centring them"),
    OPT_CHOICE(0, "pad-mode", &spectral_stft.pad_mode, STFT_PADS, "how to pad the ends of a track"),
    OPT_END
};

static struct opt_or ref = { .text = "1" }, top_db = { .text = "80" };
struct logmel_conf spectral_logmel = { .mel = { .n_mels = 128, .fmax = NAN }, .power = 2, .amin = 1e-10 };
const struct opt spectral_logmel_opts[] = {
    OPT_INT(0, "n-mels", &spectral_logmel.mel.n_mels, 1, 1 << 16, "number of mel bands"),
    OPT_F64(0, "fmin", &spectral_logmel.mel.fmin, 0, 1e6, "lower edge of the bands, Hz"),
    OPT_F64(0, "fmax", &spectral_logmel.mel.fmax, 0, 1e6, "upper edge of the bands, Hz; default half the rate"),
    OPT_FLAG(0, "htk", &spectral_logmel.mel.htk, "HTK's mel scale instead of Slaney's"),
    OPT_CHOICE(0, "mel-norm", &spectral_logmel.mel.norm, MEL_NORMS, "norm of the mel filters"),
    OPT_F64(0, "power", &spectral_logmel.power, 0.01, 16, "exponent of the magnitudes"),
    OPT_F64(0, "amin", &spectral_logmel.amin, 1e-37, 1e30, "lower bound of the power"),
    OPT_F64_OR(0, "ref", &ref, 1e-37, 1e37, "X|max", "power of 0 dB; max: the track's largest"),
    OPT_F64_OR(0, "top-db", &top_db, 0, 1e6, "X|none", "cut off this far below the track's maximum, dB"),
    OPT_END
};

void spectral_stft_check(const struct prog *prog)
{
    if (spectral_stft.win_length > spectral_stft.n_fft)
        opt_misuse(prog, "--win-length %lld is more than --n-fft %lld", (long long)spectral_stft.win_length,
                   (long long)spectral_stft.n_fft);
}

const struct logmel_conf *spectral_logmel_check(const struct prog *prog)
{
    struct logmel_conf *c = &spectral_logmel;
    spectral_stft_check(prog);
    c->stft = spectral_stft;
    if (c->mel.fmax <= c->mel.fmin)
        opt_misuse(prog, "--fmax %g is not above --fmin %g", c->mel.fmax, c->mel.fmin);
    c->ref = ref.x;
    c->top_db = top_db.word ? (double)INFINITY : top_db.x;
    return c;
}

bool spectral_frames(struct rec *r, const char *field, const struct samples *s, const float *m, size_t frames)
{
    if (!m)
        return rec_error(r, "%s is too large: its power overflows", field);
    return frames || rec_error(r, "%zu samples are too few for --%s", s->t->count,
                               spectral_stft.no_center ? "no-center" : "pad-mode");
}

void spectral_note_empty(size_t empty, double rate)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    if (empty && !progress_quiet && !atomic_flag_test_and_set(&said))
        warn("%zu of %lld mel bands are empty at %g Hz: give a smaller --n-mels or a larger --n-fft", empty,
             (long long)spectral_logmel.mel.n_mels, rate);
}
