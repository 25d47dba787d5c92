/* gnuplot - programs for gnuplot 5.4, made in memory: what the plotters share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLOT_GNUPLOT_H
#define PLOT_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define GNUPLOT_TERMINALS "pngcairo|svg|pdfcairo|dumb"
enum { GNUPLOT_PNG, GNUPLOT_SVG, GNUPLOT_PDF, GNUPLOT_DUMB };

/* Add a string literal that shows s[n]: in single quotes, in which gnuplot neither runs
 * `commands` nor knows escapes. An apostrophe becomes U+2019 (gnuplot 5.4 misreads a doubled
 * one at the beginning), a control character a blank, what is no UTF-8 a question mark, and
 * what is behind `most` characters an ellipsis (most 0: all is shown). */
void gnuplot_quote(struct str *g, const char *s, size_t n, size_t most);

/* Begin with a comment, the terminal of width x height (pixels; characters for dumb) and
 * text as it is (no markup). tool: NAME of the program. */
void gnuplot_begin(struct str *g, const char *tool, int terminal, int64_t width, int64_t height);

/* Read "WIDTHxHEIGHT" or "WIDTH,HEIGHT" with 20 ... 20000 each. */
bool gnuplot_size(const char *text, int64_t *width, int64_t *height);

/* Quiet axes: thin, grey, with a light grid. */
void gnuplot_axes(struct str *g);

/* Colours that colour-blind people can tell apart (Okabe and Ito 2008), in an order in which
 * neighbours differ: RRGGBB. */
#define GNUPLOT_COLOURS 8
extern const uint32_t gnuplot_colours[GNUPLOT_COLOURS];
#define GNUPLOT_GREY 0xb4b4b4

/* Filled marks: circle, triangle, square, diamond, triangle down, pentagon. */
#define GNUPLOT_MARKS 6
extern const int gnuplot_marks[GNUPLOT_MARKS];

/* `set palette` to viridis (van der Walt, Smith 2015), dark to bright. */
void gnuplot_viridis(struct str *g);

#endif
