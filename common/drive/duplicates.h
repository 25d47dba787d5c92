/* duplicates - of a stream only the records that are there twice: whose nearest other is next to no distance away
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_DUPLICATES_H
#define DRIVE_DUPLICATES_H

#include "drive/slurp.h"

struct duplicates {
    const uint32_t *index;      /* [n]: the nearest other row of each; NULL if n is 1 or less */
    const double *distance;     /* [n]: how far it is */
    double within;              /* duplicates are no farther; NAN: a quarter of the median of distance[n] */
    const uint8_t *ids;         /* packed, row i's from start[i] to start[i + 1] */
    const size_t *start;        /* [n + 1] */
    const char *field, *side;   /* for the other one's id, and for how far it is */
};

/* Second pass: write them, each with both fields; a note says how many they are, and within what. Bad records are treated as
 * --on-error says, but do not go out. Finishes out, frees s; returns the exit status. */
int duplicates_write(struct slurp *s, struct rec_out *out, struct duplicates of);

#endif
