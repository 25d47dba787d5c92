/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/loss.h"

#include <math.h>

void loss_sample(const float *mu, const float *logvar, const float *eps, float *z, size_t n)
{
    for (size_t i = 0; i < n; i++)
        z[i] = mu[i] + expf(0.5f * logvar[i]) * eps[i];
}

void loss_sample_backward(const float *logvar, const float *eps, const float *dz, float *dmu, float *dlogvar,
                          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dmu[i] = dz[i];
        dlogvar[i] = dz[i] * eps[i] * 0.5f * expf(0.5f * logvar[i]);
    }
}

void loss_kl(const float *mu, const float *logvar, size_t d, size_t rows, size_t n, double *sums, double *per_row)
{
    for (size_t j = 0; j < d; j++)
        for (size_t r = 0; r < n; r++) {
            double m = (double)mu[j * rows + r], l = (double)logvar[j * rows + r];
            double kl = -0.5 * (1 + l - m * m - (double)expf((float)l));
            if (sums)
                sums[j] += kl;
            if (per_row)
                per_row[r] += kl;
        }
}

void loss_kl_backward(const float *mu, const float *logvar, const float *scale, float *dmu, float *dlogvar,
                      size_t d, size_t rows, size_t n)
{
    for (size_t j = 0; j < d; j++)
        for (size_t r = 0; r < n; r++) {
            size_t i = j * rows + r;
            dmu[i] += scale[j] * mu[i];
            dlogvar[i] += scale[j] * 0.5f * (expf(logvar[i]) - 1);
        }
}

double loss_recon(enum recon kind, const float *y, const float *x, float *dy, float scale, size_t n)
{
    enum { LANES = 8 };         /* sums side by side, so that the compiler may use vectors */
    double sum[LANES] = { 0 };
    for (size_t first = 0; first < n; first += LANES) {
        size_t count = n - first < LANES ? n - first : LANES;
        for (size_t j = 0; j < count; j++) {
            float a = y[first + j], b = x[first + j], g = 0;
            if (kind == RECON_MSE) {
                sum[j] += (double)(a - b) * (double)(a - b);
                g = 2 * (a - b);
            } else if (kind == RECON_L1) {
                sum[j] += (double)fabsf(a - b);
                g = (float)((a > b) - (a < b));
            } else {            /* max(y, 0) - x y + ln(1 + exp(-|y|)) */
                sum[j] += (double)((a > 0 ? a : 0) - a * b + log1pf(expf(-fabsf(a))));
                g = 1 / (1 + expf(-a)) - b;
            }
            if (dy)
                dy[first + j] = scale * g;
        }
    }
    double total = 0;
    for (size_t j = 0; j < LANES; j++)
        total += sum[j];
    return total;
}
