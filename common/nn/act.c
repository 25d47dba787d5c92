/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/act.h"

#include <math.h>

bool act_in_place(enum act kind) { return kind != ACT_GELU; }

void act_forward(enum act kind, float slope, const float *x, float *y, size_t n)
{
    switch (kind) {
    case ACT_RELU:
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] <= 0 ? 0 : x[i];
        break;
    case ACT_LEAKY_RELU:
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] > 0 ? x[i] : slope * x[i];
        break;
    case ACT_GELU:
        for (size_t i = 0; i < n; i++)
            y[i] = 0.5f * x[i] * (1 + erff(x[i] * 0.70710678f));
        break;
    case ACT_TANH:
        for (size_t i = 0; i < n; i++)
            y[i] = tanhf(x[i]);
        break;
    case ACT_SIGMOID:
        for (size_t i = 0; i < n; i++)
            y[i] = 1 / (1 + expf(-x[i]));
        break;
    }
}

void act_backward(enum act kind, float slope, const float *x, const float *y, const float *dy, float *dx, size_t n)
{
    switch (kind) {
    case ACT_RELU:
        for (size_t i = 0; i < n; i++)
            dx[i] = y[i] > 0 ? dy[i] : 0;
        break;
    case ACT_LEAKY_RELU:
        for (size_t i = 0; i < n; i++)
            dx[i] = y[i] > 0 ? dy[i] : slope * dy[i];
        break;
    case ACT_GELU:                      /* Phi(x) + x phi(x) */
        for (size_t i = 0; i < n; i++)
            dx[i] = dy[i] * (0.5f * (1 + erff(x[i] * 0.70710678f)) + x[i] * 0.39894228f * expf(-0.5f * x[i] * x[i]));
        break;
    case ACT_TANH:
        for (size_t i = 0; i < n; i++)
            dx[i] = dy[i] * (1 - y[i] * y[i]);
        break;
    case ACT_SIGMOID:
        for (size_t i = 0; i < n; i++)
            dx[i] = dy[i] * y[i] * (1 - y[i]);
        break;
    }
}
