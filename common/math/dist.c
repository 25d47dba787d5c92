/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/dist.h"

/* Eight sums side by side, added in a fixed order: what the compiler can do with
 * vectors and is the same on every processor. */
enum { LANES = 8 };

static double total(const double s[LANES])
{
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

double dist_sq(const float *x, const float *y, size_t d)
{
    double s[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= d; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            double e = (double)x[i + k] - (double)y[i + k];
            s[k] += e * e;
        }
    for (size_t k = 0; i < d; i++, k++) {
        double e = (double)x[i] - (double)y[i];
        s[k] += e * e;
    }
    return total(s);
}

double dist_sq_f64(const float *x, const double *y, size_t d)
{
    double s[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= d; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            double e = (double)x[i + k] - y[i + k];
            s[k] += e * e;
        }
    for (size_t k = 0; i < d; i++, k++) {
        double e = (double)x[i] - y[i];
        s[k] += e * e;
    }
    return total(s);
}
