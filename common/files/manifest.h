/* manifest - a table (CSV) with a file in each row
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_MANIFEST_H
#define FILES_MANIFEST_H

#include "files/sheet.h"

struct manifest {
    struct sheet sheet;
    size_t path_column;
    char *beside;               /* a name in the folder that paths are relative to */
    char *path;                 /* of the row: its file, NULL where the cell is empty; */
    size_t below;               /* what is below that folder begins here */
    size_t files, absent;       /* rows that name a file, and those whose file does not exist */
    char *first_absent;
};

/* Open the table ("-": stdin) whose files are in `column`, relative to the folder `base`, or with NULL to that of the
 * table. No such column or folder, a column beside it that would be the field path, and what sheet_open refuses, end the
 * program with ST_STOPPED. */
void manifest_open(struct manifest *m, const char *table, const struct sheet_how *how, const char *column, const char *base);

/* Read the next row into r: id (without a column for it the path below the folder, without suffix), path, and a field for
 * each other column. CSV_BAD, or r->error after CSV_ROW: what is wrong with the row. */
enum csv_got manifest_next(struct manifest *m, struct rec *r);

void manifest_close(struct manifest *m);

#endif
