/* ranks - what filters that mpirun starts (base/world) have in common: each process reads its share of the input
 *
 * Where there is one process, all of it is as if there were no ranks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_RANKS_H
#define DRIVE_RANKS_H

#include "base/opt.h"
#include "base/world.h"
#include "stream/rec.h"

/* Join the others if mpirun started this process of a filter that has .ranks, and name its share in *operands. Only rank 0
 * speaks of what is well, and only its stream goes to stdout. `save`: what it gives is this file, or "-", that stream; NULL
 * ends with ST_USAGE. */
bool ranks_begin(const struct prog *prog, char ***operands, const char *save);

/* Other columns than another rank's end with ST_STREAM. */
void ranks_same_columns(const struct rec_in *in);

/* rec_digest of the input of all ranks, one after the other. */
uint64_t ranks_digest(const struct rec_in *in);

/* The sum of all ranks' n. */
size_t ranks_sum(size_t n);

/* The width of all ranks' vectors, of which this one's is `width`, 0 where it has none; two widths end with ST_STREAM, naming
 * `field`. 0 if none has a vector. */
size_t ranks_width(size_t width, const char *field);

/* In place of this rank's rows x[n][d], which are freed, those of all from `from` until before `to`, by their number in the
 * whole input. */
float *ranks_rows(float *x, size_t n, size_t d, size_t from, size_t to);

#endif
