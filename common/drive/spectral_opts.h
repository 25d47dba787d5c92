/* spectral_opts - the options of filters that take spectra, and what such filters share
 *
 * Named as librosa's parameters, with its defaults.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SPECTRAL_OPTS_H
#define DRIVE_SPECTRAL_OPTS_H

#include "base/opt.h"
#include "drive/samples.h"
#include "dsp/logmel.h"

/* --n-fft, --hop-length, --win-length, --window, --no-center, --pad-mode */
extern struct stft_conf spectral_stft;
extern const struct opt spectral_stft_opts[];

/* --n-mels, --fmin, --fmax, --htk, --mel-norm, --power, --amin, --ref, --top-db */
extern struct logmel_conf spectral_logmel;
extern const struct opt spectral_logmel_opts[];

/* After opt_parse: what the table cannot check. Misuse exits 2. */
void spectral_stft_check(const struct prog *prog);

/* The same for all of the log-mel spectrogram's options; returns them, filled in. */
const struct logmel_conf *spectral_logmel_check(const struct prog *prog);

/* Whether the samples s of `field` gave the frames m[frames]: the record is bad if m is NULL, which
 * means that the power overflowed, and if there are no frames. */
bool spectral_frames(struct rec *r, const char *field, const struct samples *s, const float *m, size_t frames);

/* Say once, on standard error, that `empty` of the mel bands lie between two bins at this rate;
 * nothing if there are none. From any thread. */
void spectral_note_empty(size_t empty, double rate);

#endif
