/* to-csv - write records as a table
 *
 * in      records of scalars and vectors
 * out     text: CSV, a line for each record, a column for each scalar field and for each
 *         element of a vector
 * memory  one record and the columns; the stream is read twice, a pipe copied to TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/progress.h"
#include "base/utf8.h"
#include "drive/item.h"
#include "files/csv.h"
#include "files/line.h"
#include "stream/ids.h"

static struct {
    const char *output, *delimiter;
    bool no_header;
} arg = { .delimiter = "," };

static const struct opt opts[] = {
    OPT_STR(0, "delimiter", &arg.delimiter, "CHAR", "character between cells; tab for a tabulator"),
    OPT_FLAG(0, "no-header", &arg.no_header, "leave out the first line, the names"),
    OPT_NOTE(0, "output", &arg.output, "FILE", "write to FILE, which appears when it is whole"),
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
static struct line_out *out;
static char delimiter;
static size_t not_utf8;

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
        refuse(r, f, "is a matrix, which is no row of a table: use to-json or to-npy, or drop it with sp-fields");
    else if (v->type == V_OTHER && f->raw[f->key] != 0xcf)
        refuse(r, f, "is a list or a map, which is no cell of a table: use to-json, or drop it with sp-fields");
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

static void look(const struct rec *r)
{
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
                     vector ? "is a vector of " : "is no vector but ", d, d == 1 ? "" : "s",
                     p->vector ? "a vector of " : "no vector but ", p->d);
            refuse(r, f, why);
        }
        p->known = true;
        p->vector = vector;
        p->d = d;
    }
}

/* ---- cells ---- */

static void put_text(const char *p, size_t n)
{
    bool quotes = n == 0;
    for (size_t i = 0; i < n && !quotes; i++)
        quotes = p[i] == delimiter || p[i] == '"' || p[i] == '\n' || p[i] == '\r';
    if (quotes)
        line_char(out, '"');
    while (n) {
        size_t size = utf8_size(p, n);
        line_put(out, size ? p : "\xef\xbf\xbd", size ? size : 3);
        not_utf8 += size == 0;
        if (*p == '"')
            line_char(out, '"');
        p += size ? size : 1;
        n -= size ? size : 1;
    }
    if (quotes)
        line_char(out, '"');
}

static void put_number(double x, bool single)
{
    if (isfinite(x))
        line_took(out, (single ? number_f32(line_room(out, NUMBER_MOST), (float)x)
                               : number_f64(line_room(out, NUMBER_MOST), x)));
    else
        line_text(out, isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
}

static void put_element(const struct tensor *t, size_t i)
{
    double x;
    tensor_f64(&(struct tensor){ .type = t->type, .count = 1, .data = t->data + i * dtype_size(t->type) }, &x);
    put_number(x, t->type == T_F4 || t->type == T_F2);
}

static void put_sparse(const struct sparse *s)
{
    for (size_t i = 0, k = 0; i < s->d; i++) {
        uint32_t at = UINT32_MAX;
        float x = 0;
        if (i)
            line_char(out, delimiter);
        if (k < s->nnz)
            memcpy(&at, s->index + 4 * k, 4);
        if (at == i)
            memcpy(&x, s->value + 4 * k++, 4);
        put_number((double)x, true);
    }
}

/* The cells of a part; a field that is nil or missing leaves them empty. */
static void put_part(const struct part *p, const struct field *f)
{
    struct value v = f ? field_value(f) : (struct value){ .type = V_NIL };
    char *room = line_room(out, NUMBER_MOST);
    switch (v.type) {
    case V_NIL:
        for (size_t i = 1; i < p->d; i++)
            line_char(out, delimiter);
        break;
    case V_BOOL: line_text(out, v.b ? "true" : "false"); break;
    case V_INT: line_took(out, (size_t)snprintf(room, NUMBER_MOST, "%" PRId64, v.i)); break;
    case V_FLOAT: put_number(v.f, false); break;
    case V_STR: put_text(v.s.p, v.s.n); break;
    case V_BIN: put_text(v.s.p, v.s.n); break;
    case V_SPARSE: put_sparse(&v.sp); break;
    case V_TENSOR:
        for (size_t i = 0; i < v.t.count; i++) {
            if (i)
                line_char(out, delimiter);
            put_element(&v.t, i);
        }
        break;
    case V_OTHER: {             /* a whole number above INT64_MAX */
        uint64_t u = 0;
        for (int i = 1; i <= 8; i++)
            u = u << 8 | f->raw[f->key + (size_t)i];
        line_took(out, (size_t)snprintf(room, NUMBER_MOST, "%" PRIu64, u));
        break;
    }
    }
}

static void put_record(const struct rec *r)
{
    bool first = true;
    for (size_t i = 0; i < n_parts; i++) {
        const struct part *p = parts + i;
        const struct field *f = i < r->n ? r->fields + i : NULL;
        if (!f || f->len != p->len || memcmp(f->name, p->field, p->len) != 0)
            f = rec_find(r, p->field);
        if (p->d == 0)
            continue;
        if (!first)
            line_char(out, delimiter);
        put_part(p, f);
        first = false;
    }
    line_end(out);
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
static void put_names(const struct head *h)
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
                line_char(out, delimiter);
            put_text(name, strlen(name));
            free(name);
            first = false;
        }
    }
    line_end(out);
    ids_free(seen);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (!csv_delimiter(arg.delimiter, &delimiter))
        opt_misuse(&prog, "--delimiter '%s' is no single character", arg.delimiter);
    struct rec_in *in = rec_open(&prog, operands, true);
    struct rec *r = rec_new();
    size_t records = 0, done = 0;
    progress_start(0, "records");
    part_of(&(struct field){ .name = "id", .len = 2 }, 0);
    for (; rec_next(in, r); progress_at(++records, NULL))
        look(r);
    rec_rewind(in);
    out = line_create(arg.output);
    if (!arg.no_header)
        put_names(rec_head(in));
    progress_start(records, "records");
    for (; rec_next(in, r); progress_at(++done, NULL))
        put_record(r);
    line_finish(out);
    rec_free(r);
    rec_close(in);
    for (size_t i = 0; i < n_parts; i++)
        free(parts[i].field);
    free(parts);
    if (not_utf8)
        warn("bytes that are not UTF-8, written as U+FFFD: %zu", not_utf8);
    return item_status();
}
