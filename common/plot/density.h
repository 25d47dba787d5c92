/* density - how densely points lie on a plane, by a Gaussian kernel
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLOT_DENSITY_H
#define PLOT_DENSITY_H

#include <stddef.h>

enum { DENSITY_SIDE = 81, DENSITY_LEVELS = 4 };

struct density {
    double low[2], step[2];                     /* node (i, j) is at low[0] + i step[0], low[1] + j step[1] */
    double width[2];                            /* deviations of the kernel */
    float at[DENSITY_SIDE][DENSITY_SIDE];       /* [j][i] at the nodes; over the plane its integral is 1 */
    double level[DENSITY_LEVELS];               /* above these lie 90, 75, 50 and 25 % of the points */
};

/* Of n >= 1 points, finite, on a grid from low[2] to high[2], low < high, in which they all lie. The kernel's deviations
 * are half of what Scott's rule (1992) gives, n^(-1/6) deviations of the points, as maps have several peaks; but at least
 * a step. Points go to the four nodes around them, in shares, and the nodes are blurred. */
void density_of(const float *x, const float *y, size_t n, const double low[2], const double high[2], struct density *d);

#endif
