/* sp-diff - compare two streams, numbers within a tolerance
 *
 * in      two streams, of records or models
 * out     text: what differs first, what worst, and how much of it there is
 * memory  one record of each
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/number.h"
#include "stream/rec.h"

static struct {
    double atol, rtol;
    bool equal_nan, verbose;
} arg;

static const struct opt opts[] = {
    OPT_F64(0, "atol", &arg.atol, 0, 1e308, "difference that is allowed"),
    OPT_F64(0, "rtol", &arg.rtol, 0, 1e308, "difference that is allowed, as a part of the number in B"),
    OPT_FLAG(0, "equal-nan", &arg.equal_nan, "take NaN as equal to NaN"),
    OPT_FLAG('v', "verbose", &arg.verbose, "tell what was compared, and the worst difference though it is allowed"),
    OPT_END
};
static const struct opt *const also[] = { rec_in_opts, NULL };
static const struct prog prog = {
    .name = "sp-diff", .brief = "compare two streams, numbers within a tolerance",
    .in = IO_ANY, .out = IO_TEXT, .operands = "A [B]", .example = "-v FILE", .opts = opts, .also = also,
};

/* Where we are: for the messages. */
static struct {
    uint64_t record;
    struct text id, field;
    const struct columns *columns;
} at;

static struct {
    uint64_t records, fields;           /* compared */
    uint64_t bad_records, bad_fields, bad_numbers, numbers;
    bool header;
    char *first, *worst;
    double score, error;                /* of the worst: error by tolerance; largest error */
} sum;

/* "record 17 (ID): FIELD[3,1]", as new text; i: index of the element, NULL where there is none. */
static char *place(const struct tensor *t, size_t i)
{
    char index[TENSOR_DIMS * 24] = "", *text = NULL;
    size_t size = 0, used = 0, rest = i, step = t ? t->count : 0;
    for (int k = 0; t && k < t->ndim; k++) {
        step /= t->shape[k];
        used += (size_t)snprintf(index + used, sizeof index - used, "%s%zu", k ? "," : "[", rest / step);
        rest %= step;
    }
    bool named = t && t->ndim == 1 && at.columns && i < at.columns->n;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die(ST_MEMORY, "no memory");
    fprintf(f, "record %" PRIu64 " (%.*s): %.*s%s%s", at.record, (int)at.id.n, at.id.p, (int)at.field.n, at.field.p,
            index, used ? "]" : "");
    if (named)
        fprintf(f, " (%s)", at.columns->names[i]);
    fclose(f);
    return text;
}

/* "WHERE WHAT" as new text for a terminal. */
static char *joined(const char *where, const char *what)
{
    size_t n = strlen(where) + strlen(what) + 2;
    char *text = mem_new(n, 1);
    snprintf(text, n, "%s %s", where, what);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            *p = '?';
    return text;
}

/* Keep as the first difference: the place and what is the matter there. Takes `where`. */
static void differs(char *where, const char *what)
{
    if (!sum.first)
        sum.first = joined(where, what);
    free(where);
}

static void number(char to[NUMBER_MOST], double x, bool is_float)
{
    if (!isfinite(x))
        snprintf(to, NUMBER_MOST, "%g", x);
    else if (is_float)
        number_f32(to, (float)x);
    else
        number_f64(to, x);
}

/* Compare two numbers; false if they differ by more than is allowed. t: of which they are
 * element i, or NULL. */
