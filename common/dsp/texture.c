/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/texture.h"

#include <fftw3.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "dsp/dct.h"
#include "math/blas.h"
#include "math/eig.h"
#include "math/stats.h"

static const double pi = 3.14159265358979323846, lag_seconds[TEXTURE_LAGS] = { .07, .28 }, ridge = .01;

struct texture {
    struct texture_conf conf;
    size_t coarse;              /* bands of the modulation spectrum */
    double rate;
    double *basis;              /* [cepstra][bands] */
    double *m, *c;              /* the song: bands[frames][bands], cepstrum[frames][cepstra] */
    size_t m_cap, c_cap;
    double *sums;               /* [4][bands] */
    double *cov, *log_cov, *w;  /* [cepstra][cepstra] twice, [cepstra] */
    double *moves;              /* [n][cepstra] */
    float *sorted;              /* [2][n] */
    size_t moves_cap, sorted_cap;

    /* What belongs to crops of n frames at plan_rate. */
    size_t n, bins;
    double plan_rate;
    fftwf_plan plan;
    float *window, *in;         /* [n], [coarse][n] */
    fftwf_complex *out;         /* [coarse][bins] */
    float *weights;             /* [triangles][bins] */
};

static size_t half(size_t n)
{
    return n * (n + 1) / 2;
}

size_t texture_coarse(const struct texture_conf *c)
{
    return c->bands < TEXTURE_COARSE ? c->bands : TEXTURE_COARSE;
}

size_t texture_width(const struct texture_conf *c)
{
    return (c->with[TEXTURE_BAND] ? TEXTURE_STATS * c->bands : 0) + (c->with[TEXTURE_CEPSTRUM] ? c->cepstra : 0) +
           (c->with[TEXTURE_COV] ? half(c->cepstra) : 0) + (c->with[TEXTURE_DELTA] ? TEXTURE_LAGS * half(c->cepstra) : 0) +
           (c->with[TEXTURE_MODULATION] ? TEXTURE_TRIANGLES * texture_coarse(c) : 0);
}

void texture_name(const struct texture_conf *c, size_t i, char *name, size_t size)
{
    static const char *const stats[TEXTURE_STATS] = { "mean", "std", "skew", "q10", "q90", "step" };
    static const char *const halves[] = { "cov", "delta70ms", "delta280ms" };
    size_t band = c->with[TEXTURE_BAND] ? TEXTURE_STATS * c->bands : 0, cepstrum = c->with[TEXTURE_CEPSTRUM] ? c->cepstra : 0;
    if (i < band) {
        snprintf(name, size, "band%zu.%s", i % c->bands, stats[i / c->bands]);
        return;
    }
    i -= band;
    if (i < cepstrum) {
        snprintf(name, size, "cepstrum%zu.mean", i);
        return;
    }
    i -= cepstrum;
    for (size_t h = 0; h < 1 + TEXTURE_LAGS; h++) {
        if (!c->with[h ? TEXTURE_DELTA : TEXTURE_COV])
            continue;
        for (size_t row = 0; row < c->cepstra; i -= c->cepstra - row++)
            if (i < c->cepstra - row) {
                snprintf(name, size, "%s%zu.%zu", halves[h], row, row + i);
                return;
            }
    }
    snprintf(name, size, "modulation%zu.%zu", i / TEXTURE_TRIANGLES, i % TEXTURE_TRIANGLES);
}

static size_t lag(double rate, int which)
{
    double l = nearbyint(lag_seconds[which] * rate);
    return l > 1 ? (size_t)l : 1;
}

size_t texture_least(double rate)
{
    return lag(rate, TEXTURE_LAGS - 1) + 2;
}

struct texture *texture_new(const struct texture_conf *c)
{
    struct texture *t = mem_zero(1, sizeof *t);
    size_t k = c->cepstra;
    t->conf = *c;
    t->coarse = texture_coarse(c);
    t->basis = mem_new(mem_mul(k, c->bands), sizeof *t->basis);
    for (size_t i = 0; i < k; i++)
        for (size_t b = 0; b < c->bands; b++)
            t->basis[i * c->bands + b] = dct_entry(2, true, c->bands, i, b);
    t->sums = mem_new(mem_mul(4, c->bands), sizeof *t->sums);
    t->cov = mem_new(mem_mul(k, k), sizeof *t->cov);
    t->log_cov = mem_new(mem_mul(k, k), sizeof *t->log_cov);
    t->w = mem_new(k, sizeof *t->w);
    return t;
}

static void plan_free(struct texture *t)
{
    par_lock();                 /* FFTW's planner is not thread-safe */
    if (t->plan)
        fftwf_destroy_plan(t->plan);
    par_unlock();
    free(t->window);
    free(t->in);
    free(t->out);
    free(t->weights);
}

void texture_free(struct texture *t)
{
    if (!t)
        return;
    plan_free(t);
    free(t->basis);
    free(t->m);
    free(t->c);
    free(t->sums);
    free(t->cov);
    free(t->log_cov);
    free(t->w);
    free(t->moves);
    free(t->sorted);
    free(t);
}

