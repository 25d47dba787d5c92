/* logmel - the mel spectrogram of a track in decibels: what mfcc and logmel share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DSP_LOGMEL_H
#define DSP_LOGMEL_H

#include "dsp/mel.h"
#include "dsp/stft.h"

struct logmel_conf {
    struct stft_conf stft;
    struct mel_conf mel;
    double power;               /* of |X|: 2, or 1, or another above 0 */
    double amin;                /* smallest power: a normal float above 0 */
    double ref;                 /* power of 0 dB; 0: the largest of the track */
    double top_db;              /* what is more than this below the track's largest is raised; INFINITY: nothing */
};

/* The scratch of one thread: O(track). */
struct logmel;

struct logmel *logmel_new(const struct logmel_conf *conf);
void logmel_free(struct logmel *l);

/* Room for n samples, which the caller fills; until the next call. */
float *logmel_samples(struct logmel *l, size_t n);

/* Mel power of the track that was filled in, of `rate` Hz, in dB: m[frames][n_mels], the
 * caller's to change until the next call.
 *     m = 10 log10(max(amin, S)) - 10 log10(max(amin, ref)), at least max(m) - top_db
 * *frames is 0 where stft_begin says so. NULL if S is not finite: samples that are
 * not, or too large to be squared. Source: librosa 0.11, melspectrogram, power_to_db. */
float *logmel_track(struct logmel *l, double rate, size_t *frames);

/* What silence has become in the track used last, dB. */
float logmel_floor(const struct logmel *l);

/* Filters without a bin in the bank used last. */
size_t logmel_empty(const struct logmel *l);

#endif
