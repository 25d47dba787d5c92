/* table - rows of a field, fetched by their number from where they lie on disk
 *
 * For what goes over the data many times in any order: of each row no more than its place
 * is held, 8 bytes. Files of up to 32 MB in all are read at once; of larger ones each row is
 * read when it is wanted. (A pipe was kept in TMPDIR.)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_TABLE_H
#define DRIVE_TABLE_H

#include "stream/rec.h"

struct table {
    size_t n;                   /* rows; after table_share those of all ranks */
    size_t first, own;          /* those of this rank */
    size_t d;                   /* numbers in each: product of the shape */
    size_t shape[2];
};

/* Read all of `in`, opened with twice, to its valid end, and note where the values of
 * `field` lie: vectors (ndim 1, sparse ones too) or matrices (2), all of one shape, NaN
 * and infinity being bad (--on-error). Nil is passed over. also(r, state), where it is
 * not NULL, is called for each record that has a value, before it becomes row t->n: it
 * may set rec_error or rec_drop (then the record is passed over). `again`: the filter will read the records a
 * second time, and then says and counts those that are bad or nil. Ids must be unique, among all ranks (base/world), too. */
struct table *table_open(struct rec_in *in, const char *field, int ndim, bool again,
                         bool (*also)(struct rec *r, void *state), void *state);

/* Let the table be that of all ranks, one after the other: all call it. Another width or other columns end with ST_STREAM. */
void table_share(struct table *t, const struct rec_in *in, const char *field);

/* Have these rows, of whatever ranks, at hand, in place of those of the call before: all ranks call it alike. */
void table_gather(struct table *t, const size_t *rows, size_t n);

/* Row i as x[d]: of this rank's, or one that was gathered. May be called by several threads. */
void table_row(const struct table *t, size_t i, float *x);

/* Before rec_close. */
void table_close(struct table *t);

#endif
