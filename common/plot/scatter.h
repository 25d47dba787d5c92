/* scatter - points on a plane, coloured and shaped by labels, as a program for gnuplot
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLOT_SCATTER_H
#define PLOT_SCATTER_H

#include "base/names.h"
#include "plot/gnuplot.h"

#define SCATTER_COLOURS 20      /* most classes of a panel, and of the shapes */
#define SCATTER_SHAPES GNUPLOT_MARKS

/* In place of a class. */
#define SCATTER_NOISE (UINT32_MAX - 1)
#define SCATTER_NONE UINT32_MAX

/* What one field says of the points. */
struct scatter_label {
    char *name;
    struct names classes;
    struct ranking rank;
    uint32_t *class;            /* of each point: in classes, or one of the above */
    float *value;               /* of each point, where it is a number, else NaN */
    bool scale;                 /* show the value on a scale of colours, not the class */
    size_t noise, none;         /* points of these */
    size_t first_colour;        /* of gnuplot_colours, for its first class: scatter_draw sets it */
    size_t class_cap, value_cap;
};

struct scatter {
    size_t n;                   /* points, at least 1 */
    float *x, *y;               /* finite */
    struct scatter_label *panels;       /* side by side, each coloured by one label */
    size_t n_panels;                    /* 0: one panel of one colour */
    struct scatter_label *shape;        /* shown by marks, or NULL */
    bool map;                   /* distances alone count: the same unit on both axes, and no numbers along them */
    char **names;               /* [n] what to write beside points where there is room; NULL: nothing */
    bool hull;                  /* outline the classes */
    bool density;               /* draw lines of equal density of all points */
    const char *axes[2];        /* NULL: nothing */
    struct gnuplot_page page;
};

/* Append the program. Ranks the classes; clusters, which numbers name, in the order of the text labels (of the first panel that
 * has them) that they hold most of. No colour means two things, as long as there are GNUPLOT_COLOURS. Noise, none (hollow) and
 * what is beyond the largest classes are grey; every entry of the legend has its count. Panels are equally large, and a
 * column beside each is its legend's. */
void scatter_draw(struct str *g, struct scatter *s);

void scatter_label_free(struct scatter_label *l);

#endif
