/* mel_patches - the spectrogram that the musicnn network hears, patch by patch
 *
 * Of samples at 16 kHz: power spectra of 512 samples under a periodic Hann window, 256 apart, centred, with zeros beyond the
 * ends; 96 mel bands from 0 to 8000 Hz on Slaney's scale with his norm; log10(10000 m + 1), all in float. (The package
 * rounds m to half precision first, which turns loud music into infinities.)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DSP_MEL_PATCHES_H
#define DSP_MEL_PATCHES_H

#include <stddef.h>

enum { MEL_PATCH_RATE = 16000, MEL_PATCH_HOP = 256, MEL_PATCH_BANDS = 96 };

/* The scratch of one thread: O(track). */
struct mel_patches;

struct mel_patches *mel_patches_new(void);
void mel_patches_free(struct mel_patches *p);

/* Room for n samples, which the caller fills; until the next call. */
float *mel_patches_samples(struct mel_patches *p, size_t n);

/* What was filled in is whole: its frames, 1 + n div 256. */
size_t mel_patches_begin(struct mel_patches *p);

/* Frames first, first + 1, ... into x[count][MEL_PATCH_BANDS]; behind the last comes the first again. */
void mel_patches_take(struct mel_patches *p, size_t first, size_t count, float *x);

#endif
