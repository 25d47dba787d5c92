/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/descr.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dsp/db.h"

enum { LANES = 8, GROUP = 4 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef double wide __attribute__((vector_size(LANES * sizeof(double))));

struct descr {
    struct descr_conf conf;
    bool wants[DESCR_KINDS], spectral;
    struct stft *stft;
    size_t bins, stride;
    float *mag, *sums, *log;    /* mag[GROUP][stride], their running sums, scratch of flatness */
    double *f, rate;            /* frequency of each bin, at this rate; padded with 0 */
    size_t n;                   /* samples */
    uint8_t *crossed;           /* whether the sign changes at each sample */
    float *m;
    size_t crossed_cap, m_cap;
};

struct descr *descr_new(const struct descr_conf *conf)
{
    struct descr *d = mem_zero(1, sizeof *d);
    d->conf = *conf;
    for (size_t i = 0; i < conf->n; i++)
        d->wants[conf->which[i]] = true;
    for (int kind = DESCR_CENTROID; kind <= DESCR_FLATNESS; kind++)
        d->spectral |= d->wants[kind];
    d->stft = stft_new(&conf->stft);
    d->bins = stft_bins(d->stft);
    d->stride = (d->bins + STFT_SLACK + LANES - 1) / LANES * LANES;
    d->mag = mem_aligned(GROUP * d->stride, sizeof *d->mag);
    d->sums = mem_aligned(GROUP * d->stride, sizeof *d->sums);
    d->log = mem_aligned(d->stride, sizeof *d->log);
    d->f = mem_zero(d->stride, sizeof *d->f);
    memset(d->mag, 0, GROUP * d->stride * sizeof *d->mag);
    return d;
}

void descr_free(struct descr *d)
{
    if (!d)
        return;
    stft_free(d->stft);
    free(d->mag);
    free(d->sums);
    free(d->log);
    free(d->f);
    free(d->crossed);
    free(d->m);
    free(d);
}

float *descr_samples(struct descr *d, size_t n)
{
    d->n = n;
    return stft_samples(d->stft, n);
}

static double total(const wide *s)
{
    const double *v = (const double *)s;
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/* The next eight numbers of x, as doubles. */
#define WIDE(TO, X) do {                                \
        lanes narrow_;                                  \
        memcpy(&narrow_, X, sizeof narrow_);            \
        (TO) = __builtin_convertvector(narrow_, wide);  \
    } while (0)

/* sum X over padded bins. */
static double sum_of(const float *x, size_t stride)
{
    wide s = { 0 }, v;
    for (size_t k = 0; k < stride; k += LANES) {
        WIDE(v, x + k);
        s += v;
    }
    return total(&s);
}

/* sum f X. */
static double weigh(const float *x, const double *f, size_t stride)
{
    wide s = { 0 }, v, w;
    for (size_t k = 0; k < stride; k += LANES) {
        WIDE(v, x + k);
        memcpy(&w, f + k, sizeof w);
        s += v * w;
    }
    return total(&s);
}

/* sum X |f - centre|^p. */
static double spread(const float *x, const double *f, size_t stride, double centre, double p)
{
    wide s = { 0 }, v, w;
    for (size_t k = 0; p == 2 && k < stride; k += LANES) {
        WIDE(v, x + k);
        memcpy(&w, f + k, sizeof w);
        w -= centre;
        s += v * (w * w);
    }
    for (size_t k = 0; p != 2 && k < stride; k++)
        s[0] += (double)x[k] * pow(fabs(f[k] - centre), p);
    return total(&s);
}

/* Running sums of GROUP magnitude spectra, one behind the other in float as numpy's
 * cumsum; four at once, since each sum waits for the one before. */
static void run_sums(struct descr *d)
{
    float sum[GROUP] = { 0 };
    for (size_t k = 0; k < d->bins; k++)
        for (size_t g = 0; g < GROUP; g++)
            d->sums[g * d->stride + k] = sum[g] += d->mag[g * d->stride + k];
}

/* First bin at which the sums reach the share of the last. */
static size_t rolloff(const float *sums, size_t bins, double share)
{
    float least = (float)share * sums[bins - 1];
    size_t low = 0, high = bins - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sums[middle] < least)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static double flatness(struct descr *d, const float *x)
{
    const struct descr_conf *c = &d->conf;
    float amin = (float)c->amin;
    for (size_t k = 0; k < d->bins; k++) {
        float v = c->power == 2 ? x[k] * x[k] : c->power == 1 ? x[k] : powf(x[k], (float)c->power);
        d->log[k] = v < amin ? amin : v;
    }
    memset(d->log + d->bins, 0, (d->stride - d->bins) * sizeof *d->log);
    double mean = sum_of(d->log, d->stride) / (double)d->bins;
    db_power(d->log, d->bins, amin);
    return pow(10, sum_of(d->log, d->stride) / 10 / (double)d->bins) / mean;
}

/* The spectral numbers of frame t, whose magnitudes are in place g. */
static void spectral(struct descr *d, size_t g, double v[DESCR_KINDS])
{
    const float *x = d->mag + g * d->stride;
    double s = sum_of(x, d->stride), norm = s < (double)FLT_MIN ? 1 : s;
    v[DESCR_CENTROID] = weigh(x, d->f, d->stride) / norm;
    if (d->wants[DESCR_BANDWIDTH]) {
        double p = d->conf.p, b = spread(x, d->f, d->stride, v[DESCR_CENTROID], p) / norm;
        v[DESCR_BANDWIDTH] = p == 2 ? sqrt(b) : pow(b, 1 / p);
    }
    if (d->wants[DESCR_ROLLOFF])
        v[DESCR_ROLLOFF] = d->f[rolloff(d->sums + g * d->stride, d->bins, d->conf.roll_percent)];
    if (d->wants[DESCR_FLATNESS])
        v[DESCR_FLATNESS] = flatness(d, x);
    v[DESCR_ZCR] = s;           /* its place is free: tells whether all are finite */
}

/* Mark the samples whose sign is not that of the one before. */
static void cross(struct descr *d, const float *y)
{
    float least = -(float)d->conf.threshold;
    mem_grow(&d->crossed, &d->crossed_cap, d->n + 1, sizeof *d->crossed);
    d->crossed[0] = 0;
    for (size_t i = 1; i < d->n; i++)
        d->crossed[i] = (y[i] < least) ^ (y[i - 1] < least);
}

static double zcr(const struct descr *d, size_t t)
{
    size_t hop = (size_t)d->conf.stft.hop_length, length = (size_t)d->conf.stft.n_fft, count = 0;
    size_t pad = d->conf.stft.no_center ? 0 : length / 2, begin = t * hop + 1, end = t * hop + length;
    begin = begin > pad ? begin - pad : 0;
    end = end < pad ? 0 : end - pad < d->n ? end - pad : d->n;
    for (size_t i = begin; i < end; ) {         /* in runs whose count fits a byte */
        size_t stop = end - i < 255 ? end : i + 255;
        uint8_t run = 0;
        for (; i < stop; i++)
            run = (uint8_t)(run + d->crossed[i]);
        count += run;
    }
    return (double)count / (double)length;
}

static double rms(const struct descr *d, size_t t)
{
    size_t length = (size_t)d->conf.stft.n_fft, k = 0;
    const float *x = stft_frame_samples(d->stft, t);
    wide s = { 0 }, v;
    for (; k + LANES <= length; k += LANES) {
        WIDE(v, x + k);
        s += v * v;
    }
    for (; k < length; k++)
        s[0] += (double)x[k] * (double)x[k];
    return sqrt(total(&s) / (double)length);
}

const float *descr_track(struct descr *d, double rate, size_t *frames)
{
    size_t count = *frames = stft_begin(d->stft), n = d->conf.n;
    mem_grow(&d->m, &d->m_cap, mem_mul(count, n) + 1, sizeof *d->m);
    for (size_t k = 0; k < d->bins && d->rate != rate; k++)
        d->f[k] = (double)k * rate / (double)d->conf.stft.n_fft;
    d->rate = rate;
    if (count && d->wants[DESCR_ZCR])
        cross(d, stft_frame_samples(d->stft, 0) + (d->conf.stft.no_center ? 0 : d->conf.stft.n_fft / 2));
    for (size_t t = 0; t < count; t++) {
        double v[DESCR_KINDS] = { 0 };
        size_t g = t % GROUP;
        if (d->spectral && g == 0) {
            for (size_t i = 0; i < GROUP && t + i < count; i++)
                stft_frame(d->stft, t + i, 1, d->mag + i * d->stride);
            if (d->wants[DESCR_ROLLOFF])
                run_sums(d);
        }
        if (d->spectral)
            spectral(d, g, v);
        if (!isfinite(v[DESCR_ZCR]))
            return NULL;
        if (d->wants[DESCR_ZCR])
            v[DESCR_ZCR] = zcr(d, t);
        if (d->wants[DESCR_RMS])
            v[DESCR_RMS] = rms(d, t);
        for (size_t i = 0; i < n; i++)
            d->m[t * n + i] = (float)v[d->conf.which[i]];
    }
    return d->m;
}
