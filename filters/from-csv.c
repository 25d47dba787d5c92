/* from-csv - read tables as records
 *
 * in      CSV (RFC 4180) whose first line names the columns
 * out     a record for each row: its numbers as x, the names of their columns in the
 *         header; every other column a field
 * memory  one row, and about 50 bytes for each id; a pipe is copied to a file in TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/utf8.h"
#include "drive/item.h"
#include "files/cells.h"
#include "stream/ids.h"

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
    struct csv **files;
    size_t n_files, columns, rows;
    struct column_type *types;
    bool *dropped, *number;     /* number: the column is in the vector */
    size_t id, d;
    float *x;
};

static size_t no_number, no_number_line, no_number_column;

/* What was a number nearly always is a spoilt column rather than one of words. */
static void note_spoilt(const struct table *t)
{
    for (size_t i = 0; i < t->columns; i++) {
        const struct column_type *c = t->types + i;
        if (c->words && c->numbers > 9 * c->words && !t->dropped[i] && i != t->id && !progress_quiet)
            warn("%s: column %s is text: cells that are no number: %zu, the first on line %zu",
                 csv_path(t->files[0]), csv_name(t->files[0], i), c->words, c->line);
    }
}

/* First pass: what the columns are. */
static void look(struct table *t)
{
    const struct csv *first = t->files[0];
    t->columns = csv_columns(first);
    t->types = mem_zero(t->columns, sizeof *t->types);
    t->dropped = mem_zero(t->columns, 1);
    t->number = mem_zero(t->columns, 1);
    cells_mark(first, &arg.drop, "drop", t->dropped);
    t->id = cells_id(first, arg.id, t->dropped);
    for (size_t i = 0; i < t->columns; i++)
        if (!utf8_valid(csv_name(first, i), strlen(csv_name(first, i))))
            die(ST_STOPPED, "%s: the name of column %zu is not UTF-8", csv_path(first), i + 1);
    for (size_t f = 0; f < t->n_files; f++) {
        struct csv *c = t->files[f];
        bool same = csv_columns(c) == t->columns;
        for (size_t i = 0; same && i < t->columns; i++)
            same = strcmp(csv_name(c, i), csv_name(first, i)) == 0;
        if (!same)
            die(ST_STOPPED, "%s: has other columns than %s", csv_path(c), csv_path(first));
        t->rows += cells_scan(c, t->types, NULL);
    }
    note_spoilt(t);
    bool *text = mem_zero(t->columns, 1);
    cells_mark(first, &arg.text, "text", text);
    for (size_t i = 0; i < t->columns; i++) {
        if (text[i])
            t->types[i].type = CELL_TEXT;
        t->number[i] = !arg.keep_columns && !t->dropped[i] && i != t->id &&
                       (t->types[i].type == CELL_INT || t->types[i].type == CELL_REAL);
        t->d += t->number[i];
    }
    free(text);
    size_t other = csv_find(first, arg.out);
    if (t->d && other != SIZE_MAX && !t->number[other] && !t->dropped[other] && other != t->id)
        die(ST_STOPPED, "%s: column %s is a field: give -o NAME for the vector", csv_path(first), arg.out);
    t->x = mem_new(t->d, sizeof *t->x);
}

static void name_columns(const struct table *t, struct head *h)
{
    const char **names = mem_new(t->d, sizeof *names);
    for (size_t i = 0, k = 0; i < t->columns; i++)
        if (t->number[i])
            names[k++] = csv_name(t->files[0], i);
    if (t->d)
        head_set_columns(h, arg.out, names, t->d);
    free(names);
}

