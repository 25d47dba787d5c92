/* sheet - a table of one or several CSV files as records: its columns, their types, ids and fields
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_SHEET_H
#define FILES_SHEET_H

#include "files/cells.h"

/* What the user says about it. */
struct sheet_how {
    const char **delimiter;         /* as csv_delimiter reads it; NULL: guessed, and set to what it is */
    const char *id;                 /* column that is the id, or NULL: see cells_id */
    const struct opt_list *drop;    /* columns to leave out; NULL: there is no such option */
    const struct opt_list *text;    /* columns that are text though they look like numbers, or NULL */
    uint64_t *hash;                 /* gets the xxh3 of the last file, which an option names, or NULL */
};

struct sheet {
    struct csv **files;
    size_t n_files, file;           /* file: the one that is read */
    struct csv *csv;                /* that file, and its row */
    size_t columns, rows;           /* rows that are not bad, of all files */
    struct column_type *types;
    size_t id;                      /* column of the ids; SIZE_MAX: there is none */
    bool *field;                    /* the column is a field: neither the id nor dropped. To be changed at will */
};

/* Open the files ("-": stdin), look at all rows for the types, and go back to the first. Files with other
 * columns than the first one, a column that is not there, or a name that is not UTF-8, end the program
 * with ST_STOPPED. */
void sheet_open(struct sheet *s, char *const *paths, const struct sheet_how *how);

/* Read the next row, of whichever file. */
enum csv_got sheet_next(struct sheet *s);

/* Begin r with the row's id, or where no column has it with `number`. False: r->error says what is wrong
 * with the cell. */
bool sheet_begin(const struct sheet *s, struct rec *r, size_t number);

/* Set a field for each column that is one. False: r->error says what is wrong with a cell. */
bool sheet_fields(const struct sheet *s, struct rec *r);

void sheet_close(struct sheet *s);

#endif
