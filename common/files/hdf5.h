/* hdf5 - the data sets of an HDF5 file, read a few rows at a time
 *
 * For a child in a fence: libhdf5 has a long history of faults with bad files. What is opened here lives until the
 * process ends. Neither links to other files nor plug-ins are followed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_HDF5_H
#define FILES_HDF5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/msg.h"         /* struct text */

#define HDF5_WHY 200

struct hdf5;

/* A data set whose first dimension is the rows, or a member of a table's rows. */
struct hdf5_column {
    enum { HDF5_INT, HDF5_REAL, HDF5_TEXT } kind;
    size_t rows;
    int ndim;                   /* of a row: 0 for a number or text, 1, 2, 3 */
    size_t shape[3], width;     /* of a row, and numbers in one */
};

/* Open path. NULL: why[HDF5_WHY] says what is wrong with it. */
struct hdf5 *hdf5_open(const char *path, char *why);

/* Find what `name` names: "group/set", or "group/table.member". NULL: why[HDF5_WHY] says what is wrong with it: it is
 * not there, holds neither numbers nor text, or claims more than the file can hold. */
struct hdf5_column *hdf5_column(struct hdf5 *f, const char *name, char *why);

/* Read rows [first, first + n), within c->rows, for the functions below, which count from `first`; false: they cannot be
 * read, as in a damaged file. */
bool hdf5_read(struct hdf5_column *c, size_t first, size_t n);

/* Let row `row` be row *i for them; what comes behind it is read, too, for the next calls. */
bool hdf5_row(struct hdf5_column *c, size_t row, size_t *i);

/* Of a row that was read: its numbers as floats where ndim > 0, those of the next row behind them; its number; its text
 * as UTF-8, U+FFFD for bytes that are not, good until the next call. */
const float *hdf5_floats(const struct hdf5_column *c, size_t i);
double hdf5_real(const struct hdf5_column *c, size_t i);
int64_t hdf5_int(const struct hdf5_column *c, size_t i);
struct text hdf5_text(const struct hdf5_column *c, size_t i);

#endif
