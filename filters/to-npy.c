/* to-npy - write one field of all records as a NumPy array
 *
 * in      records whose field has one shape: a vector, a matrix, or a single number
 * out     a .npy file: n x d, n x T x d or n, in C order
 * memory  one record; the stream is read twice, a pipe copied to TMPDIR
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/pass.h"
#include "files/line.h"
#include "files/npy_put.h"

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

static struct npy array;        /* of a row */
static bool known;              /* a record had the field */

/* Whether the field is what the array has in every row; the first one that is there decides. */
static bool look(struct rec *r, const struct value *v)
{
    struct npy f;
    if (!npy_form(v, &f))
        return rec_error(r, "%s is neither an array nor a number", arg.in);
    if (!known)
        array = f;
    known = true;
    if (!npy_same_shape(&f, &array)) {
        struct str here = { NULL, 0, 0 }, before = { NULL, 0, 0 };
        str_shape(&here, f.ndim, f.shape, " x ");
        str_shape(&before, array.ndim, array.shape, " x ");
        rec_error(r, "%s is %s where earlier records have %s: an array has one shape", arg.in,
                  f.ndim ? here.p : "a number", array.ndim ? before.p : "a number");
        str_free(&here);
        str_free(&before);
        return false;
    }
    npy_widen(&array, f.kind, f.size);
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
    npy_put(&out->text, &array, good ? &v : &(struct value){ .type = V_NIL }, x);
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
    if (arg.f64 || (item_on_error == ON_ERROR_EMIT && array.kind != 'f'))
        npy_widen(&array, 'f', 8);
    mem_mul(mem_mul(rows, array.count), array.size);
    if (array.count > frame_max / array.size)
        die(ST_MEMORY, "a row of %zu numbers is larger than --max-record (%zu)", array.count, frame_max);
    out = line_create(arg.output);
    ids = arg.ids ? line_create(arg.ids) : NULL;
    double *x = mem_new(array.count, sizeof *x);
    shape[0] = rows;
    memcpy(shape + 1, array.shape, TENSOR_DIMS * sizeof *shape);
    str_put(&out->text, head, npy_pack(head, array.kind, array.size, array.ndim + 1, shape));
    pass_each(in, &(struct pass){ .what = "records", .total = records, .any_ids = true }, put_record, x);
    line_finish(out);
    if (ids)
        line_finish(ids);
    free(x);
    rec_close(in);
    return item_status();
}
