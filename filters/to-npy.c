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
    OPT_OUTPUT(0, "ids", &arg.ids, "write the ids to FILE, a line each"),
    OPT_OUTPUT(0, "output", &arg.output, "write to FILE, which appears when it is whole"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, NULL };
static const struct prog prog = {
    .name = "to-npy", .brief = "write one field of all records as a NumPy array",
    .in = IO_RECORDS, .out = IO_FILES, .reads = "x vector", .writes = "an array", .opts = opts, .also = also,
};

/* The array: its shape behind the records, and NumPy's type of its elements. */
static struct {
    bool known;
    int ndim;
    size_t shape[TENSOR_DIMS], count;
    char kind;
    size_t size;
} array;

/* ---- first pass: how large it is ---- */

/* Widen the array's type so that it holds another's numbers, too. */
static void widen(char kind, size_t size)
{
    if (!array.known) {
        array.kind = kind;
        array.size = size;
    } else if (array.kind != kind || array.size != size) {
        array.kind = 'f';
        array.size = 8;
    }
}

/* Whether the field is what the array has in every row; the first one that is there decides. */
static bool look(struct rec *r, const struct value *v)
{
    static const struct { char kind; size_t size; } types[] = {
        [T_F4] = { 'f', 4 }, [T_F2] = { 'f', 4 }, [T_F8] = { 'f', 8 }, [T_I4] = { 'i', 4 }, [T_U4] = { 'u', 4 } };
    int ndim = 0;
    size_t shape[TENSOR_DIMS] = { 0 };
    if (v->type == V_TENSOR) {
        ndim = v->t.ndim;
        memcpy(shape, v->t.shape, sizeof shape);
    } else if (v->type == V_SPARSE) {
        ndim = 1;
        shape[0] = v->sp.d;
    } else if (v->type != V_INT && v->type != V_FLOAT && v->type != V_BOOL) {
        return rec_error(r, "%s is neither an array nor a number", arg.in);
    }
    if (array.known && (ndim != array.ndim || memcmp(shape, array.shape, (size_t)ndim * sizeof *shape) != 0)) {
        char sizes[2][TENSOR_DIMS * 24] = { "a number", "a number" };
        for (int k = 0; k < 2; k++)
            for (int i = 0, n = 0; i < (k ? array.ndim : ndim); i++)
                n += snprintf(sizes[k] + n, sizeof sizes[k] - (size_t)n, "%s%zu", i ? " x " : "",
                              k ? array.shape[i] : shape[i]);
        return rec_error(r, "%s is %s where earlier records have %s: an array has one shape", arg.in, sizes[0],
                         sizes[1]);
    }
    if (v->type == V_TENSOR)
        widen(types[v->t.type].kind, types[v->t.type].size);
    else if (v->type == V_SPARSE)
        widen('f', 4);
    else
        widen(v->type == V_FLOAT ? 'f' : v->type == V_INT ? 'i' : 'b', v->type == V_BOOL ? 1 : 8);
    if (!array.known) {
        array.ndim = ndim;
        memcpy(array.shape, shape, sizeof shape);
        array.count = v->type == V_TENSOR ? v->t.count : v->type == V_SPARSE ? v->sp.d : 1;
        array.known = true;
    }
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
    char *p = str_room(to, 8);
    float f = (float)v;
    int32_t i4 = (int32_t)whole;
    uint32_t u4 = (uint32_t)whole;
    if (array.kind == 'f')
        memcpy(p, array.size == 8 ? (void *)&v : (void *)&f, array.size);
    else if (array.size == 8)
        memcpy(p, &whole, 8);
    else if (array.size == 4)
        memcpy(p, array.kind == 'u' ? (void *)&u4 : (void *)&i4, 4);
    else
        *p = (char)(whole != 0);
    to->n += array.size;
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
        die(ST_STOPPED, "--ids: an id has a line end in it: %.*s", (int)id.n, id.p);
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
    if (!array.known)
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
    pass_each(in, &(struct pass){ .what = "records", .total = records }, put_record, x);
    line_finish(out);
    if (ids)
        line_finish(ids);
    free(x);
    rec_close(in);
    return item_status();
}