static bool numbers(double a, double b, double error, const struct tensor *t, size_t i)
{
    sum.numbers++;
    if (a == b && error == 0)
        return true;
    if (isnan(a) && isnan(b) && arg.equal_nan)
        return true;
    double allowed = arg.atol + arg.rtol * fabs(b);
    bool close = error <= allowed && isfinite(error);       /* NaN and infinity fail */
    double score = !isfinite(error) ? HUGE_VAL : allowed > 0 ? error / allowed : arg.atol + arg.rtol > 0 ? HUGE_VAL : error;
    bool worst = !sum.worst || score > sum.score || (score == sum.score && error > sum.error);
    sum.bad_numbers += !close;
    if (!worst && (close || sum.first))
        return close;
    char *where = place(t, i), x[NUMBER_MOST], y[NUMBER_MOST], what[200];
    bool floats = (double)(float)a == a && (double)(float)b == b;   /* then few digits tell them apart */
    number(x, a, floats);
    number(y, b, floats);
    int used = snprintf(what, sizeof what, "is %s in A and %s in B", x, y);
    if (isfinite(error))
        used += snprintf(what + used, sizeof what - (size_t)used, ", off by %.3g", error);
    if (isfinite(error / fabs(b)))
        snprintf(what + used, sizeof what - (size_t)used, " (%.3g of it)", error / fabs(b));
    if (worst) {
        free(sum.worst);
        sum.worst = joined(where, what);
        sum.score = score;
        sum.error = error;
    }
    if (close)
        free(where);
    else
        differs(where, what);
    return close;
}

static double element(const struct tensor *t, size_t i)
{
    double x;
    tensor_f64(&(struct tensor){ .type = t->type, .count = 1, .data = t->data + i * dtype_size(t->type) }, &x);
    return x;
}

static bool tensors(const struct tensor *a, const struct tensor *b)
{
    bool same = a->ndim == b->ndim;
    for (int k = 0; same && k < a->ndim; k++)
        same = a->shape[k] == b->shape[k];
    if (!same) {
        char what[2 * TENSOR_DIMS * 24 + 64], *p = what, *end = what + sizeof what;
        const struct tensor *both[] = { a, b };
        for (int side = 0; side < 2; side++) {
            p += snprintf(p, (size_t)(end - p), side ? " in A and [" : "has the shape [");
            for (int k = 0; k < both[side]->ndim; k++)
                p += snprintf(p, (size_t)(end - p), "%s%zu", k ? "," : "", both[side]->shape[k]);
            p += snprintf(p, (size_t)(end - p), "]");
        }
        snprintf(p, (size_t)(end - p), " in B");
        differs(place(NULL, 0), what);
        return false;
    }
    if (a->type == b->type && a->count && memcmp(a->data, b->data, a->count * dtype_size(a->type)) == 0 &&
        (a->type == T_I4 || a->type == T_U4)) {
        sum.numbers += a->count;
        return true;
    }
    bool equal = true;
    for (size_t i = 0; i < a->count; i++) {
        double x = element(a, i), y = element(b, i);
        equal &= numbers(x, y, x == y ? 0 : fabs(x - y), a, i);
    }
    return equal;
}

/* Sparse vectors: an entry that one of them does not store is 0 there. */
static bool sparses(const struct sparse *a, const struct sparse *b)
{
    struct tensor shape = { .ndim = 1, .shape = { a->d }, .count = a->d };
    bool equal = true;
    if (a->d != b->d) {
        char what[100];
        snprintf(what, sizeof what, "has %zu numbers in A and %zu in B", a->d, b->d);
        differs(place(NULL, 0), what);
        return false;
    }
    for (size_t i = 0, j = 0; i < a->nnz || j < b->nnz; ) {
        uint32_t ia = UINT32_MAX, ib = UINT32_MAX;
        float x = 0, y = 0;
        if (i < a->nnz)
            memcpy(&ia, a->index + 4 * i, 4);
        if (j < b->nnz)
            memcpy(&ib, b->index + 4 * j, 4);
        uint32_t index = ia < ib ? ia : ib;
        if (i < a->nnz && ia == index)
            memcpy(&x, a->value + 4 * i++, 4);
        if (j < b->nnz && ib == index)
            memcpy(&y, b->value + 4 * j++, 4);
        equal &= numbers((double)x, (double)y, x == y ? 0 : fabs((double)x - (double)y), &shape, index);
    }
    return equal;
}

