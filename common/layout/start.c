/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layout/start.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "math/pca.h"

/* Draw column c, from a stream of its own. */
static void draw_column(float *y, size_t n, size_t dims, size_t c, double deviation, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed, c);
    for (size_t i = 0; i < n; i++)
        y[i * dims + c] = (float)(deviation * rng_normal(&rng));
}

void start_random(size_t n, size_t dims, uint64_t seed, float *y)
{
    for (size_t c = 0; c < dims; c++)
        draw_column(y, n, dims, c, 1, seed);
}

void start_pca(const float *x, size_t n, size_t d, size_t dims, uint64_t seed, float *y)
{
    size_t most = n < d ? n : d, k = dims < most ? dims : most;
    struct pca *p = NULL;
    if (n > 1) {
        struct pca_fit *fit = pca_fit_new(d);
        pca_fit_add(fit, x, n);
        p = pca_fit_solve(fit, (double)k);
    }
    float scores[3] = { 0 };
    for (size_t i = 0; p && i < n; i++) {
        pca_apply(p, NULL, x + i * d, scores);
        for (size_t c = 0; c < k; c++)
            y[i * dims + c] = scores[c];
    }
    bool spread = p && p->variance[0] > 0;
    for (size_t c = 0; c < dims; c++)
        if (!spread || c >= k || p->variance[c] <= 1e-12 * p->variance[0])
            draw_column(y, n, dims, c, spread ? sqrt(p->variance[0]) : 1, seed);
    pca_free(p);
}

void start_scale(float *y, size_t n, size_t dims, double deviation)
{
    double mean = 0, var = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)y[i * dims] / (double)n;
    for (size_t i = 0; i < n; i++)
        var += ((double)y[i * dims] - mean) * ((double)y[i * dims] - mean) / (double)n;
    double scale = var > 0 ? deviation / sqrt(var) : deviation;
    for (size_t i = 0; i < n * dims; i++)
        y[i] = (float)((double)y[i] * scale);
}
