/* curve - numbers over a number, over names, or in their order, as a program for gnuplot
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLOT_CURVE_H
#define PLOT_CURVE_H

#include <stdint.h>

#include "base/names.h"
#include "plot/gnuplot.h"

#define CURVE_SERIES 20         /* most lines that have a colour and a name */

struct curve_point {
    double x, y;                /* finite; above 0 on an axis of logarithms */
    double error;               /* above and below y, or NaN */
    uint32_t series;            /* its place in the names */
};

struct curve {
    enum {
        CURVE_LINES,            /* a line for each series */
        CURVE_BARS,             /* groups of bars: x is a place in `places` */
        CURVE_SORTED,           /* silhouettes: each series from its largest y down, one beside the other; no x */
    } kind;
    struct curve_point *v;      /* [n], n >= 1; curve_draw sorts them */
    size_t n;
    struct names series, places;
    bool log_x, log_y;          /* log_x: of lines */
    const char *x, *y;          /* what is along the axes; NULL: nothing */
    struct gnuplot_page page;
};

/* The series of field y, or of one of several fields, in the group `name` or, if that is NULL, in no group: its number. */
uint32_t curve_series(struct curve *c, const char *y, bool several, const struct name *group);

/* Append the program. Numbers among the names stand in their order, and before texts, which stand as they came. Of lines and
 * bars, points of one series at one x become their mean, and the error their deviation (divisor n - 1). Of more than
 * CURVE_SERIES lines those behind are grey. */
void curve_draw(struct str *g, struct curve *c);

#endif
