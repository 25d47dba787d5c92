/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/batch_norm.h"

#include <math.h>

enum { LANES = 8 };     /* partial sums side by side, so that the compiler may use vectors */

/* ---- statistics ---- */

/* Variance, biased; what rounding makes negative is 0. */
static double variance(const double sums[2], size_t N)
{
    double mean = sums[0] / (double)N, v = sums[1] / (double)N - mean * mean;
    return v < 0 ? 0 : v;
}

struct norm_stat batch_norm_stat(const double sums[2], size_t N)
{
    return (struct norm_stat){ (float)(sums[0] / (double)N), (float)(1 / sqrt(variance(sums, N) + BATCH_NORM_EPS)) };
}

struct norm_stat batch_norm_running(float mean, float var)
{
    return (struct norm_stat){ mean, (float)(1 / sqrt((double)var + BATCH_NORM_EPS)) };
}

void batch_norm_follow(const double sums[2], size_t N, float *mean, float *var)
{
    double unbiased = variance(sums, N) * (double)N / (double)(N - 1);
    *mean = (float)((1 - BATCH_NORM_MOMENTUM) * (double)*mean + BATCH_NORM_MOMENTUM * sums[0] / (double)N);
    *var = (float)((1 - BATCH_NORM_MOMENTUM) * (double)*var + BATCH_NORM_MOMENTUM * unbiased);
}

/* ---- rows: x[channels][ld] ---- */

static void rows_sums(const struct norm_part *p, const float *x, double *sums)
{
    size_t channels = p->channels, ld = p->ld, n = p->n;
    for (size_t c = 0; c < channels; c++, x += ld) {
        double s[LANES] = { 0 }, q[LANES] = { 0 };
        size_t i = 0;
        for (; i + LANES <= n; i += LANES)
            for (size_t j = 0; j < LANES; j++) {
                double v = (double)x[i + j];
                s[j] += v;
                q[j] += v * v;
            }
        for (; i < n; i++) {
            s[0] += (double)x[i];
            q[0] += (double)x[i] * (double)x[i];
        }
        for (size_t j = 0; j < LANES; j++) {
            sums[2 * c] += s[j];
            sums[2 * c + 1] += q[j];
        }
    }
}

static void rows_forward(const struct norm *by, const struct norm_part *p, const float *x, float *y)
{
    const struct norm_stat *stat = by->stat;
    const float *g = by->g, *b = by->b;
    size_t channels = p->channels, ld = p->ld, n = p->n;
    for (size_t c = 0; c < channels; c++, x += ld, y += ld) {
        float mean = stat[c].mean, slope = stat[c].scale * g[c], shift = b[c];
        for (size_t i = 0; i < n; i++)
            y[i] = (x[i] - mean) * slope + shift;
        for (size_t i = n; i < ld; i++)
            y[i] = 0;
    }
}

static void rows_backward_sums(const struct norm *by, const struct norm_part *p, const float *x, const float *dy,
                               double *sums)
{
    const struct norm_stat *stat = by->stat;
    size_t channels = p->channels, ld = p->ld, n = p->n;
    for (size_t c = 0; c < channels; c++, x += ld, dy += ld) {
        double s[LANES] = { 0 }, q[LANES] = { 0 };
        float mean = stat[c].mean, scale = stat[c].scale;
        size_t i = 0;
        for (; i + LANES <= n; i += LANES)
            for (size_t j = 0; j < LANES; j++) {
                s[j] += (double)dy[i + j];
                q[j] += (double)dy[i + j] * (double)((x[i + j] - mean) * scale);
            }
        for (; i < n; i++) {
            s[0] += (double)dy[i];
            q[0] += (double)dy[i] * (double)((x[i] - mean) * scale);
        }
        for (size_t j = 0; j < LANES; j++) {
            sums[2 * c] += s[j];
            sums[2 * c + 1] += q[j];
        }
    }
}

static void rows_backward(const struct norm *by, const struct norm_part *p, const double *sums, size_t N, const float *x,
                          const float *dy, float *dx)
{
    const struct norm_stat *stat = by->stat;
    const float *g = by->g;
    size_t channels = p->channels, ld = p->ld, n = p->n;
    for (size_t c = 0; c < channels; c++, x += ld, dy += ld, dx += ld) {
        float mean = stat[c].mean, scale = stat[c].scale, slope = scale * g[c];
        float db = (float)(sums[2 * c] / (double)N), dg = (float)(sums[2 * c + 1] / (double)N);
        for (size_t i = 0; i < n; i++)
            dx[i] = slope * (dy[i] - db - (x[i] - mean) * scale * dg);
        for (size_t i = n; i < ld; i++)
            dx[i] = 0;
    }
}

