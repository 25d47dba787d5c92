/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/optim.h"

#include <math.h>

void adam_step(const struct adam *a, double lr, uint64_t t, double clip, float *w, const float *g, float *m, float *v,
               size_t n)
{
    double c1 = 1 - pow(a->beta1, (double)t), c2 = 1 - pow(a->beta2, (double)t);
    float b1 = (float)a->beta1, b2 = (float)a->beta2, n1 = (float)(1 - a->beta1), n2 = (float)(1 - a->beta2);
    float rate = (float)(lr / c1), root = (float)(1 / sqrt(c2)), eps = (float)a->eps, scale = (float)clip;
    float l2 = a->decoupled ? 0 : (float)a->weight_decay;
    float keep = a->decoupled ? (float)(1 - lr * a->weight_decay) : 1;
    for (size_t i = 0; i < n; i++) {
        float d = g[i] * scale + l2 * w[i];
        m[i] = b1 * m[i] + n1 * d;
        v[i] = b2 * v[i] + n2 * d * d;
        w[i] = keep * w[i] - rate * (m[i] / (sqrtf(v[i]) * root + eps));
    }
}

double clip_factor(double norm, double limit)
{
    double f = limit > 0 ? limit / (norm + 1e-6) : 1;
    return f < 1 ? f : 1;
}

double clip_squares(const float *g, size_t n)
{
    enum { LANES = 16 };
    double part[LANES] = { 0 }, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            part[j] += (double)g[i + j] * (double)g[i + j];
    for (; i < n; i++)
        part[0] += (double)g[i] * (double)g[i];
    for (size_t j = 0; j < LANES; j++)
        sum += part[j];
    return sum;
}

double rate_at(const struct rate *r, double epoch, uint64_t step)
{
    double lr = r->lr;
    if (r->kind == SCHEDULE_COSINE)
        lr = r->lr_min + 0.5 * (r->lr - r->lr_min) * (1 + cos(3.14159265358979323846 * epoch / r->epochs));
    else if (r->kind == SCHEDULE_STEP)
        lr = r->lr * pow(r->gamma, floor(epoch / r->step_size));
    return (double)step + 1 < r->warmup ? lr * ((double)step + 1) / r->warmup : lr;
}

double anneal_at(enum anneal kind, double period, double epoch)
{
    double w = 1;
    if (kind == ANNEAL_LINEAR)
        w = epoch / period;
    else if (kind == ANNEAL_CYCLICAL)
        w = 2 * (epoch / period - floor(epoch / period));
    return w < 1 ? w : 1;
}
