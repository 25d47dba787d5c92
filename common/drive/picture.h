/* picture - the driver of filters that write a program for gnuplot
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_PICTURE_H
#define DRIVE_PICTURE_H

#include "plot/gnuplot.h"
#include "stream/rec.h"

extern const struct opt picture_opts[];         /* --title, --terminal, --size */

/* The shared tables of such a filter: those, --max-memory and --max-record. */
extern const struct opt *const picture_also[];

/* opt_parse, and what the options say of the picture. To a terminal nothing is written: status 2, and where
 * the program belongs. Returns the operands. */
char **picture_parse(const struct prog *prog, int argc, char **argv, struct gnuplot_page *page);

/* Write the program to stdout, after the valid end of the input, and free it; returns the exit status. */
int picture_write(struct str *g);

#endif
