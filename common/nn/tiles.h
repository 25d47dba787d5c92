/* tiles - the products of conv.h on transformed tiles (Winograd's minimal filtering)
 *
 * A kernel of s < k <= 2 s at stride s is s^2 kernels of at most 2 x 2 at stride 1, each on the
 * pixels of one remainder of (row, column) by s. Four outputs of a kernel of two taps,
 *
 *     y[i] = d[i] g[0] + d[i + 1] g[1],   i = 0 ... 3,
 *
 * are y = A' ((G g) o (B' d)) with five multiplications instead of eight (Winograd 1980; Lavin
 * and Gray 2016, section 4, as F(4, 2)): the products of two polynomials at five points. The
 * points are +-3/8, +-3/2 and infinity: at the usual 0, 1, -1, 2 and infinity rounding grows twice as
 * much. In two dimensions 25 multiplications do for 64. The tiles' values at one point
 * are a matrix [tile][channel], so each point is one matrix product:
 *
 *     M = V U     V = B' d B, of the big side    [point][tile][remainder, in]
 *                 U = G g G', of the weights     [point][remainder, in][out]
 *                 y = A' M A, the small side     [point][tile][out]
 *
 * The other two products are the same read backwards: dM = A dy A', dV = dM U', dx = B dV B'
 * added up where tiles overlap, dU = V' dM, dg = G' dU G.
 *
 * Sums differ from the plain ones by some units in the last place of the largest. What
 * the functions do, and their arguments, is told in conv.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_TILES_H
#define NN_TILES_H

#include <stdbool.h>

#include "nn/conv.h"

/* Whether the shape is one for tiles: whole vectors of channels, fewer multiplications. */
bool tiles_fit(const struct conv *c);

size_t tiles_scratch(const struct conv *c);
size_t tiles_packed(const struct conv *c, bool up);
size_t tiles_slices(const struct conv *c);
void tiles_pack(const struct conv *c, bool up, const float *weight, float *packed, size_t part);
void tiles_down(const struct conv *c, const float *packed, const float *bias, const float *x, float *y, size_t n,
                float *scratch);
void tiles_up(const struct conv *c, const float *packed, const float *bias, const float *y, float *x, size_t n,
              float *scratch);
size_t tiles_sums(const struct conv *c);
void tiles_weight(const struct conv *c, const float *x, const float *y, float *dw, size_t n, size_t slice,
                  float *scratch, float *sums);

#endif
