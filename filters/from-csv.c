/* from-csv - read tables as records
 *
 * in      CSV (RFC 4180) whose first line names the columns
 * out     a record for each row: its numbers as x, the names of their columns in the
 *         header; every other column a field. In a table that has columns called x:NAME, as
 *         to-csv writes them, those of one field are a vector and other numbers fields
 * memory  one row, and about 50 bytes for each id; a pipe is copied to a file in TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/source.h"
#include "files/sheet.h"

static struct {
    const char *id, *out, *delimiter, *decimal;
    struct opt_list drop, text;
    bool keep_columns;
} arg = { .out = "x" };

static const struct opt opts[] = {
    OPT_STR(0, "id", &arg.id, "COLUMN", "column that is the id (without: id, a nameless first one, a number)"),
    OPT_LIST('d', "drop", &arg.drop, "A,B,...", "leave these columns out"),
    OPT_LIST(0, "text", &arg.text, "A,B,...", "columns that are text though they look like numbers"),
    OPT_FLAG(0, "keep-columns", &arg.keep_columns, "make every column a field of its own, and no vector"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field for the vector"),
    OPT_STR(0, "delimiter", &arg.delimiter, "CHAR", "character between cells, or tab (without: guessed)"),
    OPT_STR(0, "decimal", &arg.decimal, "CHAR", "decimal point of numbers: a point or a comma (without: a point)"),
    EXCLUDES_WHY("keep-columns", "output", "columns that are kept make no vector"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "from-csv", .brief = "read tables as records",
    .in = IO_TEXT, .out = IO_RECORDS, .writes = "x vector, a field for each other column",
    .opts = opts, .also = also,
};

/* A vector: the columns whose numbers it has. */
struct vector {
    char *field;
    size_t *column, d, cap;
    float *x;
};

struct table {
    struct sheet sheet;
    struct vector *vectors;
    size_t n, cap;
};

static struct { size_t rows, line, column; const char *field; } no_number;

/* Why a column that looks like numbers is text. */
static void note_text(const struct sheet *s)
{
    for (size_t i = 0; i < s->columns; i++) {
        const struct column_type *c = s->types + i;
        const char *path = csv_path(s->csv), *name = csv_name(s->csv, i);
        if (!s->field[i] || !c->words || progress_quiet)
            continue;
        if (c->commas && c->numbers + c->commas > 9 * (c->words - c->commas))
            warn("%s: column %s is text: numbers with a decimal comma: %zu; --decimal , reads them", path, name, c->commas);
        else if (c->marked && c->numbers + c->marked > 9 * (c->words - c->marked))
            warn("%s: column %s is text: numbers with other marks than a point, as thousands or per cent: %zu, the first on"
                 " line %zu", path, name, c->marked, c->line);
        else if (c->numbers > 9 * c->words)     /* spoilt, rather than one of words */
            warn("%s: column %s is text: cells that are not numbers: %zu, the first on line %zu", path, name, c->words,
                 c->line);
    }
}

/* ---- vectors ---- */

/* Whether the column is called FIELD:NAME, for the field of n bytes. */
static bool is_of(const char *name, const char *field, size_t n)
{
    return strncmp(name, field, n) == 0 && name[n] == ':' && name[n + 1];
}

/* Put column i into the vector of that field; `fields` has their numbers. */
static void add_column(struct table *t, struct ids *fields, struct text field, size_t i)
{
    size_t k = ids_find(fields, field);
    if (k == SIZE_MAX) {
        ids_add(fields, field, k = t->n);
        mem_grow(&t->vectors, &t->cap, t->n + 1, sizeof *t->vectors);
        t->vectors[t->n++] = (struct vector){ .field = mem_text(field.p, field.n) };
    }
    struct vector *v = t->vectors + k;
    mem_grow(&v->column, &v->cap, v->d + 1, sizeof *v->column);
    v->column[v->d++] = i;
    t->sheet.field[i] = false;
}

/* Which columns of numbers are in which vector. */
static void choose(struct table *t)
{
    struct sheet *s = &t->sheet;
    struct text out = { arg.out, strlen(arg.out) };
    struct ids *fields = ids_new();
    bool named = false;
    for (size_t i = 0; i < s->columns; i++)
        named |= s->field[i] && is_of(csv_name(s->csv, i), out.p, out.n);
    for (size_t i = 0; i < s->columns; i++) {
        const char *name = csv_name(s->csv, i);
        size_t n = strcspn(name, ":");
        bool number = s->types[i].type == CELL_INT || s->types[i].type == CELL_REAL;
        if (!s->field[i])
            continue;
        if (named && s->types[i].type != CELL_TEXT && n && is_of(name, name, n) && strncmp(name, "id:", 3) != 0) {
            add_column(t, fields, (struct text){ name, n }, i);
        } else if (!named && number && !cells_is_index(s->csv, i)) {
            add_column(t, fields, out, i);
        } else if (!named && number && !progress_quiet) {
            warn("%s: column %s counts the rows: it is a field of its own, not in %s", csv_path(s->csv), name, arg.out);
        }
    }
    for (size_t k = 0; k < t->n; k++)
        t->vectors[k].x = mem_new(t->vectors[k].d, sizeof *t->vectors[k].x);
    ids_free(fields);
}

