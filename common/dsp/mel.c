/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/mel.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LANES = 8 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

double mel_from_hz(double hz, bool htk)
{
    if (htk)
        return 2595 * log10(1 + hz / 700);
    return hz < 1000 ? 3 * hz / 200 : 15 + 27 * log(hz / 1000) / log(6.4);
}

double mel_to_hz(double mel, bool htk)
{
    if (htk)
        return 700 * (pow(10, mel / 2595) - 1);
    return mel < 15 ? 200 * mel / 3 : 1000 * exp((mel - 15) * log(6.4) / 27);
}

/* What a filter w[n] is divided by. */
static double norm_of(const double *w, size_t n, int norm)
{
    double sum = 0, squares = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
        sum += w[i];
        squares += w[i] * w[i];
        most = fmax(most, w[i]);
    }
    double by = norm == MEL_L1 ? sum : norm == MEL_L2 ? sqrt(squares) : norm == MEL_MAX ? most : 1;
    return by < (double)FLT_MIN ? 1 : by;
}

struct mel_bank *mel_bank_new(const struct mel_conf *conf, double rate, size_t n_fft)
{
    struct mel_bank *b = mem_zero(1, sizeof *b);
    size_t n = b->n_mels = (size_t)conf->n_mels, bins = b->bins = n_fft / 2 + 1, used = 0, cap = 0;
    double low = mel_from_hz(conf->fmin, conf->htk);
    double high = mel_from_hz(isnan(conf->fmax) ? rate / 2 : conf->fmax, conf->htk);
    double *edge = mem_new(n + 2, sizeof *edge), *row = mem_new(bins, sizeof *row);
    for (size_t i = 0; i < n + 2; i++)
        edge[i] = mel_to_hz(low + (high - low) * (double)i / (double)(n + 1), conf->htk);
    b->rate = rate;
    b->first = mem_zero(n, sizeof *b->first);
    b->blocks = mem_zero(n, sizeof *b->blocks);
    for (size_t i = 0; i < n; i++) {
        double l = edge[i], c = edge[i + 1], r = edge[i + 2];
        size_t first = bins, end = 0;
        for (size_t k = 0; k < bins; k++) {
            double f = (double)k * rate / (double)n_fft;
            row[k] = fmax(0, fmin((f - l) / (c - l), (r - f) / (r - c)));
            if (row[k] > 0) {
                first = first < bins ? first : k;
                end = k + 1;
            }
        }
        if (end == 0) {
            b->empty++;
            continue;
        }
        double scale = conf->norm == MEL_SLANEY ? 2 / (r - l) : 1 / norm_of(row, bins, conf->norm);
        b->first[i] = first;
        b->blocks[i] = (end - first + LANES - 1) / LANES;
        mem_grow(&b->w, &cap, used + b->blocks[i] * LANES, sizeof *b->w);
        for (size_t k = first; k < first + b->blocks[i] * LANES; k++)
            b->w[used++] = k < end ? (float)(row[k] * scale) : 0;
    }
    free(edge);
    free(row);
    return b;
}

void mel_bank_free(struct mel_bank *b)
{
    if (!b)
        return;
    free(b->first);
    free(b->blocks);
    free(b->w);
    free(b);
}

void mel_apply(const struct mel_bank *b, const float *p, float *m)
{
    const float *w = b->w;
    for (size_t i = 0; i < b->n_mels; i++) {
        const float *x = p + b->first[i];
        lanes sum = { 0 }, a, c;
        for (size_t k = b->blocks[i]; k > 0; k--, x += LANES, w += LANES) {
            memcpy(&a, x, sizeof a);
            memcpy(&c, w, sizeof c);
            sum += a * c;
        }
        m[i] = ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
    }
}
