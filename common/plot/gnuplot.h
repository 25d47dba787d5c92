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

/* What letters in text[n], UTF-8, are first of a script that DejaVu Sans, the font of the pictures, does not have: "Bengali",
 * "emoji"; NULL: none. pngcairo and pdfcairo of gnuplot 5.4 draw a letter that no font of the machine has as a box of 20
 * times its size. */
const char *gnuplot_rare(const char *text, size_t n);

/* What a picture is to be. */
struct gnuplot_page {
    const char *title;          /* NULL: none */
    int terminal;               /* GNUPLOT_PNG ... */
    int64_t width, height;      /* pixels; characters for dumb; 0: as is usual */
};

/* Begin with a comment, the terminal of that size (or of width x height, where the page leaves it open; it is then
 * set there) and text as it is (no markup). tool: NAME of the program. */
void gnuplot_begin(struct str *g, const char *tool, struct gnuplot_page *page, int64_t width, int64_t height);

/* Read "WIDTHxHEIGHT" or "WIDTH,HEIGHT" with 20 ... 20000 each. */
bool gnuplot_size(const char *text, int64_t *width, int64_t *height);

/* Quiet axes: thin, grey, with a light grid. */
void gnuplot_axes(struct str *g);

/* Colours, RRGGBB: first the eight of Okabe and Ito (2008), which colour-blind people can tell apart, in an order in
 * which neighbours differ. Each of the others is one of those that differ most from all before it, in OKLab
 * (B. Ottosson 2020), seen with three kinds of cones or, times 1.3, as deuteranopes or protanopes see it (Machado, Oliveira,
 * Fernandes 2009). */
#define GNUPLOT_COLOURS 40
#define GNUPLOT_OKABE_ITO 8
extern const uint32_t gnuplot_colours[GNUPLOT_COLOURS];
#define GNUPLOT_GREY 0xb4b4b4

/* Filled marks: circle, triangle, square, diamond, triangle down, pentagon. */
#define GNUPLOT_MARKS 6
extern const int gnuplot_marks[GNUPLOT_MARKS];

/* Set the range of an axis ("x") to low ... high and some room; of one value to what surrounds it. On an axis of
 * logarithms both are above 0. */
void gnuplot_range(struct str *g, const char *axis, double low, double high, bool logarithm);

/* Set what is written along an axis: at most 60 characters of it. */
void gnuplot_label(struct str *g, const char *axis, const char *text);

/* Names at places of an axis ("x" or "y"), ascending, of at most 24 characters: aslant or upright where two are nearer
 * than they are long, and without those that are nearer than a line. unit: pixels (of dumb: characters) of 1 on the
 * axis. Returns how many they take across it. */
struct gnuplot_tic { double at; const char *text; size_t len; };
double gnuplot_tics(struct str *g, const struct gnuplot_page *page, const char *axis, const struct gnuplot_tic *v, size_t n,
                    double unit);

/* `set title` to the page's, if it has one; as much of it as the page is wide. */
void gnuplot_title(struct str *g, const struct gnuplot_page *page);

/* `set palette` to viridis (van der Walt, Smith 2015), dark to bright. */
void gnuplot_viridis(struct str *g);

#endif
