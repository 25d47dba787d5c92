/* mel - banks of triangular filters on the mel scale, as librosa 0.11 makes them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DSP_MEL_H
#define DSP_MEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEL_NORMS "slaney|none|1|2|inf"
enum { MEL_SLANEY, MEL_NONE, MEL_L1, MEL_L2, MEL_MAX };

struct mel_conf {
    int64_t n_mels;
    double fmin, fmax;          /* Hz; fmax NAN: half the rate */
    bool htk;                   /* HTK's scale instead of Slaney's */
    int norm;                   /* MEL_SLANEY ... */
};

/* Filters w[n_mels][bins] of which only the band that is not 0 is kept. */
struct mel_bank {
    size_t n_mels, bins, empty; /* empty: filters that no bin falls into */
    double rate;
    size_t *first, *blocks;     /* of each filter: first bin, and its length in blocks of 8 */
    float *w;                   /* the bands one behind the other, filled up with 0 */
};

/* The bank for spectra of n_fft / 2 + 1 bins of a signal of `rate` Hz:
 *     Slaney  m = 3 f / 200 below 1000 Hz, else 15 + 27 ln(f / 1000) / ln 6.4
 *     HTK     m = 2595 log10(1 + f / 700)
 * n_mels + 2 edges lie evenly in m from fmin to fmax; filter i rises from edge i to 1 at
 * i + 1 and falls to 0 at i + 2, straight in Hz. MEL_SLANEY then scales it by
 * 2 / (edge[i+2] - edge[i]); MEL_L1, MEL_L2 and MEL_MAX divide by that norm of it.
 * Source: librosa.filters.mel 0.11. */
struct mel_bank *mel_bank_new(const struct mel_conf *conf, double rate, size_t n_fft);
void mel_bank_free(struct mel_bank *b);

/* m[n_mels] = w p, in float, each sum in eight lanes; p[bins + STFT_SLACK], its slack 0. */
void mel_apply(const struct mel_bank *b, const float *p, float *m);

double mel_from_hz(double hz, bool htk);
double mel_to_hz(double mel, bool htk);

#endif