static bool fields(const struct field *fa, const struct field *fb)
{
    static const char *const names[] = { "nil", "true or false", "a number", "a number", "text", "bytes", "an array",
                                         "a sparse vector", "of another type" };
    struct value a = field_value(fa), b = field_value(fb);
    if ((a.type == V_INT || a.type == V_FLOAT) && (b.type == V_INT || b.type == V_FLOAT)) {
        double x = a.type == V_INT ? (double)a.i : a.f, y = b.type == V_INT ? (double)b.i : b.f;
        double error = x == y ? 0 : fabs(x - y);
        if (a.type == V_INT && b.type == V_INT && a.i != b.i)    /* exact, where doubles are not */
            error = (double)((a.i > b.i ? (uint64_t)a.i - (uint64_t)b.i : (uint64_t)b.i - (uint64_t)a.i));
        return numbers(x, y, error, NULL, 0);
    }
    char what[300];
    if (a.type != b.type) {
        snprintf(what, sizeof what, "is %s in A and %s in B", names[a.type], names[b.type]);
        differs(place(NULL, 0), what);
        return false;
    }
    if (a.type == V_TENSOR)
        return tensors(&a.t, &b.t);
    if (a.type == V_SPARSE)
        return sparses(&a.sp, &b.sp);
    size_t na = fa->size - fa->key, nb = fb->size - fb->key;
    bool text = a.type == V_STR || a.type == V_BIN;
    if (text ? a.s.n == b.s.n && memcmp(a.s.p, b.s.p, a.s.n) == 0
             : na == nb && memcmp(fa->raw + fa->key, fb->raw + fb->key, na) == 0)
        return true;
    if (a.type == V_STR)
        snprintf(what, sizeof what, "is \"%.*s\"%s in A and \"%.*s\"%s in B", a.s.n < 99 ? (int)a.s.n : 99, a.s.p,
                 a.s.n < 99 ? "" : "...", b.s.n < 99 ? (int)b.s.n : 99, b.s.p, b.s.n < 99 ? "" : "...");
    else if (a.type == V_BOOL)
        snprintf(what, sizeof what, "is %s in A and %s in B", a.b ? "true" : "false", b.b ? "true" : "false");
    else
        snprintf(what, sizeof what, "holds other bytes in B");
    differs(place(NULL, 0), what);
    return false;
}

static const struct field *find(const struct rec *r, const struct field *f)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->fields[i].len == f->len && memcmp(r->fields[i].name, f->name, f->len) == 0)
            return r->fields + i;
    return NULL;
}

/* Compare one record; they may have their fields in another order. */
static void records(const struct rec *a, const struct rec *b, const struct head *head)
{
    uint64_t bad = 0;
    at.id = rec_id(a);
    for (int side = 0; side < 2; side++) {
        const struct rec *one = side ? b : a, *other = side ? a : b;
        for (size_t i = 0; i < one->n; i++) {
            const struct field *f = one->fields + i, *g = find(other, f);
            if (f->len == 2 && memcmp(f->name, "id", 2) == 0)
                continue;
            char *name = mem_text(f->name, f->len);
            at.field = (struct text){ name, f->len };
            at.columns = head_columns(head, name);
            if (!g)
                differs(place(NULL, 0), side ? "is missing in A" : "is missing in B");
            if (!g || (!side && !fields(f, g)))
                bad++;
            sum.fields += !g || !side;
            free(name);
        }
    }
    sum.bad_fields += bad;
    sum.bad_records += bad > 0;
}

