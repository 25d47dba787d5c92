/* beside - names beside points, where there is room; outlines around points
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLOT_BESIDE_H
#define PLOT_BESIDE_H

#include <stdbool.h>
#include <stddef.h>

/* Points x[n], y[n] in pixels of a picture of width x height, and how wide and high (pixels) the name of each is; 0: none. */
struct beside { size_t n; const double *x, *y, *wide; double high, width, height; };

/* Find places for names, in the order of the points order[n]: to the right of the point, to its left, above or below, such
 * that a name lies in the picture, on no point and on no other name (to 4 pixels). Sets placed[n], and the middle of each
 * name in at_x[n], at_y[n]. */
void beside_place(const struct beside *b, const size_t *order, bool *placed, double *at_x, double *at_y);

/* The convex hull of the points at[n] of x and y (Andrew 1979): at is overwritten, its first ones become the corners,
 * counterclockwise from the leftmost; returns how many. Points on an edge are no corners. */
size_t beside_hull(const float *x, const float *y, size_t *at, size_t n);

#endif
