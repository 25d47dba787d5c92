/* args - the options of filters that take spectra, and what is behind them
 *
 * Named as librosa's parameters, with its defaults.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SPECTRAL_OPTS_H
#define DRIVE_SPECTRAL_OPTS_H

#include "base/opt.h"
#include "dsp/logmel.h"

/* --n-fft, --hop-length, --win-length, --window, --no-center, --pad-mode */
extern struct stft_conf args_stft;
extern const struct opt args_stft_opts[];

/* --n-mels, --fmin, --fmax, --htk, --mel-norm, --power, --amin, --ref, --top-db */
extern struct logmel_conf args_logmel;
extern const struct opt args_logmel_opts[];

/* After opt_parse: what the table cannot check. Misuse exits 2. */
void args_stft_check(const struct prog *prog);

/* The same for all of the log-mel spectrogram's options; returns them, filled in. */
const struct logmel_conf *args_logmel_check(const struct prog *prog);

#endif
