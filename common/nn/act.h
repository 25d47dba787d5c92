/* act - activations, forward beside backward
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_ACT_H
#define NN_ACT_H

#include <stdbool.h>
#include <stddef.h>

enum act { ACT_RELU, ACT_LEAKY_RELU, ACT_GELU, ACT_TANH, ACT_SIGMOID };

/* y[n] of x[n] (may be the same array); as PyTorch 2.13:
 *   relu        max(x, 0)
 *   leaky relu  x for x > 0, else slope * x
 *   gelu        x (1 + erf(x / sqrt 2)) / 2
 *   tanh        tanh x
 *   sigmoid     1 / (1 + exp(-x))
 * `slope` is of the leaky one. NaN stays NaN. */
void act_forward(enum act kind, float slope, const float *x, float *y, size_t n);

/* dx[n] = dy[n] * dy/dx; dx may be dy. x is read by gelu only, y by the others, so that
 * they can work in place. At 0 the derivative is 0 for relu and the slope for leaky. */
void act_backward(enum act kind, float slope, const float *x, const float *y, const float *dy, float *dx, size_t n);

/* Whether y may overwrite x: backward then needs no x. */
bool act_in_place(enum act kind);

#endif
