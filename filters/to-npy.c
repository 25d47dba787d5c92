/* to-npy - write one field of all records as a NumPy array
 *
 * in      records whose field has one shape: a vector, a matrix, or a single number
 * out     a .npy file: n x d, n x T x d or n, in C order
 * memory  one record; the stream is read twice, a pipe copied to TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/pass.h"
#include "files/line.h"
#include "files/npy.h"

static struct {
    const char *in, *ids, *output;
    bool f64;
} arg = { .in = "x" };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "field to write"),
    OPT_FLAG(0, "f64", &arg.f64, "write 64-bit floats, whatever the field holds"),
    OPT_OUTPUT(0, "ids", &arg.ids, "write the ids to FILE, one per line"),
    OPT_OUTPUT(0, "output", &arg.output, "write to FILE, which appears only when complete"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, NULL };
static const struct prog prog = {
    .name = "to-npy", .brief = "write one field of all records as a NumPy array",
    .in = IO_RECORDS, .out = IO_FILES, .reads = "x vector", .writes = "an array", .opts = opts, .also = also,
};

/* ---- first pass: how large it is ---- */

/* Shape, and NumPy's type of the elements: of a row, and of the array behind the records. */
struct form {
    int ndim;
    size_t shape[TENSOR_DIMS], count;
    char kind;
    size_t size;
};
static struct form array;
static bool known;              /* a record had the field */

static bool form_of(const struct value *v, struct form *f)
{
    static const struct { char kind; size_t size; } types[] = {
        [T_F4] = { 'f', 4 }, [T_F2] = { 'f', 4 }, [T_F8] = { 'f', 8 }, [T_I4] = { 'i', 4 }, [T_U4] = { 'u', 4 } };
    *f = (struct form){ .count = 1, .kind = 'f', .size = 8 };
    if (v->type == V_TENSOR) {
        *f = (struct form){ v->t.ndim, { 0 }, v->t.count, types[v->t.type].kind, types[v->t.type].size };
        memcpy(f->shape, v->t.shape, (size_t)f->ndim * sizeof *f->shape);
    } else if (v->type == V_SPARSE) {
        *f = (struct form){ 1, { v->sp.d }, v->sp.d, 'f', 4 };
    } else if (v->type == V_BOOL) {
        f->kind = 'b';
        f->size = 1;
    } else if (v->type == V_INT) {
        f->kind = 'i';
    }
    return v->type == V_TENSOR || v->type == V_SPARSE || v->type == V_BOOL || v->type == V_INT || v->type == V_FLOAT;
}

/* Widen the array's type so that it holds another's numbers, too. */
static void widen(char kind, size_t size)
{
    if (array.kind != kind || array.size != size) {
        array.kind = 'f';
        array.size = 8;
    }
}

/* Whether the field is what the array has in every row; the first one that is there decides. */
static bool look(struct rec *r, const struct value *v)
{
    struct form f;
    if (!form_of(v, &f))
        return rec_error(r, "%s is neither an array nor a number", arg.in);
    if (!known)
        array = f;
    known = true;
    if (f.ndim != array.ndim || memcmp(f.shape, array.shape, sizeof f.shape) != 0) {
        struct str here = { NULL, 0, 0 }, before = { NULL, 0, 0 };
        str_shape(&here, f.ndim, f.shape, " x ");
        str_shape(&before, array.ndim, array.shape, " x ");
        rec_error(r, "%s is %s where earlier records have %s: an array has one shape", arg.in,
                  f.ndim ? here.p : "a number", array.ndim ? before.p : "a number");
        str_free(&here);
        str_free(&before);
        return false;
    }
    widen(f.kind, f.size);
    return true;
}

static size_t records, rows, nils;
static char *first_nil;

static bool count_row(struct rec *r, const struct value *unused, void *state)
{
    struct value v;
    (void)unused;
    (void)state;
    bool good = rec_need(r, arg.in, &v) && look(r, &v);
    rows += good || item_on_error == ON_ERROR_EMIT;
    if (r->nil && nils++ == 0)
        first_nil = mem_text(rec_id(r).p, rec_id(r).n);
    records++;
    return good;
}

