/* parts - mean and variance of columns over the records of all ranks (base/world), the same bytes for any number of them
 *
 * The sum is one of parts of PASS_BLOCK records, by their number in the whole input, joined in order. A rank has the parts
 * that begin in its shard, and gets the rows that complete the last one from the ranks behind it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_PARTS_H
#define DRIVE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "math/moments.h"

/* Begin with { 0 }; the pointer is the state of a pass with .cut = parts_cut, whose state may have it as its first member. */
struct parts {
    size_t width;               /* of rows; 0: not known yet */
    struct moments *moments;    /* of the part that is not complete */
    struct moments *sum;        /* of those that are, where there is one rank */
    bool begun;                 /* a part began here */
    float *early;               /* rows before it, which belong to the last part of a rank before */
    double *done;               /* moments_take, one behind the other */
    size_t n_early, cap_early, n_done, cap_done;
};

void parts_cut(void *parts);

/* Add x[n][width]; width is that of all rows. */
void parts_add(struct parts *p, const float *x, size_t n, size_t width);

/* The sum of all ranks, which all call it: to be freed. *records becomes the sum of theirs, width that of all rows (1 if
 * there is none); other widths end the program with ST_STREAM, naming `field`. What p holds is freed. */
struct moments *parts_join(struct parts *p, size_t *records, const char *field);

#endif