void texture_song(struct texture *t, const float *m, size_t frames, size_t d, double rate)
{
    size_t bands = t->conf.bands, k = t->conf.cepstra;
    mem_grow(&t->m, &t->m_cap, mem_mul(frames, bands), sizeof *t->m);
    mem_grow(&t->c, &t->c_cap, mem_mul(frames, k), sizeof *t->c);
    t->rate = rate;
    double *y = t->m, sum = 0;
    for (size_t i = 0; i < frames; i++)
        for (size_t b = 0; b < bands; b++, y++) {
            size_t from = b * d / bands, to = (b + 1) * d / bands;
            *y = 0;
            for (size_t j = from; j < to; j++)
                *y += (double)m[i * d + j];
            *y /= (double)(to - from);
            sum += *y;
        }
    double mean = sum / (double)frames / (double)bands;
    for (size_t i = 0; i < frames * bands; i++)
        t->m[i] -= mean;
    enum { AT_ONCE = 4096 };    /* a product's sizes are ints */
    for (size_t i = 0; i < frames; i += AT_ONCE)
        blas_f64(false, true, frames - i < AT_ONCE ? frames - i : AT_ONCE, k, bands, 1, t->m + i * bands, bands, t->basis,
                 bands, 0, t->c + i * k, k);
}

/* ---- bands ---- */

static void quantiles(struct texture *t, const double *m, size_t n, float *low, float *high)
{
    size_t bands = t->conf.bands;
    mem_grow(&t->sorted, &t->sorted_cap, mem_mul(2, n), sizeof *t->sorted);
    for (size_t b = 0; b < bands; b++) {
        for (size_t i = 0; i < n; i++)
            t->sorted[i] = (float)m[i * bands + b];
        stats_sort(t->sorted, t->sorted + n, n);
        low[b] = (float)stats_quantile(t->sorted, n, .1);
        high[b] = (float)stats_quantile(t->sorted, n, .9);
    }
}

static float *of_bands(struct texture *t, const double *m, size_t n, float *x)
{
    size_t bands = t->conf.bands;
    double *restrict mean = t->sums, *restrict square = mean + bands, *restrict cube = square + bands;
    double *restrict step = cube + bands;
    memset(t->sums, 0, 4 * bands * sizeof *t->sums);
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < bands; b++)
            mean[b] += m[i * bands + b];
    for (size_t b = 0; b < bands; b++)
        mean[b] /= (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < bands; b++) {
            double v = m[i * bands + b] - mean[b];
            square[b] += v * v;
            cube[b] += v * v * v;
        }
    for (size_t i = bands; i < n * bands; i += bands)
        for (size_t b = 0; b < bands; b++)
            step[b] += fabs(m[i + b] - m[i + b - bands]);
    for (size_t b = 0; b < bands; b++) {
        double s = sqrt(square[b] / (double)n) + 1e-6;
        x[b] = (float)mean[b];
        x[bands + b] = (float)s;
        x[2 * bands + b] = (float)(cube[b] / (double)n / s / s / s);
        x[5 * bands + b] = (float)(step[b] / (double)(n - 1));
    }
    quantiles(t, m, n, x + 3 * bands, x + 4 * bands);
    return x + TEXTURE_STATS * bands;
}

/* ---- cepstrum ---- */

static float *means(struct texture *t, const double *c, size_t n, float *x)
{
    size_t k = t->conf.cepstra;
    memset(t->w, 0, k * sizeof *t->w);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            t->w[j] += c[i * k + j];
    for (size_t j = 0; j < k; j++)
        x[j] = (float)(t->w[j] / (double)n);
    return x + k;
}

/* moves[n - l][k] = c(t + l) - c(t), or with l 0 c itself, less its mean. */
static void centred(struct texture *t, const double *c, size_t n, size_t l)
{
    size_t k = t->conf.cepstra;
    double *restrict mean = t->w, *restrict y;
    mem_grow(&t->moves, &t->moves_cap, mem_mul(n, k), sizeof *t->moves);
    memset(mean, 0, k * sizeof *mean);
    y = t->moves;
    for (size_t i = 0; i < n - l; i++, y += k, c += k)
        for (size_t j = 0; j < k; j++) {
            y[j] = l ? c[l * k + j] - c[j] : c[j];
            mean[j] += y[j];
        }
    for (size_t j = 0; j < k; j++)
        mean[j] /= (double)(n - l);
    y = t->moves;
    for (size_t i = 0; i < n - l; i++, y += k)
        for (size_t j = 0; j < k; j++)
            y[j] -= mean[j];
}

static float *log_cov(struct texture *t, const double *c, size_t n, size_t l, float *x)
{
    size_t k = t->conf.cepstra, rows = n - l;
    double *a = t->cov, *restrict y = t->log_cov;
    centred(t, c, n, l);
    blas_f64(true, false, k, k, rows, 1 / (double)(rows - 1), t->moves, k, t->moves, k, 0, a, k);
    for (size_t i = 0; i < k; i++)
        a[i * k + i] += ridge;
    bool solved = eig_sym(a, k, t->w);
    memset(y, 0, k * k * sizeof *y);
    for (size_t e = 0; e < k; e++) {
        double w = solved ? log(fmax(t->w[e], ridge)) : (double)NAN;     /* below it by rounding only */
        const double *restrict v = a + e * k;
        for (size_t i = 0; i < k; i++)
            for (size_t j = i; j < k; j++)
                y[i * k + j] += w * v[i] * v[j];
    }
    for (size_t i = 0; i < k; i++)
        for (size_t j = i; j < k; j++)
            *x++ = (float)(i == j ? y[i * k + j] : sqrt(2) * y[i * k + j]);
    return x;
}

