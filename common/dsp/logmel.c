/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/logmel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dsp/db.h"

struct logmel {
    struct logmel_conf conf;
    struct stft *stft;
    struct mel_bank *bank;
    float *power;               /* power[bins + STFT_SLACK] */
    float *m, floor;
    size_t cap;
};

struct logmel *logmel_new(const struct logmel_conf *conf)
{
    struct logmel *l = mem_zero(1, sizeof *l);
    l->conf = *conf;
    l->stft = stft_new(&conf->stft);
    l->power = mem_aligned(stft_bins(l->stft) + STFT_SLACK, sizeof *l->power);
    return l;
}

void logmel_free(struct logmel *l)
{
    if (!l)
        return;
    stft_free(l->stft);
    mel_bank_free(l->bank);
    free(l->power);
    free(l->m);
    free(l);
}

float *logmel_samples(struct logmel *l, size_t n)
{
    return stft_samples(l->stft, n);
}

float logmel_floor(const struct logmel *l)
{
    return l->floor;
}

size_t logmel_empty(const struct logmel *l)
{
    return l->bank->empty;
}

float *logmel_track(struct logmel *l, double rate, size_t *frames)
{
    const struct logmel_conf *c = &l->conf;
    size_t n = (size_t)c->mel.n_mels, count = *frames = stft_begin(l->stft);
    if (!l->bank || l->bank->rate != rate) {
        mel_bank_free(l->bank);
        l->bank = mel_bank_new(&c->mel, rate, (size_t)c->stft.n_fft);
    }
    size_t need = mem_mul(count, n);
    if (need > l->cap || !l->m) {
        free(l->m);
        l->m = mem_aligned(need, sizeof *l->m);
        l->cap = need;
    }
    float amin = (float)c->amin, top;
    uint32_t bits = 0;
    for (size_t t = 0; t < count; t++) {
        float *row = l->m + t * n;
        stft_frame(l->stft, t, c->power, l->power);
        mel_apply(l->bank, l->power, row);
        bits = stft_top(row, n, bits);
        if (bits >= 0x7f800000)
            return NULL;
        db_power(row, n, amin);
    }
    memcpy(&top, &bits, sizeof top);
    db_power(&top, 1, amin);
    float ref = c->ref > 0 ? (float)(10 * log10(fmax(c->amin, c->ref))) : top;
    float floor = isinf(c->top_db) ? -INFINITY : top - ref - (float)c->top_db;
    float silence = (float)(10 * log10(c->amin)) - ref;
    l->floor = silence < floor ? floor : silence;
    for (size_t i = 0; i < need; i++) {
        float v = l->m[i] - ref;
        l->m[i] = v < floor ? floor : v;
    }
    return l->m;
}