/* ---- second pass: the numbers ---- */

static struct line_out *out, *ids;      /* ids is NULL without --ids */

static void put_number(struct str *to, double v, int64_t whole)
{
    to->n += npy_write(str_room(to, array.size), array.kind, array.size, v, whole);
}

static void put_row(struct str *to, const struct value *v, double *x)
{
    if (v->type == V_INT) {
        put_number(to, (double)v->i, v->i);
    } else if (v->type == V_BOOL || v->type == V_FLOAT) {
        put_number(to, v->type == V_FLOAT ? v->f : (double)v->b, v->type == V_BOOL && v->b);
    } else if (v->type == V_TENSOR) {
        tensor_f64(&v->t, x);
        for (size_t i = 0; i < array.count; i++)
            put_number(to, x[i], array.kind == 'f' ? 0 : (int64_t)x[i]);
    } else {                    /* sparse, or nil: zeros, or NaN */
        for (size_t i = 0; i < array.count; i++)
            x[i] = v->type == V_SPARSE ? 0 : (double)NAN;
        for (size_t i = 0; v->type == V_SPARSE && i < v->sp.nnz; i++) {
            uint32_t at;
            float value;
            memcpy(&at, v->sp.index + 4 * i, 4);
            memcpy(&value, v->sp.value + 4 * i, 4);
            x[at] = (double)value;
        }
        for (size_t i = 0; i < array.count; i++)
            put_number(to, x[i], 0);
    }
}

static void put_id(const struct rec *r)
{
    struct text id = rec_id(r);
    if (memchr(id.p, '\n', id.n))
        die(ST_STOPPED, "--ids: an id contains a line break: %s", SHORT(id.p, id.n));
    str_put(&ids->text, id.p, id.n);
    line_end(ids);
}

/* The record's row; one that is bad or nil is left out, or is of NaN. */
static bool put_record(struct rec *r, const struct value *unused, void *x)
{
    struct value v;
    (void)unused;
    bool good = rec_need(r, arg.in, &v) && look(r, &v);
    if (r->nil)
        rec_error(r, "%s is nil", arg.in);
    if (!good && !item_bad(r))
        return true;
    put_row(&out->text, good ? &v : &(struct value){ .type = V_NIL }, x);
    line_cut(out);
    if (ids)
        put_id(r);
    return true;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv), head[NPY_HEAD];
    size_t shape[NPY_DIMS];
    if (!arg.output && isatty(STDOUT_FILENO))
        opt_misuse(&prog, "an array is not written to a terminal: give --output FILE");
    struct rec_in *in = rec_open(&prog, operands, true);
    pass_each(in, &(struct pass){ .what = "records" }, count_row, NULL);
    if (nils && item_on_error == ON_ERROR_FAIL)
        die(ST_STOPPED, "%s: %s is nil, as in %zu of %zu records: leave them out (sp-match %s present, or"
            " --on-error skip) or make them rows of NaN (--on-error emit)", first_nil, arg.in, nils, records, arg.in);
    free(first_nil);
    rec_rewind(in);
    if (!known)
        die(ST_STOPPED, rows ? "%s is nil in all records: no array" : "no record has %s: no array", arg.in);
    if (item_on_error == ON_ERROR_EMIT && array.kind != 'f')
        widen('f', 8);
    if (arg.f64)
        widen('f', 8);
    mem_mul(mem_mul(rows, array.count), array.size);
    if (array.count > frame_max / array.size)
        die(ST_MEMORY, "a row of %zu numbers is larger than --max-record (%zu)", array.count, frame_max);
    out = line_create(arg.output);
    ids = arg.ids ? line_create(arg.ids) : NULL;
    double *x = mem_new(array.count, sizeof *x);
    shape[0] = rows;
    memcpy(shape + 1, array.shape, sizeof array.shape);
    str_put(&out->text, head, npy_pack(head, array.kind, array.size, array.ndim + 1, shape));
    pass_each(in, &(struct pass){ .what = "records", .total = records, .any_ids = true }, put_record, x);
    line_finish(out);
    if (ids)
        line_finish(ids);
    free(x);
    rec_close(in);
    return item_status();
}
