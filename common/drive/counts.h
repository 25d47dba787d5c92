/* counts - how many records have each value of a field, as a table for people
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_COUNTS_H
#define DRIVE_COUNTS_H

#include "base/str.h"
#include "stream/rec.h"

/* Read all records of `in` and add a table to `to`: count, share of all, value; the largest count first, those of one count in
 * the order of names_rank, nil at the end. A record without the field, or with what is no label, is bad: item_bad. */
void counts_table(struct rec_in *in, const char *field, struct str *to);

#endif
