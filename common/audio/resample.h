/* resample - to another sample rate, as librosa's default does it
 *
 * libsoxr's HQ recipe in single precision, what librosa.resample(res_type='soxr_hq') is.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_RESAMPLE_H
#define AUDIO_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resampler;

/* Takes what comes out: x[n][channels]. */
typedef void resample_sink(const float *x, size_t n, void *state);

/* From one rate (Hz) to another; equal rates pass the samples on as they are. NULL if
 * libsoxr cannot. */
struct resampler *resample_new(double from, double to, unsigned channels, resample_sink *sink, void *state);

/* Samples per channel that n become: ceil(n * (to / from)), in double as librosa has it. */
uint64_t resample_length(uint64_t n, double from, double to);

/* Take x[n][channels], finite. False if libsoxr cannot go on. */
bool resample_put(struct resampler *r, const float *x, size_t n);

/* No more comes: give out the rest. In all it is resample_length of what was put in; where
 * libsoxr gives less (it rounds), zeros are appended. */
bool resample_end(struct resampler *r);

void resample_free(struct resampler *r);

#endif
