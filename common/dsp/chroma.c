/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/chroma.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LANES = 8, CLASSES = 100, KEEP = 16 << 20 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

/* ---- the bank ---- */

/* The remainder of a / n in 0 ... n, as Python has it. */
static double modulo(double a, double n)
{
    return a - n * floor(a / n);
}

struct chroma_bank *chroma_bank_new(const struct chroma_conf *conf, double rate, size_t n_fft, double tuning)
{
    struct chroma_bank *b = mem_new(1, sizeof *b);
    size_t classes = (size_t)conf->n_chroma, bins = n_fft / 2 + 1, stride = (bins + LANES - 1) / LANES * LANES;
    double n = (double)classes, half = nearbyint(n / 2);
    *b = (struct chroma_bank){ classes, bins, stride, mem_aligned_zero(mem_mul(classes, stride), sizeof *b->w) };
    double *q = mem_new(n_fft, sizeof *q), *column = mem_new(classes, sizeof *column);
    for (size_t k = 1; k < n_fft; k++)
        q[k] = n * log2((double)k * rate / (double)n_fft / (27.5 * exp2(tuning / n)));
    q[0] = q[1] - 1.5 * n;
    size_t turn = conf->from_a ? 0 : 3 * (classes / 12);
    for (size_t k = 0; k < bins; k++) {
        double width = k + 1 < n_fft ? fmax(1, q[k + 1] - q[k]) : 1, squares = 0;
        for (size_t c = 0; c < classes; c++) {
            double d = modulo(q[k] - (double)c + half + 10 * n, n) - half;
            column[c] = exp(-0.5 * (2 * d / width) * (2 * d / width));
            squares += column[c] * column[c];
        }
        double octave = conf->octwidth > 0 ? (q[k] / n - conf->ctroct) / conf->octwidth : 0;
        double scale = exp(-0.5 * octave * octave) / (sqrt(squares) < DBL_MIN ? 1 : sqrt(squares));
        for (size_t c = 0; c < classes; c++)
            b->w[(c + classes - turn) % classes * stride + k] = (float)(column[c] * scale);
    }
    free(q);
    free(column);
    return b;
}

void chroma_apply(const struct chroma_bank *b, const float *p, float *m)
{
    for (size_t c = 0; c < b->n_chroma; c += 4) {       /* four rows share what is read of p */
        const float *row[4];
        lanes sum[4] = { { 0 } }, x, w;
        for (size_t r = 0; r < 4; r++)
            row[r] = b->w + (c + r < b->n_chroma ? c + r : c) * b->stride;
        for (size_t k = 0; k < b->stride; k += LANES) {
            memcpy(&x, p + k, sizeof x);
            for (size_t r = 0; r < 4; r++) {
                memcpy(&w, row[r] + k, sizeof w);
                sum[r] += x * w;
            }
        }
        for (size_t r = 0; r < 4 && c + r < b->n_chroma; r++) {
            lanes s = sum[r];
            m[c + r] = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
        }
    }
}

void chroma_bank_free(struct chroma_bank *b)
{
    if (b)
        free(b->w);
    free(b);
}

/* ---- tuning ---- */

void tuning_add(struct tuning *t, const float *p, size_t bins, double rate, size_t n_fft)
{
    double step = rate / (double)n_fft;
    uint32_t bits = stft_top(p, bins, 0);
    float top;
    memcpy(&top, &bits, sizeof top);
    float least = 0.1f * top;
    size_t first = (size_t)fmax(1, ceil(150 / step)), end = bins - 1;
    end = (double)end * step < 4000 ? end : (size_t)ceil(4000 / step);
    for (size_t k = first; k < end; k++) {
        if (!(p[k] > least) || p[k] < p[k + 1] || (p[k] <= p[k - 1] && p[k - 1] > least))
            continue;
        float a = p[k + 1] + p[k - 1] - 2 * p[k], b = (p[k + 1] - p[k - 1]) / 2;
        float shift = fabsf(b) >= fabsf(a) ? 0 : -b / a;
        mem_grow(&t->hz, &t->hz_cap, t->n + 1, sizeof *t->hz);
        mem_grow(&t->height, &t->height_cap, t->n + 1, sizeof *t->height);
        t->hz[t->n] = (float)(((double)k + (double)shift) * step);
        t->height[t->n++] = p[k] + 0.5f * b * shift;
    }
}

/* The number that is greater than or equal to exactly n / 2 others of x[n] > 0, which as
 * integers have the order of the numbers: its upper half is found by counting, then its lower. */
