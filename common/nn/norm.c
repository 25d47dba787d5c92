/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/norm.h"

#include <math.h>

enum { LANES = 8 };     /* partial sums side by side, so that the compiler may use vectors */

/* ---- statistics ---- */

/* Variance, biased; what rounding makes negative is 0. */
static double variance(const double sums[2], size_t N)
{
    double mean = sums[0] / (double)N, v = sums[1] / (double)N - mean * mean;
    return v < 0 ? 0 : v;
}

struct norm_stat norm_batch(const double sums[2], size_t N)
{
    return (struct norm_stat){ (float)(sums[0] / (double)N), (float)(1 / sqrt(variance(sums, N) + NORM_EPS)) };
}

struct norm_stat norm_running(float mean, float var)
{
    return (struct norm_stat){ mean, (float)(1 / sqrt((double)var + NORM_EPS)) };
}

void norm_follow(const double sums[2], size_t N, float *mean, float *var)
{
    double unbiased = variance(sums, N) * (double)N / (double)(N - 1);
    *mean = (float)((1 - NORM_MOMENTUM) * (double)*mean + NORM_MOMENTUM * sums[0] / (double)N);
    *var = (float)((1 - NORM_MOMENTUM) * (double)*var + NORM_MOMENTUM * unbiased);
}

/* ---- rows: x[channels][ld] ---- */

void norm_sums(const float *x, size_t channels, size_t ld, size_t n, double *sums)
{
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

void norm_forward(const struct norm_stat *stat, const float *g, const float *b, const float *x, float *y,
                  size_t channels, size_t ld, size_t n)
{
    for (size_t c = 0; c < channels; c++, x += ld, y += ld) {
        float mean = stat[c].mean, slope = stat[c].scale * g[c], shift = b[c];
        for (size_t i = 0; i < n; i++)
            y[i] = (x[i] - mean) * slope + shift;
        for (size_t i = n; i < ld; i++)
            y[i] = 0;
    }
}

void norm_backward_sums(const struct norm_stat *stat, const float *x, const float *dy, size_t channels, size_t ld,
                        size_t n, double *sums)
{
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

void norm_backward(const struct norm_stat *stat, const float *g, const double *sums, size_t N, const float *x,
                   const float *dy, float *dx, size_t channels, size_t ld, size_t n)
{
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

void norm_image_sums(const float *x, size_t channels, size_t n, double *sums)
{
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

void norm_image_forward(const struct norm_stat *stat, const float *g, const float *b, const float *x, float *y,
                        size_t channels, size_t n)
{
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

void norm_image_backward_sums(const struct norm_stat *stat, const float *x, const float *dy, size_t channels, size_t n,
                              double *sums)
{
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

void norm_image_backward(const struct norm_stat *stat, const float *g, const double *sums, size_t N, const float *x,
                         const float *dy, float *dx, size_t channels, size_t n)
{
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
