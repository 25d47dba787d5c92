/* chroma - how strong each pitch class is, as librosa.feature.chroma_stft 0.11 has it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DSP_CHROMA_H
#define DSP_CHROMA_H

#include "dsp/stft.h"

#define CHROMA_NORMS "inf|1|2|none"
enum { CHROMA_MAX, CHROMA_L1, CHROMA_L2, CHROMA_NONE };

struct chroma_conf {
    struct stft_conf stft;
    int64_t n_chroma;           /* bins of an octave */
    double tuning;              /* shift from 440 Hz in bins; NAN: estimated from each track */
    double ctroct, octwidth;    /* octave that counts most (0 is 27.5 Hz), and how fast others fade; 0: all alike */
    bool from_a;                /* bin 0 is A instead of C */
    int norm;                   /* of each frame: CHROMA_MAX ... */
};

/* ---- the bank ---- */

/* w[n_chroma][bins], each row filled up with 0 to stride floats. */
struct chroma_bank { size_t n_chroma, bins, stride; float *w; };

/* Filters for spectra of n_fft / 2 + 1 bins. With the pitch q(f) = n log2(f / (27.5 2^(tuning / n))),
 * n = n_chroma, of each of the n_fft bins (bin 0 lies 1.5 octaves below bin 1), and the distance
 * D(c, f) from q(f) to pitch class c, in -n/2 ... n/2:
 *     w[c][f] = exp(-(2 D / max(1, q(next f) - q(f)))^2 / 2), columns scaled to Euclidean norm 1,
 *     times exp(-((q / n - ctroct) / octwidth)^2 / 2); then row 0 is A, or turned to C.
 * Source: librosa.filters.chroma 0.11. */
struct chroma_bank *chroma_bank_new(const struct chroma_conf *conf, double rate, size_t n_fft, double tuning);

/* c[n_chroma] = w p, p[bins + STFT_SLACK] with its slack 0. */
void chroma_apply(const struct chroma_bank *b, const float *p, float *c);
void chroma_bank_free(struct chroma_bank *b);

/* ---- tuning ---- */

/* The spectral peaks of a track; zeroed at first. */
struct tuning { float *hz, *height; size_t n, hz_cap, height_cap; };

/* Add the peaks of a power spectrum p[bins]: in 150 Hz <= f < 4000 Hz, above a tenth of the
 * frame's maximum, higher than the bin before and not lower than the one behind; their place
 * and height by a parabola through the three. Source: librosa.piptrack 0.11. */
void tuning_add(struct tuning *t, const float *p, size_t bins, double rate, size_t n_fft);

/* The commonest deviation from 440 Hz in bins of which an octave has n_chroma: left edge of
 * the first fullest of 100 classes on -0.5 ... 0.5, of the peaks that are at least as high as
 * their median. 0 without peaks. Empties t. Source: librosa.estimate_tuning 0.11. */
double tuning_estimate(struct tuning *t, size_t n_chroma);

/* ---- a track ---- */

/* The scratch of one thread: O(track). */
struct chroma;

struct chroma *chroma_new(const struct chroma_conf *conf);
void chroma_free(struct chroma *c);

/* Room for n samples, which the caller fills; until the next call. */
float *chroma_samples(struct chroma *c, size_t n);

/* The chromagram m[frames][n_chroma] of the track that was filled in, until the next call;
 * each frame divided by its norm unless that is below the smallest normal float. *tuning is
 * what it was made with. *frames is 0 where stft_begin says so. NULL if samples are too
 * large to be squared. Where the tuning is to be estimated, up to 64 MB of spectra are kept;
 * those of a longer track are taken twice. */
const float *chroma_track(struct chroma *c, double rate, double *tuning, size_t *frames);

#endif
