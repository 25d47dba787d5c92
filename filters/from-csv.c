/* from-csv - read tables as records
 *
 * in      CSV (RFC 4180) whose first line names the columns
 * out     a record for each row: its numbers as x, the names of their columns in the
 *         header; every other column a field
 * memory  one row, and about 50 bytes for each id; a pipe is copied to a file in TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/source.h"
#include "files/sheet.h"

static struct {
    const char *id, *out, *delimiter;
    struct opt_list drop, text;
    bool keep_columns;
} arg = { .out = "x", .delimiter = "," };

static const struct opt opts[] = {
    OPT_STR(0, "id", &arg.id, "COLUMN", "column that is the id (without: id, a nameless first one, a number)"),
    OPT_LIST('d', "drop", &arg.drop, "A,B,...", "leave these columns out"),
    OPT_LIST(0, "text", &arg.text, "A,B,...", "columns that are text though they look like numbers"),
    OPT_FLAG(0, "keep-columns", &arg.keep_columns, "make every column a field of its own, and no vector"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field for the vector"),
    OPT_STR(0, "delimiter", &arg.delimiter, "CHAR", "character between cells; tab for a tabulator"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "from-csv", .brief = "read tables as records",
    .in = IO_TEXT, .out = IO_RECORDS, .writes = "x vector, a field for each other column",
    .opts = opts, .also = also,
};

struct table {
    struct sheet sheet;
    bool *number;               /* the column is in the vector */
    size_t d;
    float *x;
};

static size_t no_number, no_number_line, no_number_column;

/* What was a number nearly always is a spoilt column rather than one of words. */
static void note_spoilt(const struct sheet *s)
{
    for (size_t i = 0; i < s->columns; i++) {
        const struct column_type *c = s->types + i;
        if (c->words && c->numbers > 9 * c->words && s->field[i] && !progress_quiet)
            warn("%s: column %s is text: cells that are not numbers: %zu, the first on line %zu",
                 csv_path(s->csv), csv_name(s->csv, i), c->words, c->line);
    }
}

/* First pass: what the columns are. */
static void look(struct table *t, char **paths, char delimiter)
{
    struct sheet *s = &t->sheet;
    sheet_open(s, paths, &(struct sheet_how){ delimiter, arg.id, &arg.drop, &arg.text, NULL });
    note_spoilt(s);
    t->number = mem_zero(s->columns, 1);
    for (size_t i = 0; i < s->columns; i++) {
        t->number[i] = !arg.keep_columns && s->field[i] && (s->types[i].type == CELL_INT || s->types[i].type == CELL_REAL);
        s->field[i] &= !t->number[i];
        t->d += t->number[i];
    }
    size_t other = csv_find(s->csv, arg.out);
    if (t->d && other != SIZE_MAX && s->field[other])
        die(ST_STOPPED, "%s: column %s is a field: give -o NAME for the vector", csv_path(s->csv), arg.out);
    t->x = mem_new(t->d, sizeof *t->x);
}

static void name_columns(const struct table *t, struct head *h)
{
    const char **names = mem_new(t->d, sizeof *names);
    for (size_t i = 0, k = 0; i < t->sheet.columns; i++)
        if (t->number[i])
            names[k++] = csv_name(t->sheet.csv, i);
    if (t->d)
        head_set_columns(h, arg.out, names, t->d);
    free(names);
}

/* Set the vector; nil if the row lacks a number. */
static bool set_vector(const struct table *t, struct rec *r)
{
    bool whole = true;
    const struct csv *c = t->sheet.csv;
    for (size_t i = 0, k = 0; i < t->sheet.columns; i++) {
        if (!t->number[i])
            continue;
        struct text cell = csv_cell(c, i);
        if (cell_look(cell) == CELL_NONE) {
            if (whole && no_number++ == 0) {
                no_number_line = csv_line(c);
                no_number_column = i;
            }
            whole = false;
            continue;
        }
        if (!isfinite(t->x[k++] = (float)cell_number(cell)))
            return rec_error(r, "%s is %.*s: no finite 32-bit float", csv_name(c, i),
                             cell.n < 60 ? (int)cell.n : 60, cell.p);
    }
    if (whole)
        rec_set_vector(r, arg.out, t->x, t->d);
    else
        rec_set_nil(r, arg.out);
    return true;
}

int main(int argc, char **argv)
{
    struct table t = { .d = 0 };
    struct sheet *sheet = &t.sheet;
    struct source s;
    char **operands = source_parse(&prog, argc, argv);
    char delimiter = source_delimiter(&prog, arg.delimiter);
    if (strcmp(arg.out, "id") == 0)
        opt_misuse(&prog, "-o id: the id is not a vector");
    source_open(&s, &prog, operands);
    look(&t, s.paths, delimiter);
    name_columns(&t, rec_out_head(s.out));
    progress_start(sheet->rows, "rows");
    for (enum csv_got got; (got = sheet_next(sheet)) != CSV_END; source_put(&s, csv_path(sheet->csv), csv_line(sheet->csv))) {
        s.rec->error[0] = '\0';
        if (got == CSV_BAD)
            rec_error(s.rec, "%s", csv_error(sheet->csv));
        else if (sheet_begin(sheet, s.rec, s.count) && (!t.d || set_vector(&t, s.rec)))
            sheet_fields(sheet, s.rec);
    }
    int status = source_finish(&s);
    if (no_number && !progress_quiet)
        warn("%s: rows that lack a number, whose %s is nil: %zu (the first: line %zu, column %s)",
             csv_path(sheet->files[0]), arg.out, no_number, no_number_line, csv_name(sheet->csv, no_number_column));
    sheet_close(sheet);
    free(t.number);
    free(t.x);
    return status;
}
