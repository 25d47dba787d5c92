/* to-csv - write records as a table
 *
 * in      records of scalars, vectors and lists of texts
 * out     text: CSV, a line for each record, a column for each scalar field and for each
 *         element of a vector
 * memory  one record and the columns; the stream is read twice, a pipe copied to TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/pass.h"
#include "files/cells.h"
#include "files/csv_out.h"
#include "files/line.h"
#include "stream/ids.h"

static struct {
    const char *output, *delimiter;
    bool no_header, safe, bom;
} arg = { .delimiter = "," };

static const struct opt opts[] = {
    OPT_STR(0, "delimiter", &arg.delimiter, "CHAR", "character between cells; tab for a tabulator"),
    OPT_FLAG(0, "no-header", &arg.no_header, "leave out the first line, the names"),
    OPT_FLAG(0, "safe", &arg.safe, "put ' before text that a spreadsheet would run: = + - @, a tab or CR in front"),
    OPT_FLAG(0, "bom", &arg.bom, "begin with a byte order mark, by which spreadsheets know UTF-8"),
    OPT_OUTPUT(0, "output", &arg.output, "write to FILE, which appears when it is whole"),
    OPT_END
};
static const struct opt *const also[] = { rec_in_opts, NULL };
static const struct prog prog = {
    .name = "to-csv", .brief = "write records as a table",
    .in = IO_RECORDS, .out = IO_TEXT, .reads = "x vector, label label, n number",
    .writes = "a line for each record", .opts = opts, .also = also,
};

/* A field and the columns that it takes. */
struct part {
    char *field;
    size_t len;
    bool known;             /* whether any record had it other than nil: */
    bool vector;
    bool numbers, words;    /* of its values some are numbers or read as such; some do not */
    size_t d;               /* columns: 1 unless it is a vector */
    struct value now;       /* of the record that is being written, of that number */
    const uint8_t *raw;
    size_t size;
    size_t record;
};

static struct part *parts;
static size_t n_parts, cap_parts;
static struct ids *part_numbers;        /* of the fields */
static struct csv_how how;
static size_t lost;            /* bytes that no table holds */
static struct str list;        /* of texts, as a cell */

/* ---- first pass: the columns ---- */

noreturn static void refuse(const struct rec *r, const struct field *f, const char *what)
{
    die(ST_STOPPED, "%s: %s %s", REC_ID(r), SHORT(f->name, f->len), what);
}

/* Whether a value fills one cell, a row of *d cells (then true), or has no place in a table. */
static bool vector_of(const struct rec *r, const struct field *f, const struct value *v, size_t *d)
{
    *d = 1;
    if (v->type == V_TENSOR && v->t.ndim == 1)
        *d = v->t.shape[0];
    else if (v->type == V_SPARSE)
        *d = v->sp.d;
    else if (v->type == V_TENSOR && v->t.ndim > 1)
        refuse(r, f, "is a matrix, which is not a row of a table: use to-json or to-npy, or drop it with sp-fields");
    else if (v->type == V_OTHER && f->raw[f->key] != MSG_U64 && !csv_list(&list, f->raw + f->key, f->size - f->key, NULL))
        refuse(r, f, "is a map or a list not of texts, which is not a cell of a table: use to-json, or drop it with sp-fields");
    else if (v->type == V_BIN && memchr(v->s.p, '\0', v->s.n))
        refuse(r, f, "is binary: use to-json, or drop it with sp-fields");
    if (*d > 1 << 20)
        refuse(r, f, "has over a million elements, too many columns: drop it with sp-fields");
    return v->type == V_SPARSE || (v->type == V_TENSOR && v->t.ndim == 1);
}

/* The field's part; `hint` is where it was in the last record. */
static struct part *part_of(const struct field *f, size_t hint)
{
    struct text name = { f->name, f->len };
    if (hint < n_parts && parts[hint].len == f->len && memcmp(parts[hint].field, f->name, f->len) == 0)
        return parts + hint;
    size_t k = ids_find(part_numbers, name);
    if (k == SIZE_MAX) {
        ids_add(part_numbers, name, k = n_parts);
        mem_grow(&parts, &cap_parts, n_parts + 1, sizeof *parts);
        parts[n_parts++] = (struct part){ .field = mem_text(f->name, f->len), .len = f->len, .d = 1 };
    }
    return parts + k;
}

/* Whether from-csv will take a value for a number, or for a word. */
static void note_kind(struct part *p, const struct value *v, const uint8_t *raw, size_t size)
{
    enum cell_type type = v->type == V_BIN || v->type == V_BOOL ? CELL_TEXT : CELL_REAL;
    if (v->type == V_STR)
        type = cell_look(v->s);
    else if (v->type == V_OTHER && csv_list(&list, raw, size, NULL))
        type = cell_look((struct text){ list.p, list.n });
    p->numbers |= type == CELL_INT || type == CELL_REAL;
    p->words |= type == CELL_TEXT;
}