/* Set the vector; nil if the row lacks a number. */
static bool set_vector(const struct table *t, const struct csv *c, struct rec *r)
{
    bool whole = true;
    for (size_t i = 0, k = 0; i < t->columns; i++) {
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

/* The row that c is at; `number` rows came before it. */
static bool fill(const struct table *t, const struct csv *c, struct rec *r, size_t number)
{
    char digits[24];
    struct text id = { digits, 0 };
    if (t->id == SIZE_MAX)
        id.n = (size_t)snprintf(digits, sizeof digits, "%zu", number);
    else
        id = csv_cell(c, t->id);
    if (!id.n)
        return rec_error(r, "no id: the cell of %s is empty", csv_name(c, t->id));
    if (!utf8_valid(id.p, id.n))
        return rec_error(r, "the id is not UTF-8: convert the table first, with iconv -f latin1 -t utf8 perhaps");
    rec_begin(r, id.p, id.n);
    if (t->d && !set_vector(t, c, r))
        return false;
    for (size_t i = 0; i < t->columns; i++)
        if (!t->number[i] && !t->dropped[i] && i != t->id &&
            !cell_set(r, csv_name(c, i), csv_cell(c, i), t->types[i].type))
            return false;
    return true;
}

/* A bad row goes by its place. */
static void bad(const struct csv *c, struct rec *r, struct rec_out *out)
{
    item_place(r, csv_path(c), csv_line(c));
    if (item_bad(r))
        rec_put(out, r);
}

/* Second pass: the rows as records. */
static void put_rows(const struct table *t, struct rec_out *out)
{
    struct rec *r = rec_new();
    struct ids *ids = ids_new();
    size_t number = 0;
    progress_start(t->rows, "rows");
    for (size_t f = 0; f < t->n_files; f++) {
        struct csv *c = t->files[f];
        for (enum csv_got got; (got = csv_next(c)) != CSV_END; number++) {
            r->error[0] = '\0';
            if (got == CSV_BAD)
                rec_error(r, "%s", csv_error(c));
            if (got == CSV_BAD || !fill(t, c, r, number)) {
                bad(c, r, out);
                continue;
            }
            struct text id = rec_id(r);
            if (!ids_add(ids, id, csv_line(c)))
                die(ST_STOPPED, "%s:%zu: id %.*s was there before, on line %zu; ids must be unique: --id takes another"
                    " column", csv_path(c), csv_line(c), id.n < 200 ? (int)id.n : 200, id.p, ids_find(ids, id));
            rec_put(out, r);
            progress_at(number, NULL);
        }
    }
    ids_free(ids);
    rec_free(r);
}

int main(int argc, char **argv)
{
    item_on_error = ON_ERROR_SKIP;
    static char *only_stdin[] = { "-", NULL };
    struct table t = { .id = SIZE_MAX };
    char delimiter;
    char **paths = opt_parse(&prog, argc, argv);
    if (!csv_delimiter(arg.delimiter, &delimiter))
        opt_misuse(&prog, "--delimiter '%s' is no single character", arg.delimiter);
    if (strcmp(arg.out, "id") == 0)
        opt_misuse(&prog, "-o id: the id is no vector");
    opt_need_stdin(&prog, paths);
    struct rec_out *out = rec_create(&prog, NULL);
    paths = paths[0] ? paths : only_stdin;
    while (paths[t.n_files])
        t.n_files++;
    t.files = mem_new(t.n_files, sizeof *t.files);
    for (size_t i = 0; i < t.n_files; i++)
        t.files[i] = csv_open(paths[i], delimiter, true);
    look(&t);
    name_columns(&t, rec_out_head(out));
    put_rows(&t, out);
    rec_finish(out);
    if (no_number && !progress_quiet)
        warn("%s: rows that lack a number, whose %s is nil: %zu (the first: line %zu, column %s)",
             csv_path(t.files[0]), arg.out, no_number, no_number_line, csv_name(t.files[0], no_number_column));
    for (size_t i = 0; i < t.n_files; i++)
        csv_close(t.files[i]);
    free(t.files);
    free(t.types);
    free(t.dropped);
    free(t.number);
    free(t.x);
    return item_status();
}
