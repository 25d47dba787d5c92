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
#include "files/npy.h"
#include "files/sheet.h"

static struct {
    const char *id, *out, *delimiter;
    struct opt_input labels;
    struct opt_list text;
} arg = { .out = "x", .delimiter = "," };

static const struct opt opts[] = {
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_INPUT('l', "labels", &arg.labels, "table (CSV) with a row for each row of the array"),
    OPT_STR(0, "id", &arg.id, "COLUMN", "its column that is the id (without: id, or a nameless first one)"),
    OPT_LIST(0, "text", &arg.text, "A,B,...", "its columns that are text though they look like numbers"),
    OPT_STR(0, "delimiter", &arg.delimiter, "CHAR", "character between its cells; tab for a tabulator"),
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

static struct {
    struct io_in *in;
    const char *name;
    struct npy a;
    size_t rows, width;         /* elements in a row */
    uint8_t *all;               /* the whole array, if it is in Fortran order */
    uint8_t *row;
} array;

static struct sheet table;      /* csv is NULL without --labels */

/* ---- the array ---- */

noreturn static void cut(size_t row)
{
    die(ST_STREAM, "%s: cut short in row %zu of %zu", array.name, row, array.rows);
}

static void check_end(void)
{
    uint8_t more;
    if (io_get_all(array.in, &more, 1))
        die(ST_STREAM, "%s: goes on behind its last row, which is row %zu", array.name, array.rows);
}

/* All the bytes, growing as they come, whatever the shape claims. */
static void get_all(void)
{
    size_t want = array.a.count * array.a.size, have = 0, cap = 0;
    while (have < want) {
        size_t piece = want - have < 1 << 20 ? want - have : 1 << 20;
        mem_grow(&array.all, &cap, have + piece, 1);
        size_t got = io_get_all(array.in, array.all + have, piece);
        have += got;
        if (got < piece)
            die(ST_STREAM, "%s: cut short: %zu of %zu bytes are there", array.name, have, want);
    }
    check_end();
}

static void open_array(const char *path)
{
    uint8_t start[NPY_START];
    size_t at, n;
    array.in = io_open(path, 0);
    array.name = io_name(array.in);
    size_t got = io_get_all(array.in, start, sizeof start);
    if (got < sizeof start)
        die(ST_STREAM, "%s: %s", array.name, got ? "cut short in its header" : "empty");
    const char *why = npy_start(start, &at, &n);
    if (why)
        die(ST_STREAM, "%s: %s", array.name, why);
    char *text = mem_new(n + sizeof start, 1);
    memcpy(text, start + at, sizeof start - at);
    size_t more = n + at - sizeof start;        /* of the dictionary */
    if (n + at < sizeof start || io_get_all(array.in, text + sizeof start - at, more) < more)
        die(ST_STREAM, "%s: cut short in its header", array.name);
    if ((why = npy_parse(text, n, &array.a)))
        die(ST_STREAM, "%s: %s", array.name, why);
    free(text);
    if (array.a.ndim == 0)
        die(ST_STREAM, "%s: a single number, no array of rows", array.name);
    array.rows = array.a.shape[0];
    array.width = 1;
    for (int i = 1; i < array.a.ndim; i++)
        array.width *= array.a.shape[i];
    if (array.width * 4 > frame_max)
        die(ST_MEMORY, "%s: a row of %zu numbers is larger than --max-record (%zu)", array.name, array.width,
            frame_max);
    if (array.a.fortran && array.a.ndim > 1)
        get_all();
    else
        array.row = mem_new(array.width, array.a.size);
}

/* Where element i of a row in C order is in one in Fortran order: its index there. */
static size_t fortran_index(size_t row, size_t i)
{
    size_t index = 0;
    for (int k = array.a.ndim - 1; k > 0; k--) {
        size_t left = 1;
        for (int j = 0; j < k; j++)
            left *= array.a.shape[j];
        index += i % array.a.shape[k] * left;
        i /= array.a.shape[k];
    }
    return index + row;
}

/* Set the field from row `row`, the next one. */
static bool set(struct rec *r, size_t row, float *x)
{
    const struct npy *a = &array.a;
    if (!array.all && io_get_all(array.in, array.row, array.width * a->size) < array.width * a->size)
        cut(row);
    if (a->ndim == 1) {
        int64_t v;
        const uint8_t *p = array.row;
        if (a->kind == 'b')
            rec_set_bool(r, arg.out, *p != 0);
        else if (a->kind != 'f' && npy_whole(a, p, &v))
            rec_set_int(r, arg.out, v);
        else
            rec_set_f64(r, arg.out, npy_number(a, p));
        return true;
    }
    for (size_t i = 0; i < array.width; i++) {
        double v = npy_number(a, array.all ? array.all + fortran_index(row, i) * a->size : array.row + i * a->size);
        x[i] = (float)v;
        if (isinf(x[i]) && !isinf(v))
            return rec_error(r, "%g in column %zu is beyond 32-bit floats", v, i);
    }
    rec_set_tensor(r, arg.out, T_F4, a->ndim - 1, a->shape + 1, x);
    return true;
}

/* ---- the table ---- */

static void open_table(char delimiter)
{
    char *paths[] = { (char *)(uintptr_t)arg.labels.path, NULL };
    if (!arg.labels.path)
        return;
    sheet_open(&table, paths, &(struct sheet_how){ delimiter, arg.id, NULL, &arg.text, &arg.labels.xxh3 });
    size_t other = csv_find(table.csv, arg.out);
    if (other != SIZE_MAX && other != table.id)
        die(ST_STOPPED, "%s: has a column %s: give -o NAME for the array's field", csv_path(table.csv), arg.out);
    if (table.rows != array.rows)
        die(ST_STOPPED, "%s has %zu row%s, but %s has %zu", csv_path(table.csv), table.rows, table.rows == 1 ? "" : "s",
            array.name, array.rows);
}

/* ---- rows ---- */

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
    if (table.csv && sheet_next(&table) != CSV_ROW)
        die(ST_STOPPED, "%s:%zu: %s", csv_path(table.csv), csv_line(table.csv), csv_error(table.csv));
    bool good = begin(r, row);
    good = set(r, row, x) && good && (!table.csv || sheet_fields(&table, r));
    if (!good) {                /* it has its id, and keeps it */
        if (!item_bad(r))
            return;
        rec_set_nil(r, arg.out);
        r->error[0] = '\0';
    }
    source_put(s, table.csv ? csv_path(table.csv) : array.name, table.csv ? csv_line(table.csv) : row);
}

int main(int argc, char **argv)
{
    struct source s;
    char **operands = source_parse(&prog, argc, argv);
    char delimiter = source_delimiter(&prog, arg.delimiter);
    if (operands[0] && operands[1])
        opt_misuse(&prog, "one array at a time: then cat the streams");
    if (strcmp(arg.out, "id") == 0)
        opt_misuse(&prog, "-o id: the id is no array");
    if (arg.labels.path && strcmp(arg.labels.path, "-") == 0 && (!operands[0] || strcmp(operands[0], "-") == 0))
        opt_misuse(&prog, "array and labels cannot both come from stdin");
    source_open(&s, &prog, operands);
    open_array(s.paths[0]);
    open_table(delimiter);
    float *x = mem_new(array.width, sizeof *x);
    progress_start(array.rows, "rows");
    for (size_t row = 0; row < array.rows; row++)
        put_row(&s, row, x);
    if (!array.all)
        check_end();
    int status = source_finish(&s);
    if (table.csv)
        sheet_close(&table);
    free(x);
    free(array.all);
    free(array.row);
    io_close(array.in);
    return status;
}
