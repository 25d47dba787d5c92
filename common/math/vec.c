/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/vec.h"

#include <math.h>

double vec_l1(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs((double)x[i]);
    return sum;
}

double vec_l2(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

double vec_max(const float *x, size_t n)
{
    float most = 0;
    for (size_t i = 0; i < n; i++)
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    return (double)most;
}

float vec_make_unit(float *x, size_t n)
{
    double length = vec_l2(x, n);
    float by = (float)(length > 1e-12 ? length : 1e-12);
    for (size_t i = 0; i < n; i++)
        x[i] /= by;
    return by;
}