static bool look(struct rec *r, const struct value *unused, void *state)
{
    (void)unused;
    (void)state;
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->fields + i;
        struct value v = field_value(f);
        size_t d;
        struct part *p = part_of(f, i);
        if (v.type == V_NIL)
            continue;
        bool vector = vector_of(r, f, &v, &d);
        char why[128];
        if (p->known && (vector != p->vector || d != p->d)) {
            snprintf(why, sizeof why, "%s%zu element%s where earlier records have %s%zu: no column of a table",
                     vector ? "is a vector of " : "is not a vector but ", d, d == 1 ? "" : "s",
                     p->vector ? "a vector of " : "no vector but ", p->d);
            refuse(r, f, why);
        }
        p->known = true;
        p->vector = vector;
        p->d = d;
        if (!vector)
            note_kind(p, &v, f->raw + f->key, f->size - f->key);
    }
    return true;
}

/* ---- second pass: the lines ---- */

/* The cells of a record; a field that is nil or missing leaves its own empty. */
static bool put_record(struct rec *r, const struct value *unused, void *state)
{
    struct line_out *out = state;
    struct str *to = &out->text;
    bool first = true;
    static size_t number;               /* of the record, from 1 */
    (void)unused;
    number++;
    for (size_t i = 0; i < r->n; i++) {
        struct part *p = part_of(r->fields + i, i);
        if (p->record == number)        /* twice in the record: the first counts */
            continue;
        p->now = field_value(r->fields + i);
        p->raw = r->fields[i].raw + r->fields[i].key;
        p->size = r->fields[i].size - r->fields[i].key;
        p->record = number;
    }
    for (size_t i = 0; i < n_parts; i++) {
        const struct part *p = parts + i;
        struct value nil = { .type = V_NIL };
        if (p->d == 0)
            continue;
        if (!first)
            str_char(to, how.delimiter);
        lost += csv_put_value(to, p->record == number ? &p->now : &nil, p->raw, p->size, p->d, how);
        first = false;
    }
    line_end(out);
    return true;
}

/* ---- the first line ---- */

/* Whether from-csv could not tell which numbers are a vector's: there are others, or several vectors. */
static bool are_mixed(void)
{
    size_t vectors = 0, numbers = 0;
    for (size_t i = 1; i < n_parts; i++) {      /* behind the id */
        vectors += parts[i].vector && parts[i].d;
        numbers += parts[i].numbers && !parts[i].words;
    }
    return vectors && vectors + numbers > 1;
}

/* Set `to` to the name of a part's column i: as the header has it, or a number behind the field's name;
 * with `mark` that and the name in front of it. */
static void name_column(struct str *to, const struct head *h, const struct part *p, size_t i, char mark)
{
    const struct columns *c = memchr(p->field, '\0', p->len) ? NULL : head_columns(h, p->field);
    const char *name = c && p->vector && c->n == p->d ? c->names[i] : NULL;
    to->n = 0;
    if (!p->vector || !name || mark)
        str_put(to, p->field, p->len);
    if (p->vector && mark && (name || mark == ':'))
        str_char(to, mark);
    if (p->vector && name)
        str_text(to, name);
    else if (p->vector)
        str_printf(to, "%zu", i);
}

/* All names. In a table of other numbers, too, a vector's columns are called FIELD:NAME; else those that
 * another column has, too, FIELD.NAME. */
static void put_names(struct str *to, const struct head *h)
{
    struct ids *seen = ids_new();
    struct str name = { NULL, 0, 0 };
    bool mixed = are_mixed(), first = true;
    for (size_t i = 0; i < n_parts; i++)
        if (!parts[i].vector)
            ids_add(seen, (struct text){ parts[i].field, parts[i].len }, i);
    for (size_t i = 0; i < n_parts; i++) {
        const struct part *p = parts + i;
        for (size_t k = 0; k < p->d; k++) {
            name_column(&name, h, p, k, mixed ? ':' : '\0');
            if (p->vector && !ids_add(seen, (struct text){ name.p, name.n }, i)) {
                name_column(&name, h, p, k, mixed ? ':' : '.');
                if (mixed || !ids_add(seen, (struct text){ name.p, name.n }, i))
                    die(ST_STOPPED, "two columns would be called %.*s: rename a field with sp-fields", (int)name.n, name.p);
            }
            if (!first)
                str_char(to, how.delimiter);
            lost += csv_put_text(to, name.p, name.n, how);
            first = false;
        }
    }
    str_free(&name);
    ids_free(seen);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (!csv_delimiter(arg.delimiter, &how.delimiter))
        opt_misuse(&prog, "--delimiter '%s' is not a single character", arg.delimiter);
    struct rec_in *in = rec_open(&prog, operands, true);
    how.safe = arg.safe;
    part_numbers = ids_new();
    part_of(&(struct field){ .name = "id", .len = 2 }, 0);
    size_t records = pass_each(in, &(struct pass){ .what = "records" }, look, NULL);
    rec_rewind(in);
    struct line_out *out = line_create(arg.output);
    str_text(&out->text, arg.bom ? "\xef\xbb\xbf" : "");
    if (!arg.no_header) {
        put_names(&out->text, rec_head(in));
        line_end(out);
    }
    pass_each(in, &(struct pass){ .what = "records", .total = records, .any_ids = true }, put_record, out);
    line_finish(out);
    rec_close(in);
    for (size_t i = 0; i < n_parts; i++)
        free(parts[i].field);
    free(parts);
    ids_free(part_numbers);
    str_free(&list);
    if (lost)
        warn("bytes that are NUL or not UTF-8, written as U+FFFD: %zu", lost);
    return item_status();
}