static float middle(const float *x, size_t n)
{
    size_t *count = mem_new(1 << 16, sizeof *count), left = n / 2;
    uint32_t found = 0;
    for (int shift = 16; shift >= 0; shift -= 16) {
        memset(count, 0, (1 << 16) * sizeof *count);
        for (size_t i = 0; i < n; i++) {
            uint32_t bits;
            memcpy(&bits, x + i, sizeof bits);
            if (shift || bits >> 16 == found)
                count[bits >> shift & 0xffff]++;
        }
        uint32_t half = 0;
        for (; left >= count[half]; half++)
            left -= count[half];
        found = found << 16 | half;
    }
    free(count);
    float value;
    memcpy(&value, &found, sizeof value);
    return value;
}

double tuning_estimate(struct tuning *t, size_t n_chroma)
{
    size_t n = t->n, count[CLASSES] = { 0 }, best = 0;
    t->n = 0;
    if (n == 0)
        return 0;
    float median = middle(t->height, n);        /* what is not below the mean of two middles is not below this */
    for (size_t i = 0; i < n; i++) {
        double rest = modulo((double)n_chroma * log2((double)t->hz[i] / 27.5), 1);
        rest = rest >= 0.5 ? rest - 1 : rest;
        if (t->height[i] < median || !(rest >= -0.5))       /* or of an infinite spectrum */
            continue;
        size_t at = (size_t)((rest + 0.5) * CLASSES);
        count[at < CLASSES ? at : CLASSES - 1]++;
    }
    for (size_t i = 1; i < CLASSES; i++)
        best = count[i] > count[best] ? i : best;
    return (double)best / CLASSES - 0.5;
}

/* ---- a track ---- */

struct chroma {
    struct chroma_conf conf;
    struct stft *stft;
    struct chroma_bank *bank;
    double rate, tuning;        /* of the bank */
    struct tuning peaks;
    float *power, *m;           /* power: one spectrum, or all of a track */
    size_t power_cap, cap;
};

struct chroma *chroma_new(const struct chroma_conf *conf)
{
    struct chroma *c = mem_zero(1, sizeof *c);
    c->conf = *conf;
    c->stft = stft_new(&conf->stft);
    return c;
}

void chroma_free(struct chroma *c)
{
    if (!c)
        return;
    stft_free(c->stft);
    chroma_bank_free(c->bank);
    free(c->peaks.hz);
    free(c->peaks.height);
    free(c->power);
    free(c->m);
    free(c);
}

float *chroma_samples(struct chroma *c, size_t n)
{
    return stft_samples(c->stft, n);
}

/* Divide a frame by its norm; false if it is not finite. */
static bool normalise(float *x, size_t n, int norm)
{
    double length = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        double v = (double)x[i];
        sum += v;
        length = norm == CHROMA_MAX ? fmax(length, v) : norm == CHROMA_L2 ? length + v * v : sum;
    }
    length = norm == CHROMA_L2 ? sqrt(length) : length;
    if (!isfinite(sum))
        return false;
    for (size_t i = 0; norm != CHROMA_NONE && length >= (double)FLT_MIN && i < n; i++)
        x[i] = (float)((double)x[i] / length);
    return true;
}

const float *chroma_track(struct chroma *c, double rate, double *tuning, size_t *frames)
{
    size_t n = (size_t)c->conf.n_chroma, n_fft = (size_t)c->conf.stft.n_fft, bins = stft_bins(c->stft);
    size_t count = *frames = stft_begin(c->stft), stride = (bins + STFT_SLACK + 15) / 16 * 16;
    bool estimate = isnan(c->conf.tuning), keep = estimate && count <= KEEP / stride;
    size_t need = keep ? (count + 1) * stride : stride;
    *tuning = c->conf.tuning;
    if (need > c->power_cap) {
        free(c->power);
        c->power = mem_aligned(need, sizeof *c->power);
        c->power_cap = need;
    }
    if (estimate) {
        for (size_t t = 0; t < count; t++) {
            float *p = c->power + (keep ? t * stride : 0);
            stft_frame(c->stft, t, 2, p);
            tuning_add(&c->peaks, p, bins, rate, n_fft);
        }
        *tuning = tuning_estimate(&c->peaks, n);
    }
    if (!c->bank || c->rate != rate || c->tuning != *tuning) {
        chroma_bank_free(c->bank);
        c->bank = chroma_bank_new(&c->conf, rate, n_fft, *tuning);
        c->rate = rate;
        c->tuning = *tuning;
    }
    mem_grow(&c->m, &c->cap, mem_mul(count, n) + 1, sizeof *c->m);
    for (size_t t = 0; t < count; t++) {
        if (!keep)
            stft_frame(c->stft, t, 2, c->power);
        chroma_apply(c->bank, c->power + (keep ? t * stride : 0), c->m + t * n);
        if (!normalise(c->m + t * n, n, c->conf.norm))
            return NULL;
    }
    return c->m;
}
