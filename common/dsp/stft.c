/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/stft.h"

#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

static const double pi = 3.14159265358979323846;

struct stft {
    struct stft_conf conf;
    size_t n_fft, bins, first, last;    /* the window is not 0 in first ... last-1 */
    float *window;
    float *in;                          /* in[n_fft], windowed */
    fftwf_complex *out;                 /* out[bins] */
    fftwf_plan plan;
    float *y;                           /* pad, n samples, pad */
    size_t n, cap, pad;
};

void stft_window(double *w, size_t n, int window)
{
    for (size_t i = 0; i < n; i++) {
        double a = 2 * pi * (double)i / (double)n, ramp = 2 * (double)i / (double)n;
        switch (window) {
        case STFT_HANN:     w[i] = 0.5 - 0.5 * cos(a); break;
        case STFT_HAMMING:  w[i] = 0.54 - 0.46 * cos(a); break;
        case STFT_BLACKMAN: w[i] = 0.42 - 0.5 * cos(a) + 0.08 * cos(2 * a); break;
        case STFT_BARTLETT: w[i] = ramp <= 1 ? ramp : 2 - ramp; break;
        default:            w[i] = 1;
        }
    }
    if (n == 1)
        w[0] = 1;
}

static void *fftw_room(size_t size)
{
    void *p = fftwf_malloc(size);
    if (!p)
        mem_mul(SIZE_MAX, 2);           /* ends with ST_MEMORY */
    return p;
}

struct stft *stft_new(const struct stft_conf *conf)
{
    struct stft *s = mem_zero(1, sizeof *s);
    s->conf = *conf;
    s->n_fft = (size_t)conf->n_fft;
    s->bins = s->n_fft / 2 + 1;
    size_t win = conf->win_length ? (size_t)conf->win_length : s->n_fft;
    s->first = (s->n_fft - win) / 2;
    s->last = s->first + win;
    double *w = mem_new(win, sizeof *w);
    stft_window(w, win, conf->window);
    s->window = mem_zero(s->n_fft, sizeof *s->window);
    for (size_t i = 0; i < win; i++)
        s->window[s->first + i] = (float)w[i];
    free(w);
    s->in = fftw_room(mem_mul(s->n_fft, sizeof *s->in));
    s->out = fftw_room(mem_mul(s->bins, sizeof *s->out));
    memset(s->in, 0, s->n_fft * sizeof *s->in);
    par_lock();                         /* FFTW's planner is not thread-safe */
    s->plan = fftwf_plan_dft_r2c_1d((int)s->n_fft, s->in, s->out, FFTW_ESTIMATE);
    par_unlock();
    return s;
}

void stft_free(struct stft *s)
{
    if (!s)
        return;
    par_lock();
    fftwf_destroy_plan(s->plan);
    par_unlock();
    fftwf_free(s->in);
    fftwf_free(s->out);
    free(s->window);
    free(s->y);
    free(s);
}

size_t stft_bins(const struct stft *s)
{
    return s->bins;
}

float *stft_samples(struct stft *s, size_t n)
{
    s->pad = s->conf.no_center ? 0 : s->n_fft / 2;
    if (n > SIZE_MAX / 8)
        mem_mul(SIZE_MAX, n);
    size_t need = n + 2 * s->pad;
    if (need > s->cap) {                /* nothing of the last track is kept */
        free(s->y);
        s->y = mem_aligned(need, sizeof *s->y);
        s->cap = need;
    }
    s->n = n;
    return s->y + s->pad;
}

/* The sample that stands at distance i (1, 2, ...) before the first, for each mode; and
 * mirrored, behind the last. */
static size_t mirror(size_t i, size_t n, int mode)
{
    if (mode == STFT_EDGE || n == 1)
        return 0;
    size_t period = mode == STFT_REFLECT ? 2 * (n - 1) : 2 * n;
    size_t at = (mode == STFT_REFLECT ? i : i - 1) % period;
    return at < n ? at : mode == STFT_REFLECT ? period - at : period - 1 - at;
}

size_t stft_begin(struct stft *s)
{
    size_t hop = (size_t)s->conf.hop_length;
    int mode = s->conf.pad_mode;
    float *before = s->y, *x = s->y + s->pad, *behind = x + s->n;
    if (mode == STFT_CONSTANT) {
        memset(before, 0, s->pad * sizeof *before);
        memset(behind, 0, s->pad * sizeof *behind);
    } else if (s->n == 0) {
        return 0;
    } else {
        for (size_t i = 1; i <= s->pad; i++) {
            size_t at = mirror(i, s->n, mode);
            x[-(ptrdiff_t)i] = x[at];
            behind[i - 1] = x[s->n - 1 - at];
        }
    }
    size_t all = s->n + 2 * s->pad;
    return all < s->n_fft ? 0 : 1 + (all - s->n_fft) / hop;
}

const float *stft_frame_samples(const struct stft *s, size_t t)
{
    return s->y + t * (size_t)s->conf.hop_length;
}

void stft_frame(struct stft *s, size_t t, double power, float *restrict p)
{
    const float *restrict x = stft_frame_samples(s, t), *restrict w = s->window;
    float *restrict in = s->in;
    for (size_t i = s->first; i < s->last; i++)
        in[i] = x[i] * w[i];
    fftwf_execute(s->plan);
    const float *restrict c = (const float *)s->out;
    for (size_t k = 0; k < s->bins; k++)
        p[k] = c[2 * k] * c[2 * k] + c[2 * k + 1] * c[2 * k + 1];
    if (power == 1)
        for (size_t k = 0; k < s->bins; k++)
            p[k] = sqrtf(p[k]);
    else if (power != 2)
        for (size_t k = 0; k < s->bins; k++)
            p[k] = powf(p[k], (float)(power / 2));
    memset(p + s->bins, 0, STFT_SLACK * sizeof *p);
}

uint32_t stft_top(const float *x, size_t n, uint32_t top)
{
    for (size_t i = 0; i < n; i++) {    /* without a branch: compilers make vectors of it */
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bits &= 0x7fffffff;
        top = bits > top ? bits : top;
    }
    return top;
}
