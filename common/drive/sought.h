/* sought - the record that an option names by its id
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SOUGHT_H
#define DRIVE_SOUGHT_H

#include "stream/rec.h"

/* Begin with { .id = ID, .row = SIZE_MAX }; what stands below is for messages. */
struct sought {
    const char *id;
    size_t row;                     /* SIZE_MAX: not there */
    size_t seen, edits;
    char *near, *first;             /* ids of others: the nearest of the first ten thousand, and the first one */
};

/* The record r is row number `row` (SIZE_MAX: it has none). Whether it is the one. */
bool sought_see(struct sought *s, const struct rec *r, size_t row);

/* End with ST_STOPPED unless it was seen: "ID: `why`; did you mean OTHER?". */
void sought_need(const struct sought *s, const char *why);

#endif
