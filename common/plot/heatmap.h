/* heatmap - a table of numbers as colours, as a program for gnuplot
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLOT_HEATMAP_H
#define PLOT_HEATMAP_H

#include <stdint.h>

#include "plot/gnuplot.h"

/* What stands along an axis: names at numbers of columns (or rows), or with n_tics 0 a scale, on which column i is i / per. */
struct heatmap_axis {
    const char *label;          /* NULL: none */
    struct gnuplot_tic *tics;
    size_t n_tics;
    double per;
    size_t n;                   /* columns that it counts, where those of the table stand for several; 0: each for one */
};

struct heatmap {
    float *v;                   /* v[rows][columns], finite */
    size_t rows, columns;       /* at least 1 */
    struct heatmap_axis x, y;
    bool up;                    /* the first row stands below */
    bool levels;                /* dark to bright over the range of the values (decibels); else white to dark from 0, or
                                 * blue and orange on both sides of 0 */
    const char *scale;          /* what the colours are; NULL: nothing */
    const size_t *bounds;       /* [n_bounds]: a line before these rows and columns */
    size_t n_bounds;
    struct gnuplot_page page;
};

/* Append the program. Of more rows or columns than the picture has pixels, neighbours become their mean; h->v is
 * overwritten. Where cells have room for numbers, these are written in them; in a dumb picture else marks from ' ' to '@'. */
void heatmap_draw(struct str *g, struct heatmap *h);

/* Let each row have the sum 1; a row of zeros stays. False: a value is below 0. */
bool heatmap_shares(float *v, size_t rows, size_t columns);

/* Cosines of the angles of all pairs of x[n][d], in [*rows][*rows], which the caller frees; those with a vector of zeros
 * are 0. If n > most, neighbours fall together in `most` blocks, and it is the means of their cosines. x is overwritten. */
float *heatmap_cosines(float *x, size_t n, size_t d, size_t most, size_t *rows);

/* Bytes that takes. */
double heatmap_cosines_bytes(size_t n, size_t most);

#endif