/* ---- modulation ---- */

static void weigh(struct texture *t)
{
    double top = fmin(12, .47 * t->rate), corner[TEXTURE_TRIANGLES + 2];
    for (int j = 0; j < TEXTURE_TRIANGLES + 2; j++)
        corner[j] = .4 * pow(top / .4, (double)j / (TEXTURE_TRIANGLES + 1));
    for (int j = 0; j < TEXTURE_TRIANGLES; j++) {
        const double *c = corner + j;
        double sum = 0;
        for (int pass = 0; pass < 2; pass++)
            for (size_t i = 0; i < t->bins; i++) {
                double f = (double)i * t->rate / (double)t->n;
                double w = fmax(1e-9, fmin((f - c[0]) / (c[1] - c[0]), (c[2] - f) / (c[2] - c[1])));
                if (pass)
                    t->weights[(size_t)j * t->bins + i] = (float)(w / sum);
                else
                    sum += w;
            }
    }
}

/* Make what belongs to crops of n frames. */
static void plan(struct texture *t, size_t n)
{
    if (t->n == n && !(t->plan_rate < t->rate) && !(t->plan_rate > t->rate))
        return;
    plan_free(t);
    t->n = n;
    t->bins = n / 2 + 1;
    t->plan_rate = t->rate;
    t->window = mem_new(n, sizeof *t->window);
    for (size_t i = 0; i < n; i++)
        t->window[i] = (float)(.5 - .5 * cos(2 * pi * (double)i / (double)(n - 1)));
    t->in = mem_aligned(mem_mul(t->coarse, n), sizeof *t->in);
    t->out = mem_aligned(mem_mul(t->coarse, t->bins), sizeof *t->out);
    t->weights = mem_new(mem_mul(TEXTURE_TRIANGLES, t->bins), sizeof *t->weights);
    weigh(t);
    int size = (int)n, bins = (int)t->bins;
    par_lock();
    t->plan = fftwf_plan_many_dft_r2c(1, &size, (int)t->coarse, t->in, NULL, 1, size, t->out, NULL, 1, bins, FFTW_ESTIMATE);
    par_unlock();
}

/* in[n] = the mean of bands from ... to - 1, less its mean over time, times the window. */
static void coarse_band(const struct texture *t, const double *m, size_t from, size_t to, float *in)
{
    size_t bands = t->conf.bands;
    double sum = 0;
    for (size_t i = 0; i < t->n; i++)
        for (size_t b = from; b < to; b++)
            sum += m[i * bands + b];
    double mean = sum / (double)t->n;
    for (size_t i = 0; i < t->n; i++) {
        double v = 0;
        for (size_t b = from; b < to; b++)
            v += m[i * bands + b];
        in[i] = (float)((v - mean) / (double)(to - from)) * t->window[i];
    }
}

static float *modulation(struct texture *t, const double *m, size_t n, float *x)
{
    plan(t, n);
    for (size_t b = 0; b < t->coarse; b++)
        coarse_band(t, m, b * t->conf.bands / t->coarse, (b + 1) * t->conf.bands / t->coarse, t->in + b * n);
    fftwf_execute(t->plan);
    for (size_t b = 0; b < t->coarse; b++) {
        const float *z = (const float *)(t->out + b * t->bins);
        double sum[TEXTURE_TRIANGLES] = { 0 };
        for (size_t i = 0; i < t->bins; i++) {
            float size = sqrtf(z[2 * i] * z[2 * i] + z[2 * i + 1] * z[2 * i + 1]);
            for (size_t j = 0; j < TEXTURE_TRIANGLES; j++)
                sum[j] += (double)(t->weights[j * t->bins + i] * size);
        }
        for (size_t j = 0; j < TEXTURE_TRIANGLES; j++)
            *x++ = (float)log(sum[j] / (double)n + 1e-3);
    }
    return x;
}

void texture_crop(struct texture *t, size_t first, size_t n, float *x)
{
    const bool *with = t->conf.with;
    const double *m = t->m + first * t->conf.bands, *c = t->c + first * t->conf.cepstra;
    if (with[TEXTURE_BAND])
        x = of_bands(t, m, n, x);
    if (with[TEXTURE_CEPSTRUM])
        x = means(t, c, n, x);
    if (with[TEXTURE_COV])
        x = log_cov(t, c, n, 0, x);
    for (int i = 0; with[TEXTURE_DELTA] && i < TEXTURE_LAGS; i++)
        x = log_cov(t, c, n, lag(t->rate, i), x);
    if (with[TEXTURE_MODULATION])
        modulation(t, m, n, x);
}
