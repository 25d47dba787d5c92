/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/activate.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 16 };

/* erf on -3.92 … 3.92 as x P(x^2) / Q(x^2), fitted by reweighted least squares to 1.4e-9;
 * beyond, erf is 1 to 3e-8. */
static inline float erf_fit(float x)
{
    const float most = 3.92f;
    x = x > most ? most : x;
    x = x < -most ? -most : x;
    float z = x * x;
    float p = ((((((-1.3337034e-08f * z + 4.71800942e-06f) * z + 0.000380378333f) * z + 0.00383238004f) * z +
               0.0542784488f) * z + 0.184700679f) * z + 1.12837918f);
    float q = (((((6.3420955e-05f * z + 0.00130503869f) * z + 0.0154309744f) * z + 0.113775531f) * z +
               0.497020243f) * z + 1.0f);
    return x * p / q;
}

void activate_bias_gelu(float *restrict x, const float *restrict bias, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float v = x[i] + bias[i];
        x[i] = 0.5f * v * (1.0f + erf_fit(v * 0.70710678f));
    }
}

/* exp for x <= 0; below -87 it is that of -87. Taylor's series to the seventh power around the
 * nearest multiple of ln 2, which is split in two (Cody and Waite). */
static inline float exp_negative(float x)
{
    float within = x > -87.0f ? x : -87.0f;        /* NaN too: n must fit an int */
    x = x < -87.0f ? -87.0f : x;
    float n = rintf(within * 1.44269504f);
    float r = x - n * 0.693145752f - n * 1.42860677e-06f;
    float y = 1.0f / 5040 * r + 1.0f / 720;
    y = ((((y * r + 1.0f / 120) * r + 1.0f / 24) * r + 1.0f / 6) * r + 0.5f) * r;
    y = (y + 1.0f) * r + 1.0f;
    uint32_t bits = (uint32_t)((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return y * scale;
}

void activate_softmax(float *x, size_t n)
{
    float lane[LANES], sum[LANES] = { 0 };
    size_t whole = n / LANES * LANES;
    for (size_t k = 0; k < LANES; k++)
        lane[k] = -INFINITY;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] = x[i + k] > lane[k] ? x[i + k] : lane[k];
    float most = -INFINITY, total = 0;
    for (size_t i = whole; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t k = 0; k < LANES; k++)
        most = lane[k] > most ? lane[k] : most;
    for (size_t i = 0; i < n; i++)
        x[i] = exp_negative(x[i] - most);
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sum[k] += x[i + k];
    for (size_t i = whole; i < n; i++)
        total += x[i];
    for (size_t k = 0; k < LANES; k++)
        total += sum[k];
    float by = 1 / total;
    for (size_t i = 0; i < n; i++)
        x[i] *= by;
}
