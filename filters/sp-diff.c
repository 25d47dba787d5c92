/* sp-diff - compare two streams, numbers within a tolerance
 *
 * in      two streams, of records or models
 * out     text: what differs first, what worst, and how much of it there is
 * memory  one record of each
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/pairs.h"
#include "drive/pass.h"
#include "files/line.h"
#include "stream/rec.h"

static struct {
    double atol, rtol;
    bool equal_nan, verbose;
} arg;

static const struct opt opts[] = {
    OPT_F64(0, "atol", &arg.atol, 0, 1e308, "largest difference allowed"),
    OPT_F64(0, "rtol", &arg.rtol, 0, 1e308, "largest difference allowed, relative to the number in B"),
    OPT_FLAG(0, "equal-nan", &arg.equal_nan, "treat NaN as equal to NaN"),
    OPT_FLAG('v', "verbose", &arg.verbose, "report what was compared, and the worst difference even if it is allowed"),
    OPT_END
};
static const struct opt *const also[] = { rec_in_opts, NULL };
static const struct prog prog = {
    .name = "sp-diff", .brief = "compare two streams, numbers within a tolerance",
    .in = IO_ANY, .out = IO_TEXT, .operands = "A [B]", .example = "-v FILE", .opts = opts, .also = also,
};

/* Where we are: for the messages. */
static struct {
    size_t record;
    struct text id, field;
    const struct columns *columns;
} at;

static struct {
    size_t records, fields;           /* compared */
    size_t moved;                     /* records whose id is another in B */
    size_t bad_records, bad_fields, bad_numbers, numbers;
    bool header;
    struct str first, worst;
    double score, error;                /* of the worst: error by tolerance; largest error */
} sum;

/* Set `to` to "record 17 (ID): FIELD[3,1] WHAT", safe for a terminal. */
static void tell(struct str *to, const struct pair *p, const struct str *what)
{
    struct str line = { NULL, 0, 0 };
    str_printf(&line, "record %zu (", at.record);
    str_put(&line, at.id.p, at.id.n);
    str_text(&line, "): ");
    str_put(&line, at.field.p, at.field.n);
    if (p)
        pair_index(&line, p);
    if (p && p->ndim == 1 && at.columns && p->i < at.columns->n)
        str_printf(&line, " (%s)", at.columns->names[p->i]);
    str_char(&line, ' ');
    str_put(&line, what->p, what->n);
    to->n = 0;
    str_shown(to, line.p, line.n, SIZE_MAX);
    str_free(&line);
}

