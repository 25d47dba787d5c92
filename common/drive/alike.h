/* alike - the fields in which the records of a group are alike
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_ALIKE_H
#define DRIVE_ALIKE_H

#include "base/names.h"
#include "stream/rec.h"

/* The fields of a group's first record, each with its value, or a mark that another record of the
 * group has another value or none (value_same); begin with { 0 }. Holds little more than their bytes. */
struct alike { struct msg_buf fields; size_t records; };

/* Take in a record of the group; id and arrays, and of the first record the fields that `leave` tells,
 * are left out. */
void alike_add(struct alike *a, const struct rec *r, bool (*leave)(const struct field *f));

/* Fields of groups of several records, and whether they are alike in one of them; begin with { 0 }. */
struct alike_seen { struct names names; bool *somewhere; size_t cap; };
void alike_look(struct alike_seen *seen, const struct alike *a);

/* Set the fields in r, nil where they differ; but none that were seen and are alike nowhere: these
 * tell records of a group apart and say nothing of the group. */
void alike_set(struct rec *r, const struct alike *a, const struct alike_seen *seen);

void alike_free(struct alike *a);

#endif
