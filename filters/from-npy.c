/* from-npy - read the rows of a NumPy array as records
 *
 * in      one .npy file of numbers, n x d or n x T x d; with --labels a table of n rows
 * out     n records: x = f32[d] or f32[T][d], and the columns of the table
 * memory  one row, and about 50 bytes for each id; an array in Fortran order is held whole
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/source.h"
#include "files/npy_in.h"
#include "files/sheet.h"

static struct {
    const char *id, *out, *delimiter;
    struct opt_input labels;
    struct opt_list text;
} arg = { .out = "x" };

static const struct opt opts[] = {
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_INPUT('l', "labels", &arg.labels, "table (CSV) with a row for each row of the array"),
    OPT_STR(0, "id", &arg.id, "COLUMN", "its column with the id (without: id, or a first column without a name)"),
    OPT_LIST(0, "text", &arg.text, "A,B,...", "its columns to read as text even if they look like numbers"),
    OPT_STR(0, "delimiter", &arg.delimiter, "CHAR", "character between its cells, or tab (without: guessed)"),
    NEEDS_WHY("id", "labels", "it is a column of that table"),
    NEEDS_WHY("text", "labels", "it names columns of that table"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "from-npy", .brief = "read the rows of a NumPy array as records",
    .in = IO_FILES, .out = IO_RECORDS, .writes = "x vector, a field for each column of --labels",
    .operands = "[FILE]", .opts = opts, .also = also,
};

static struct npy_in array;
static struct sheet table;      /* csv is NULL without --labels */

/* Set the field from the next row; x[width] is scratch. */
static bool set(struct rec *r, float *x)
{
    const struct npy *a = &array.a;
    const uint8_t *p = npy_row(&array);
    if (a->ndim == 1) {
        int64_t v;
        if (a->kind == 'b')
            rec_set_bool(r, arg.out, *p != 0);
        else if (a->kind != 'f' && npy_whole(a, p, &v))
            rec_set_int(r, arg.out, v);
        else
            rec_set_f64(r, arg.out, npy_number(a, p));
        return true;
    }
    for (size_t i = 0; i < array.width; i++) {
        double v = npy_number(a, p + i * a->size);
        x[i] = (float)v;
        if (isinf(x[i]) && !isinf(v))
            return rec_error(r, "%g in column %zu does not fit a 32-bit float", v, i);
    }
    rec_set_tensor(r, arg.out, T_F4, a->ndim - 1, a->shape + 1, x);
    return true;
}

static void open_table(void)
{
    char *paths[] = { (char *)(uintptr_t)arg.labels.path, NULL };
    if (!arg.labels.path)
        return;
    sheet_open(&table, paths, &(struct sheet_how){ &arg.delimiter, arg.id, NULL, &arg.text, &arg.labels.xxh3 });
    size_t other = csv_find(table.csv, arg.out);
    if (other != SIZE_MAX && other != table.id)
        die(ST_STOPPED, "%s has a column %s: give -o NAME for the array's field", csv_path(table.csv), arg.out);
    if (table.rows != array.rows)
        die(ST_STOPPED, "%s has %zu row%s, but %s has %zu", csv_path(table.csv), table.rows, table.rows == 1 ? "" : "s",
            array.name, array.rows);
}

/* Begin r with the row's number, or its id in the table. */
static bool begin(struct rec *r, size_t row)
{
    char digits[24];
    rec_begin(r, digits, (size_t)snprintf(digits, sizeof digits, "%zu", row));
    if (!table.csv || sheet_begin(&table, r, row))
        return true;
    item_place(r, csv_path(table.csv), csv_line(table.csv));
    return false;
}

static void put_row(struct source *s, size_t row, float *x)
{
    struct rec *r = s->rec;
    const char *path = table.csv ? csv_path(table.csv) : array.name;
    if (table.csv && sheet_next(&table) != CSV_ROW)
        die(ST_STOPPED, "%s:%zu: %s", csv_path(table.csv), csv_line(table.csv), csv_error(table.csv));
    size_t line = table.csv ? csv_line(table.csv) : row;
    bool good = begin(r, row);
    good = set(r, x) && good && (!table.csv || sheet_fields(&table, r));
    if (!good) {                /* it has its id, and keeps it */
        rec_set_nil(r, arg.out);
        source_unique(s, path, line);
        source_bad(s);
        return;
    }
    source_put(s, path, line);
}

int main(int argc, char **argv)
{
    struct source s;
    char **operands = source_parse(&prog, argc, argv);
    source_delimiter(&prog, &arg.delimiter, arg.labels.path);
    if (operands[0] && operands[1])
        opt_misuse(&prog, "only one array at a time: join the streams with cat");
    if (strcmp(arg.out, "id") == 0)
        opt_misuse(&prog, "-o id: the id is not an array");
    if (arg.labels.path && strcmp(arg.labels.path, "-") == 0 && (!operands[0] || strcmp(operands[0], "-") == 0))
        opt_misuse(&prog, "array and labels cannot both come from stdin");
    source_open(&s, &prog, operands);
    npy_open(&array, s.paths[0]);
    open_table();
    float *x = mem_new(array.width, sizeof *x);
    progress_start(array.rows, "rows");
    for (size_t row = 0; row < array.rows; row++)
        put_row(&s, row, x);
    if (table.csv && sheet_next(&table) != CSV_END)         /* its end is where a change is seen */
        io_changed(csv_path(table.csv));
    npy_close(&array);
    int status = source_finish(&s);
    if (table.csv)
        sheet_close(&table);
    free(x);
    return status;
}