/* Keep as the first difference what is the matter with the field; false. */
static bool differs(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool differs(const char *format, ...)
{
    struct str what = { NULL, 0, 0 };
    va_list args;
    if (sum.first.n)
        return false;
    va_start(args, format);
    str_vprintf(&what, format, args);
    va_end(args);
    tell(&sum.first, NULL, &what);
    str_free(&what);
    return false;
}

/* Compare two numbers of a field; *equal becomes false if they are not close. */
static void number(const struct pair *p, void *equal)
{
    double a = p->a, b = p->b, error = p->error;
    sum.numbers++;
    if ((a == b && error == 0) || (isnan(a) && isnan(b) && arg.equal_nan))
        return;
    double allowed = arg.atol + arg.rtol * fabs(b);
    bool close = error <= allowed && isfinite(error);       /* NaN and infinity fail */
    double score = !isfinite(error) ? HUGE_VAL : allowed > 0 ? error / allowed : arg.atol + arg.rtol > 0 ? HUGE_VAL : error;
    bool worst = !sum.worst.n || score > sum.score || (score == sum.score && error > sum.error);
    sum.bad_numbers += !close;
    *(bool *)equal &= close;
    if (!worst && (close || sum.first.n))
        return;
    struct str what = { NULL, 0, 0 };
    bool floats = (double)(float)a == a && (double)(float)b == b;   /* then few digits tell them apart */
    for (int side = 0; side < 2; side++) {
        str_text(&what, side ? " in A and " : "is ");
        if (floats)
            str_f32(&what, (float)(side ? b : a));
        else
            str_f64(&what, side ? b : a);
    }
    str_text(&what, " in B");
    if (isfinite(error))
        str_printf(&what, ", off by %.3g", error);
    if (isfinite(error / fabs(b)))
        str_printf(&what, " (%.3g of it)", error / fabs(b));
    if (worst) {
        tell(&sum.worst, p, &what);
        sum.score = score;
        sum.error = error;
    }
    if (!close && !sum.first.n)
        tell(&sum.first, p, &what);
    str_free(&what);
}

/* What there is to say of a value: its shape, its size, the value itself; the caller's to free. */
static char *shown(const struct value *v)
{
    struct str s = { NULL, 0, 0 };
    str_text(&s, v->type == V_TENSOR ? "[" : v->type == V_STR ? "\"" : "");
    if (v->type == V_TENSOR)
        str_shape(&s, v->t.ndim, v->t.shape, ",");
    if (v->type == V_STR)
        str_shown(&s, v->s.p, v->s.n, 99);
    if (v->type == V_SPARSE)
        str_printf(&s, "%zu", v->sp.d);
    if (v->type == V_BOOL)
        str_text(&s, v->b ? "true" : "false");
    str_text(&s, v->type == V_TENSOR ? "]" : v->type == V_STR ? "\"" : "");
    return s.p;
}

static bool fields(const struct field *fa, const struct field *fb)
{
    static const char *const names[] = { "nil", "true or false", "a number", "a number", "text", "bytes", "an array",
                                         "a sparse vector", "of another type" };
    struct value a = field_value(fa), b = field_value(fb);
    bool equal = true;
    if (pairs_each(&a, &b, number, &equal))
        return equal;
    if (a.type != b.type)
        return differs("is %s in A and %s in B", names[a.type], names[b.type]);
    size_t na = fa->size - fa->key, nb = fb->size - fb->key;
    bool text = a.type == V_STR || a.type == V_BIN, array = a.type == V_TENSOR || a.type == V_SPARSE;
    if (text ? a.s.n == b.s.n && memcmp(a.s.p, b.s.p, a.s.n) == 0
             : !array && na == nb && memcmp(fa->raw + fa->key, fb->raw + fb->key, na) == 0)
        return true;
    if (a.type == V_BIN || a.type == V_OTHER)
        return differs("has other bytes in B");
    char *of_a = shown(&a), *of_b = shown(&b);
    differs("%s%s%s in A and %s in B", a.type == V_TENSOR ? "has the shape " : a.type == V_SPARSE ? "has " : "is ", of_a,
            a.type == V_SPARSE ? " numbers" : "", of_b);
    free(of_a);
    free(of_b);
    return false;
}

/* Compare one record; they may have their fields in another order. */
static void records(const struct rec *a, const struct rec *b, const struct head *head)
{
    size_t bad = 0;
    at.id = rec_id(a);
    for (int side = 0; side < 2; side++) {
        const struct rec *one = side ? b : a, *other = side ? a : b;
        for (size_t i = 0; i < one->n; i++) {
            const struct field *f = one->fields + i, *g = rec_find_as(other, f, i);
            if (f->len == 2 && memcmp(f->name, "id", 2) == 0)
                continue;
            char *name = mem_text(f->name, f->len);
            at.field = (struct text){ name, f->len };
            at.columns = head_columns(head, name);
            if (!g)
                differs("is missing from %c", side ? 'A' : 'B');
            if (!g || (!side && !fields(f, g)))
                bad++;
            sum.fields += !g || !side;
            free(name);
        }
    }
    sum.bad_fields += bad;
    sum.bad_records += bad > 0;
}

static void heads(const struct head *a, const struct head *b, struct str *to)
{
    struct str line = { NULL, 0, 0 };
    if (a->model != b->model) {
        sum.header = true;
        str_printf(to, "A holds %s, B holds %s\n", a->model ? "a model" : "records", b->model ? "a model" : "records");
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
            str_printf(&line, "columns of %s", one->field);
            if (!other)
                str_printf(&line, " are named only in %c", side ? 'B' : 'A');
            else if (k == one->n || k == other->n)
                str_printf(&line, ": %zu are named in A and %zu in B", one->n, other->n);
            else
                str_printf(&line, ": %zu is %s in A and %s in B", k, one->names[k], other->names[k]);
            str_shown(to, line.p, line.n, SIZE_MAX);
            str_char(to, '\n');
            line.n = 0;
        }
    str_free(&line);
}

static void compare_both(struct rec *ra, struct rec *rb, size_t number, void *head)
{
    struct text x = rec_id(ra), y = rec_id(rb);
    at.record = number;
    sum.records++;
    if (x.n == y.n && memcmp(x.p, y.p, x.n) == 0) {
        records(ra, rb, head);
        return;
    }
    at.id = x;
    at.field = (struct text){ "id", 2 };
    differs("is %.*s in B", y.n < 200 ? (int)y.n : 200, y.p);
    sum.moved++;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    char *files[] = { operands[0], operands[0] ? operands[1] : NULL, NULL };
    if (!files[0] || (files[1] && operands[2]))
        opt_misuse(&prog, "expected two streams, A and B (or standard input)");
    opt_need_stdin(&prog, files + 1);
    if (!files[1])
        files[1] = "-";
    if (strcmp(files[0], "-") == 0 && strcmp(files[1], "-") == 0)
        opt_misuse(&prog, "A and B are both standard input");
    struct rec_in *a = rec_open_file(files[0], IO_ANY, NULL), *b = rec_open_file(files[1], IO_ANY, NULL);
    size_t na, nb;
    pass_both(a, b, compare_both, (void *)rec_head(a), &na, &nb);
    struct line_out *out = line_create(NULL);
    out->shown = true;
    struct str *to = &out->text;
    heads(rec_head(a), rec_head(b), to);
    if (na != nb)
        str_printf(to, "A has %zu records, B has %zu\n", na, nb);
    if (sum.moved)
        str_printf(to, "%zu of %zu records have another id in B and were not compared\n", sum.moved, sum.records);
    if (sum.bad_fields)
        str_printf(to, "%zu of %zu fields differ, in %zu of %zu records; %zu of %zu numbers\n", sum.bad_fields, sum.fields,
                   sum.bad_records, sum.records, sum.bad_numbers, sum.numbers);
    if (sum.first.n)
        str_printf(to, "first: %s\n", sum.first.p);
    if (sum.worst.n && (arg.verbose || sum.bad_numbers))
        str_printf(to, "worst: %s\n", sum.worst.p);
    if (arg.verbose)
        str_printf(to, "%zu records, %zu fields and %zu numbers compared\n", sum.records, sum.fields, sum.numbers);
    line_cut(out);
    line_finish(out);
    rec_close(a);
    rec_close(b);
    return !sum.header && na == nb && !sum.moved && !sum.bad_fields ? ST_OK : ST_SOME;
}