/* Say of the first line what makes it look like another thing than the names of columns. */
static void note_names(const struct sheet *s)
{
    const char *path = csv_path(s->csv), *first = csv_name(s->csv, 0);
    size_t unnamed = 0;
    for (size_t i = 0; i < s->columns && !progress_quiet; i++) {
        const char *name = csv_name(s->csv, i), *from = name + strspn(name, " ");
        bool id = strncasecmp(from, "id", 2) == 0 && !from[2 + strspn(from + 2, " ")];
        unnamed += csv_unnamed(s->csv, i);
        if (id && s->field[i] && s->id == SIZE_MAX)
            warn("%s: rows are numbered, and '%s' is a column like others: --id '%s' makes it the id", path, name, name);
    }
    if (unnamed > 1 && 2 * unnamed >= s->columns && !progress_quiet)
        warn("%s: %zu of %zu columns have no name: is the first line a title?", path, unnamed, s->columns);
    if (strchr("{[<", first[0]) && first[0] && !progress_quiet)
        warn("%s: its first line looks like %s", path, first[0] == '<' ? "a web page" : "JSON, which from-json reads");
}

/* First pass: what the columns are. */
static void look(struct table *t, char **paths)
{
    struct sheet *s = &t->sheet;
    sheet_open(s, paths, &(struct sheet_how){ &arg.delimiter, arg.id, &arg.drop, &arg.text, NULL });
    note_names(s);
    note_text(s);
    if (!arg.keep_columns)
        choose(t);
    for (size_t k = 0; k < t->n; k++) {
        size_t other = csv_find(s->csv, t->vectors[k].field);
        if (other != SIZE_MAX && s->field[other])
            die(ST_STOPPED, "%s: column %s is a field: give -o NAME for the vector", csv_path(s->csv), t->vectors[k].field);
    }
}

/* Without FIELD: in front; those that to-csv counted, for want of names, have none. */
static void name_columns(const struct table *t, const struct vector *v, struct head *h)
{
    const char **names = mem_new(v->d, sizeof *names);
    size_t n = strlen(v->field), counted = 0;
    for (size_t k = 0; k < v->d; k++) {
        char number[24];
        const char *name = csv_name(t->sheet.csv, v->column[k]);
        bool whole = is_of(name, v->field, n);
        names[k] = whole ? name + n + 1 : name;
        snprintf(number, sizeof number, "%zu", k);
        counted += whole && strcmp(names[k], number) == 0;
    }
    if (counted < v->d)
        head_set_columns(h, v->field, names, v->d);
    free(names);
}

/* Set a vector; nil if the row lacks a number. */
static bool set_vector(const struct csv *c, const struct vector *v, struct rec *r)
{
    bool whole = true;
    for (size_t k = 0; k < v->d; k++) {
        struct text cell = csv_cell(c, v->column[k]);
        if (cell_look(cell) == CELL_NONE) {
            if (whole && no_number.rows++ == 0) {
                no_number.line = csv_line(c);
                no_number.column = v->column[k];
                no_number.field = v->field;
            }
            whole = false;
        } else if (!isfinite(v->x[k] = (float)cell_number(cell))) {
            return rec_error(r, "%s is %.*s: no finite 32-bit float", csv_name(c, v->column[k]),
                             cell.n < 60 ? (int)cell.n : 60, cell.p);
        }
    }
    if (whole)
        rec_set_vector(r, v->field, v->x, v->d);
    else
        rec_set_nil(r, v->field);
    return true;
}

static bool set_vectors(const struct table *t, struct rec *r)
{
    for (size_t k = 0; k < t->n; k++)
        if (!set_vector(t->sheet.csv, t->vectors + k, r))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct table t = { .n = 0 };
    struct sheet *sheet = &t.sheet;
    struct source s;
    char **operands = source_parse(&prog, argc, argv);
    source_delimiter(&prog, &arg.delimiter, true);
    if (strcmp(arg.out, "id") == 0)
        opt_misuse(&prog, "-o id: the id is not a vector");
    if (arg.decimal && strcmp(arg.decimal, ".") != 0 && strcmp(arg.decimal, ",") != 0)
        opt_misuse(&prog, "--decimal '%s' is neither a point nor a comma", arg.decimal);
    if (arg.decimal)
        cells_point = arg.decimal[0];
    source_open(&s, &prog, operands);
    look(&t, s.paths);
    for (size_t k = 0; k < t.n; k++)
        name_columns(&t, t.vectors + k, rec_out_head(s.out));
    progress_start(sheet->rows, "rows");
    for (enum csv_got got; (got = sheet_next(sheet)) != CSV_END; source_put(&s, csv_path(sheet->csv), csv_line(sheet->csv))) {
        s.rec->error[0] = '\0';
        if (got == CSV_BAD)
            rec_error(s.rec, "%s", csv_error(sheet->csv));
        else if (sheet_begin(sheet, s.rec, s.count) && set_vectors(&t, s.rec))
            sheet_fields(sheet, s.rec);
    }
    int status = source_finish(&s);
    if (no_number.rows && !progress_quiet)
        warn("%s: rows that lack a number, whose %s is nil: %zu (the first: line %zu, column %s)",
             csv_path(sheet->files[0]), no_number.field, no_number.rows, no_number.line,
             csv_name(sheet->csv, no_number.column));
    if (!sheet->rows && !status && !progress_quiet)
        warn("%s: no rows after the names of the columns", csv_path(sheet->files[0]));
    sheet_close(sheet);
    for (size_t k = 0; k < t.n; k++) {
        free(t.vectors[k].field);
        free(t.vectors[k].column);
        free(t.vectors[k].x);
    }
    free(t.vectors);
    return status;
}
