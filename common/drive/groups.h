/* groups - records that belong together by a field: the crops of a song
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_GROUPS_H
#define DRIVE_GROUPS_H

#include "stream/rec.h"

/* The record's group: the label in field `by` as text, or its own id where that is nil or `by` is NULL. It lives until
 * the next call. False after rec_error: there is no such field, or no label in it. */
bool groups_id(struct rec *r, const char *by, struct text *id);

/* Groups in the order of their first records, with the fields in which their records are alike (drive/alike). */
struct groups;

/* Without the fields that `leave` tells. */
struct groups *groups_new(bool (*leave)(const struct field *f));
size_t groups_count(const struct groups *g);

/* Take the record into the group of that id; its number, which is new where it is the count before. */
size_t groups_add(struct groups *g, const struct rec *r, struct text id);

/* When all records are in: make r a record of group i, with its id and the fields in which its records are alike. */
void groups_fill(struct groups *g, size_t i, struct rec *r);

/* And set `segments` to the number of its records. */
void groups_fill_count(const struct groups *g, size_t i, struct rec *r);

/* Take the columns of fields that `leave` does not tell out of h: arrays are never alike. */
void groups_head(const struct groups *g, struct head *h);

#endif
