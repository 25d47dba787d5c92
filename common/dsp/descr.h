/* descr - numbers that describe a frame of sound: centroid, bandwidth, rolloff, flatness,
 * zero crossing rate, RMS, as librosa.feature 0.11 has them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DSP_DESCR_H
#define DSP_DESCR_H

#include "dsp/stft.h"

/* In this order: the bits of what is wanted, and the index of its name. */
#define DESCR_NAMES "centroid,bandwidth,rolloff,flatness,zcr,rms"
enum { DESCR_CENTROID, DESCR_BANDWIDTH, DESCR_ROLLOFF, DESCR_FLATNESS, DESCR_ZCR, DESCR_RMS, DESCR_KINDS };

struct descr_conf {
    struct stft_conf stft;      /* n_fft is also the length of the frames of zcr and rms */
    int which[DESCR_KINDS];     /* columns of the output, each kind at most once */
    size_t n;
    double p;                   /* bandwidth's exponent, above 0: 2 */
    double roll_percent;        /* rolloff's share, 0 ... 1: 0.85 */
    double amin, power;         /* flatness's smallest power, and its exponent: 1e-10 and 2 */
    double threshold;           /* zcr's magnitude that counts as 0: 1e-10 */
};

/* The scratch of one thread: O(track). */
struct descr;

struct descr *descr_new(const struct descr_conf *conf);
void descr_free(struct descr *d);

/* Room for n samples, which the caller fills; until the next call. */
float *descr_samples(struct descr *d, size_t n);

/* m[frames][n] of the track that was filled in, until the next call. With the magnitudes
 * X[k] of a frame, f[k] = k rate / n_fft, and S = sum X (1 if below the smallest normal float):
 *     centroid   C = sum f X / S                                  Hz
 *     bandwidth  (sum X |f - C|^p / S)^(1/p)                      Hz
 *     rolloff    least f[k] with X[0] + ... + X[k] >= roll_percent * sum X, added in float   Hz
 *     flatness   geometric by arithmetic mean of max(amin, X^power)
 *     zcr        changes of sign among the n_fft samples / n_fft; beyond the ends the track goes
 *                on as its last sample, |x| <= threshold is 0 and positive
 *     rms        sqrt(mean x^2) of the n_fft samples, padded with zeros
 * Sums in double. *frames is 0 where stft_begin says so. NULL if samples are too large
 * to be squared. */
const float *descr_track(struct descr *d, double rate, size_t *frames);

#endif
