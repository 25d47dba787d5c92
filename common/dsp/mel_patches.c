/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/mel_patches.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "dsp/mel.h"
#include "dsp/stft.h"

enum { N_FFT = 512 };

struct mel_patches {
    struct stft *stft;
    struct mel_bank *bank;
    float *power;               /* [bins + STFT_SLACK] */
    size_t frames;
};

struct mel_patches *mel_patches_new(void)
{
    struct mel_patches *p = mem_zero(1, sizeof *p);
    p->stft = stft_new(&(struct stft_conf){ .n_fft = N_FFT, .hop_length = MEL_PATCH_HOP });
    p->bank = mel_bank_new(&(struct mel_conf){ .n_mels = MEL_PATCH_BANDS, .fmax = MEL_PATCH_RATE / 2 }, MEL_PATCH_RATE, N_FFT);
    p->power = mem_new(stft_bins(p->stft) + STFT_SLACK, sizeof *p->power);
    return p;
}

void mel_patches_free(struct mel_patches *p)
{
    if (!p)
        return;
    stft_free(p->stft);
    mel_bank_free(p->bank);
    free(p->power);
    free(p);
}

float *mel_patches_samples(struct mel_patches *p, size_t n)
{
    return stft_samples(p->stft, n);
}

size_t mel_patches_begin(struct mel_patches *p)
{
    return p->frames = stft_begin(p->stft);
}

void mel_patches_take(struct mel_patches *p, size_t first, size_t count, float *x)
{
    for (size_t t = 0; t < count; t++) {
        float *row = x + t * MEL_PATCH_BANDS;
        stft_frame(p->stft, (first + t) % p->frames, 2, p->power);
        mel_apply(p->bank, p->power, row);
        for (size_t b = 0; b < MEL_PATCH_BANDS; b++)
            row[b] = log10f(10000 * row[b] + 1);
    }
}
