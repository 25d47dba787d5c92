/* cells - what the cells of a table's columns are: whole numbers, numbers or text
 *
 * A column has one type for all its rows, so it takes a pass over the table to know it.
 * Empty cells are of any type, and so, in a column of numbers, are NA, N/A, n/a, #N/A, <NA>, NaN, nan, -nan, -NaN, NULL,
 * null and None. A number is decimal, with a point or cells_point; infinite ones are numbers, too.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_CELLS_H
#define FILES_CELLS_H

#include "files/csv.h"
#include "stream/rec.h"

enum cell_type { CELL_NONE, CELL_INT, CELL_REAL, CELL_TEXT };   /* each holds those before it */

struct column_type {
    enum cell_type type;
    size_t numbers, words;      /* cells that are numbers, and that are neither number nor missing */
    size_t line;                /* of the first of the words */
    size_t marked;              /* words that would be numbers without marks: 1,234.50 $5 12 % */
    size_t commas;              /* words that would be numbers if their comma were a point */
};

/* The decimal point of numbers: '.' or ','. */
extern char cells_point;

/* What one cell is; CELL_NONE is empty or a word for a missing number. */
enum cell_type cell_look(struct text cell);

/* Widen column types[i] by the cell of the row that c is at, for every column. */
void cells_look(const struct csv *c, struct column_type *types);

/* Look at all rows of c that are not bad, and rewind it. Returns their number; the file's
 * xxh3 goes to *hash (or NULL). */
size_t cells_scan(struct csv *c, struct column_type *types, uint64_t *hash);

/* The number in a cell of type CELL_INT or CELL_REAL: infinite where it is too large. */
double cell_number(struct text cell);

/* Set the field to the cell's value as one of a column of that type: int, float, str, or
 * nil for an empty cell (and a missing number). False, with r->error set, if it is text that
 * is not UTF-8 or a number that is not finite. */
bool cell_set(struct rec *r, const char *name, struct text cell, enum cell_type type);

/* The columns that an option names, each value a name or several with commas between:
 * mark[column] is set. What is no column ends the program with ST_STOPPED. */
void cells_mark(const struct csv *c, const struct opt_list *names, const char *option, bool *mark);

/* Whether the column is the index of pandas or R, which counts the rows: the first one without a
 * name, or what pandas makes of such a one later, "Unnamed: 0" and "Unnamed: 0.1". */
bool cells_is_index(const struct csv *c, size_t column);

/* The column that --id names; without it the one called id, or else a first column that is an
 * index; SIZE_MAX if there is none of these. Ends with
 * ST_STOPPED if there is no such column, or another is called id, too, and not dropped. */
size_t cells_id(const struct csv *c, const char *option, const bool *dropped);

#endif