/* ---- images: x[n][channels], LANES channels at a time ---- */

static size_t lanes(size_t channels, size_t first) { return channels - first < LANES ? channels - first : LANES; }

static void image_sums(const struct norm_part *part, const float *x, double *sums)
{
    size_t channels = part->channels, n = part->n;
    for (size_t c = 0; c < channels; c += LANES) {
        double s[LANES] = { 0 }, q[LANES] = { 0 };
        size_t m = lanes(channels, c);
        for (const float *p = x + c; p < x + n * channels; p += channels)
            for (size_t j = 0; j < m; j++) {
                double v = (double)p[j];
                s[j] += v;
                q[j] += v * v;
            }
        for (size_t j = 0; j < m; j++) {
            sums[2 * (c + j)] += s[j];
            sums[2 * (c + j) + 1] += q[j];
        }
    }
}

static void image_forward(const struct norm *by, const struct norm_part *p, const float *x, float *y)
{
    const struct norm_stat *stat = by->stat;
    const float *g = by->g, *b = by->b;
    size_t channels = p->channels, n = p->n;
    for (size_t c = 0; c < channels; c += LANES) {
        float mean[LANES], slope[LANES], shift[LANES];
        size_t m = lanes(channels, c);
        for (size_t j = 0; j < m; j++) {
            mean[j] = stat[c + j].mean;
            slope[j] = stat[c + j].scale * g[c + j];
            shift[j] = b[c + j];
        }
        for (size_t at = c; at < n * channels; at += channels)
            for (size_t j = 0; j < m; j++)
                y[at + j] = (x[at + j] - mean[j]) * slope[j] + shift[j];
    }
}

static void image_backward_sums(const struct norm *by, const struct norm_part *p, const float *x, const float *dy,
                                double *sums)
{
    const struct norm_stat *stat = by->stat;
    size_t channels = p->channels, n = p->n;
    for (size_t c = 0; c < channels; c += LANES) {
        double s[LANES] = { 0 }, q[LANES] = { 0 };
        size_t m = lanes(channels, c);
        for (size_t at = c; at < n * channels; at += channels)
            for (size_t j = 0; j < m; j++) {
                s[j] += (double)dy[at + j];
                q[j] += (double)dy[at + j] * (double)((x[at + j] - stat[c + j].mean) * stat[c + j].scale);
            }
        for (size_t j = 0; j < m; j++) {
            sums[2 * (c + j)] += s[j];
            sums[2 * (c + j) + 1] += q[j];
        }
    }
}

static void image_backward(const struct norm *by, const struct norm_part *p, const double *sums, size_t N, const float *x,
                           const float *dy, float *dx)
{
    const struct norm_stat *stat = by->stat;
    const float *g = by->g;
    size_t channels = p->channels, n = p->n;
    for (size_t c = 0; c < channels; c += LANES) {
        float mean[LANES], slope[LANES], db[LANES], dg[LANES];
        size_t m = lanes(channels, c);
        for (size_t j = 0; j < m; j++) {
            mean[j] = stat[c + j].mean;
            slope[j] = stat[c + j].scale * g[c + j];
            db[j] = (float)(sums[2 * (c + j)] / (double)N);
            dg[j] = (float)(sums[2 * (c + j) + 1] / (double)N) * stat[c + j].scale;
        }
        for (size_t at = c; at < n * channels; at += channels)
            for (size_t j = 0; j < m; j++)
                dx[at + j] = slope[j] * (dy[at + j] - db[j] - (x[at + j] - mean[j]) * dg[j]);
    }
}

/* ---- either ---- */

void batch_norm_sums(const struct norm_part *p, const float *x, double *sums)
{
    (p->ld ? rows_sums : image_sums)(p, x, sums);
}

void batch_norm_forward(const struct norm *by, const struct norm_part *p, const float *x, float *y)
{
    (p->ld ? rows_forward : image_forward)(by, p, x, y);
}

void batch_norm_backward_sums(const struct norm *by, const struct norm_part *p, const float *x, const float *dy,
                              double *sums)
{
    (p->ld ? rows_backward_sums : image_backward_sums)(by, p, x, dy, sums);
}

void batch_norm_backward(const struct norm *by, const struct norm_part *p, const double *sums, size_t N, const float *x,
                         const float *dy, float *dx)
{
    (p->ld ? rows_backward : image_backward)(by, p, sums, N, x, dy, dx);
}
