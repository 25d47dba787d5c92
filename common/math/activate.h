/* activate - activation functions of whole arrays, in a form that compilers turn into vector code
 *
 * Written without branches and in plain float, so that the result does not depend on how
 * wide the vectors are: sums run in 16 fixed lanes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_ACTIVATE_H
#define MATH_ACTIVATE_H

#include <stddef.h>

/* x[n] + bias[n] through x (1 + erf(x / sqrt 2)) / 2. erf is off by at most 4e-7. NaN stays. */
void activate_bias_gelu(float *x, const float *bias, size_t n);

/* x[n] to exp(x) / sum of exp(x), without overflow; each is off by a few units in the last
 * place. n >= 1; a NaN makes all NaN. */
void activate_softmax(float *x, size_t n);

#endif