static void heads(const struct head *a, const struct head *b, FILE *to)
{
    if (a->model != b->model) {
        sum.header = true;
        fprintf(to, "A holds %s, B holds %s\n", a->model ? "a model" : "records", b->model ? "a model" : "records");
    }
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < (side ? b : a)->n_columns; i++) {
            const struct columns *one = (side ? b : a)->columns + i;
            const struct columns *other = head_columns(side ? a : b, one->field);
            size_t k = 0;
            while (other && k < one->n && k < other->n && strcmp(one->names[k], other->names[k]) == 0)
                k++;
            if (other && (side || (k == one->n && k == other->n)))
                continue;
            sum.header = true;
            if (!other)
                fprintf(to, "columns of %s are named in %c only\n", one->field, side ? 'B' : 'A');
            else if (k == one->n || k == other->n)
                fprintf(to, "columns of %s: %zu are named in A and %zu in B\n", one->field, one->n, other->n);
            else
                fprintf(to, "columns of %s: %zu is %s in A and %s in B\n", one->field, k, one->names[k], other->names[k]);
        }
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    char *files[] = { operands[0], operands[0] ? operands[1] : NULL, NULL };
    if (!files[0] || (files[1] && operands[2]))
        opt_misuse(&prog, "wanted: two streams, A and B (or standard input)");
    opt_need_stdin(&prog, files + 1);
    if (!files[1])
        files[1] = "-";
    if (strcmp(files[0], "-") == 0 && strcmp(files[1], "-") == 0)
        opt_misuse(&prog, "A and B are both standard input");
    struct rec_in *a = rec_open_file(files[0], IO_ANY), *b = rec_open_file(files[1], IO_ANY);
    struct rec *ra = rec_new(), *rb = rec_new();
    uint64_t moved = 0, na = 0, nb = 0;
    for (bool more_a = true, more_b = true;;) {
        na += more_a = more_a && rec_next(a, ra);
        nb += more_b = more_b && rec_next(b, rb);
        if (!more_a && !more_b)
            break;
        if (!more_a || !more_b)
            continue;
        at.record = na;
        struct text x = rec_id(ra), y = rec_id(rb);
        sum.records++;
        if (x.n == y.n && memcmp(x.p, y.p, x.n) == 0) {
            records(ra, rb, rec_head(a));
        } else {
            char what[300];
            at.id = x;
            at.field = (struct text){ "id", 2 };
            snprintf(what, sizeof what, "is %.*s in B", y.n < 200 ? (int)y.n : 200, y.p);
            differs(place(NULL, 0), what);
            moved++;
        }
    }
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        die(ST_MEMORY, "no memory");
    heads(rec_head(a), rec_head(b), to);
    if (na != nb)
        fprintf(to, "A has %" PRIu64 " records, B has %" PRIu64 "\n", na, nb);
    if (moved)
        fprintf(to, "%" PRIu64 " of %" PRIu64 " records have another id in B and were not compared\n", moved, sum.records);
    if (sum.bad_fields)
        fprintf(to, "%" PRIu64 " of %" PRIu64 " fields differ, in %" PRIu64 " of %" PRIu64 " records; "
               "%" PRIu64 " of %" PRIu64 " numbers\n", sum.bad_fields, sum.fields, sum.bad_records, sum.records,
               sum.bad_numbers, sum.numbers);
    if (sum.first)
        fprintf(to, "first: %s\n", sum.first);
    if (sum.worst && (arg.verbose || sum.bad_numbers))
        fprintf(to, "worst: %s\n", sum.worst);
    bool equal = !sum.header && na == nb && !moved && !sum.bad_fields;
    if (arg.verbose)
        fprintf(to, "%" PRIu64 " records, %" PRIu64 " fields and %" PRIu64 " numbers compared\n", sum.records, sum.fields,
                sum.numbers);
    if (fclose(to) != 0)
        die(ST_MEMORY, "no memory");
    struct io_out *out = io_create_fd(STDOUT_FILENO);
    io_put(out, text, size);
    io_finish(out);
    free(text);
    free(sum.first);
    free(sum.worst);
    rec_free(ra);
    rec_free(rb);
    rec_close(a);
    rec_close(b);
    return equal ? ST_OK : ST_SOME;
}
