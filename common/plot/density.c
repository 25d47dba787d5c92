/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/density.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/sort.h"

enum { SIDE = DENSITY_SIDE };

static double deviation(const float *x, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += ((double)x[i] - sum) * ((double)x[i] - sum) / (double)n;
    return sqrt(squares);
}

/* The node below a point, and how far it is on the way to the next. */
static size_t node(const struct density *d, int axis, double v, double *share)
{
    double at = fmin(fmax((v - d->low[axis]) / d->step[axis], 0), SIDE - 1.001);
    *share = at - floor(at);
    return (size_t)at;
}

/* Blur a row or column of nodes, `stride` apart, by a Gaussian of `width` steps. */
static void blur(float *v, size_t stride, double width)
{
    float to[SIDE];
    double weight[SIDE], all = 1;
    for (size_t k = 0; k < SIDE; k++) {
        weight[k] = exp(-0.5 * (double)(k * k) / (width * width));
        all += k ? 2 * weight[k] : 0;
    }
    for (size_t i = 0; i < SIDE; i++) {
        double sum = 0;
        for (size_t j = 0; j < SIDE; j++)
            sum += (double)v[j * stride] * weight[i > j ? i - j : j - i];
        to[i] = (float)(sum / all);
    }
    for (size_t i = 0; i < SIDE; i++)
        v[i * stride] = to[i];
}

void density_of(const float *x, const float *y, size_t n, const double low[2], const double high[2], struct density *d)
{
    static const double outside[DENSITY_LEVELS] = { 0.1, 0.25, 0.5, 0.75 };
    const float *v[2] = { x, y };
    memset(d, 0, sizeof *d);
    for (int axis = 0; axis < 2; axis++) {
        d->low[axis] = low[axis];
        d->step[axis] = (high[axis] - low[axis]) / (SIDE - 1);
        d->width[axis] = fmax(d->step[axis], 0.5 * deviation(v[axis], n) * pow((double)n, -1.0 / 6));
    }
    double s, t, each = 1 / ((double)n * d->step[0] * d->step[1]);
    for (size_t p = 0; p < n; p++) {
        size_t i = node(d, 0, (double)x[p], &s), j = node(d, 1, (double)y[p], &t);
        d->at[j][i] += (float)((1 - s) * (1 - t) * each);
        d->at[j][i + 1] += (float)(s * (1 - t) * each);
        d->at[j + 1][i] += (float)((1 - s) * t * each);
        d->at[j + 1][i + 1] += (float)(s * t * each);
    }
    for (size_t k = 0; k < SIDE; k++)
        blur(d->at[k], 1, d->width[0] / d->step[0]);
    for (size_t k = 0; k < SIDE; k++)
        blur(d->at[0] + k, SIDE, d->width[1] / d->step[1]);
    double *own = mem_new(n, sizeof *own);
    for (size_t p = 0; p < n; p++) {
        size_t i = node(d, 0, (double)x[p], &s), j = node(d, 1, (double)y[p], &t);
        own[p] = (1 - t) * ((1 - s) * (double)d->at[j][i] + s * (double)d->at[j][i + 1]) +
            t * ((1 - s) * (double)d->at[j + 1][i] + s * (double)d->at[j + 1][i + 1]);
    }
    sort_f64(own, n);
    for (size_t l = 0; l < DENSITY_LEVELS; l++)
        d->level[l] = 0.99 * own[(size_t)(outside[l] * (double)(n - 1))];    /* less than a peak, so that a line is around it */
    free(own);
}
