/* to-csv - write records as a table
 *
 * in      records of scalars and vectors
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
#include "files/csv.h"
#include "files/csv_out.h"
#include "files/line.h"
#include "stream/ids.h"

static struct {
    const char *output, *delimiter;
    bool no_header;
} arg = { .delimiter = "," };

static const struct opt opts[] = {
    OPT_STR(0, "delimiter", &arg.delimiter, "CHAR", "character between cells; tab for a tabulator"),
    OPT_FLAG(0, "no-header", &arg.no_header, "leave out the first line, the names"),
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
    size_t d;               /* columns: 1 unless it is a vector */
};

static struct part *parts;
static size_t n_parts, cap_parts;
static char delimiter;
static size_t lost;            /* bytes that no table holds */

/* ---- first pass: the columns ---- */

noreturn static void refuse(const struct rec *r, const struct field *f, const char *what)
{
    die(ST_STOPPED, "%.*s: %.*s %s", (int)rec_id(r).n, rec_id(r).p, (int)f->len, f->name, what);
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
    else if (v->type == V_OTHER && f->raw[f->key] != MSG_U64)
        refuse(r, f, "is a list or a map, which is not a cell of a table: use to-json, or drop it with sp-fields");
    else if (v->type == V_BIN && memchr(v->s.p, '\0', v->s.n))
        refuse(r, f, "is binary: use to-json, or drop it with sp-fields");
    if (*d > 1 << 20)
        refuse(r, f, "has over a million elements, too many columns: drop it with sp-fields");
    return v->type == V_SPARSE || (v->type == V_TENSOR && v->t.ndim == 1);
}

/* The field's part; `hint` is where it was in the last record. */
static struct part *part_of(const struct field *f, size_t hint)
{
    for (size_t k = 0; k < n_parts; k++) {
        struct part *p = parts + (hint + k) % n_parts;
        if (p->len == f->len && memcmp(p->field, f->name, f->len) == 0)
            return p;
    }
    mem_grow(&parts, &cap_parts, n_parts + 1, sizeof *parts);
    parts[n_parts] = (struct part){ .field = mem_text(f->name, f->len), .len = f->len, .d = 1 };
    return parts + n_parts++;
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
    (void)unused;
    for (size_t i = 0; i < n_parts; i++) {
        const struct part *p = parts + i;
        const struct field *f = i < r->n ? r->fields + i : NULL;
        if (!f || f->len != p->len || memcmp(f->name, p->field, p->len) != 0)
            f = rec_find(r, p->field);
        if (p->d == 0)
            continue;
        if (!first)
            str_char(to, delimiter);
        struct value v = f ? field_value(f) : (struct value){ .type = V_NIL };
        lost += csv_put_value(to, &v, f ? f->raw + f->key : NULL, p->d, delimiter);
        first = false;
    }
    line_end(out);
    return true;
}

/* ---- the first line ---- */

/* Name of a part's column i; with `whole` the field's name and a point in front. */
static char *column_name(const struct head *h, const struct part *p, size_t i, bool whole)
{
    const struct columns *c = head_columns(h, p->field);
    const char *name = c && p->vector && c->n == p->d ? c->names[i] : NULL;
    size_t n = p->len + (name ? strlen(name) : 0) + 32;
    char *text = mem_new(n, 1);
    if (!p->vector)
        snprintf(text, n, "%s", p->field);
    else if (!name)
        snprintf(text, n, "%s%zu", p->field, i);
    else
        snprintf(text, n, "%s%s%s", whole ? p->field : "", whole ? "." : "", name);
    return text;
}

/* All names; those of a vector's columns that another column has, too, get the field's in
 * front. */
static void put_names(struct str *to, const struct head *h)
{
    struct ids *seen = ids_new();
    for (size_t i = 0; i < n_parts; i++)
        if (!parts[i].vector)
            ids_add(seen, (struct text){ parts[i].field, parts[i].len }, i);
    bool first = true;
    for (size_t i = 0; i < n_parts; i++) {
        const struct part *p = parts + i;
        for (size_t k = 0; k < p->d; k++) {
            char *name = column_name(h, p, k, false);
            if (p->vector && !ids_add(seen, (struct text){ name, strlen(name) }, i)) {
                free(name);
                name = column_name(h, p, k, true);
                if (!ids_add(seen, (struct text){ name, strlen(name) }, i))
                    die(ST_STOPPED, "two columns would be called %s: rename a field with sp-fields", name);
            }
            if (!first)
                str_char(to, delimiter);
            lost += csv_put_text(to, name, strlen(name), delimiter);
            free(name);
            first = false;
        }
    }
    ids_free(seen);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (!csv_delimiter(arg.delimiter, &delimiter))
        opt_misuse(&prog, "--delimiter '%s' is not a single character", arg.delimiter);
    struct rec_in *in = rec_open(&prog, operands, true);
    part_of(&(struct field){ .name = "id", .len = 2 }, 0);
    size_t records = pass_each(in, &(struct pass){ .what = "records" }, look, NULL);
    rec_rewind(in);
    struct line_out *out = line_create(arg.output);
    if (!arg.no_header) {
        put_names(&out->text, rec_head(in));
        line_end(out);
    }
    pass_each(in, &(struct pass){ .what = "records", .total = records }, put_record, out);
    line_finish(out);
    rec_close(in);
    for (size_t i = 0; i < n_parts; i++)
        free(parts[i].field);
    free(parts);
    if (lost)
        warn("bytes that are NUL or not UTF-8, written as U+FFFD: %zu", lost);
    return item_status();
}
