/* sp-info - say what is in a stream, whether it is whole, and how it was made
 *
 * in      any stream
 * out     text for people; with --pipeline the commands that made the stream
 * memory  one record, and 36 to 72 bytes for each id
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/utf8.h"
#include "stream/history.h"
#include "stream/ids.h"
#include "stream/rec.h"

static struct {
    bool pipeline;
} arg;

static const struct opt opts[] = {
    OPT_FLAG(0, "pipeline", &arg.pipeline, "print the history as shell commands that do the same again"),
    OPT_END
};
static const struct opt *const also[] = { rec_in_opts, NULL };
static const struct prog prog = {
    .name = "sp-info", .brief = "say what is in a stream, whether it is whole, and how it was made",
    .in = IO_ANY, .out = IO_TEXT, .opts = opts, .also = also,
};

/* ---- text ---- */

/* Print at most `most` bytes of a text, whole characters, nothing that moves a cursor. */
static void print_text(struct text t, size_t most, FILE *to)
{
    for (size_t i = 0; i < t.n; ) {
        size_t size = utf8_size(t.p + i, t.n - i);
        if (i + size > most) {
            fputs("...", to);
            return;
        }
        bool plain = size > 1 || (size == 1 && (unsigned char)t.p[i] >= ' ' && t.p[i] != 127);
        fwrite(plain ? t.p + i : "?", 1, plain ? size : 1, to);
        i += size ? size : 1;
    }
}

static void print_number(double x, FILE *to)
{
    char text[NUMBER_MOST];
    if (isfinite(x))
        number_f64(text, x);
    else
        snprintf(text, sizeof text, "%g", x);
    fputs(text, to);
}

/* The history as commands, one a line. */
static void print_pipeline(const struct rec_in *in, FILE *to)
{
    const struct head *h = rec_head(in);
    struct step *steps = history_steps(h);
    for (size_t i = 0; i < h->n_history; i++)
        if (!steps[i].tool.n)
            die(ST_STREAM, "%s: entry %zu of its history is malformed", rec_name(in), i + 1);
    if (!h->n_history)
        die(ST_STOPPED, "%s: has no history: made with --no-history, or by another program", rec_name(in));
    for (size_t i = 0; i < h->n_history; i++) {
        fputs(i ? " |\n" : "", to);
        history_command(steps + i, to);
        fputs(i ? "" : " FILE...", to);
    }
    struct text last = steps[h->n_history - 1].tool;
    bool trains = last.n > 6 && memcmp(last.p + last.n - 6, "-train", 6) == 0;
    fputs(h->model && !trains ? " --save FILE >/dev/null\n" : "\n", to);     /* made beside other output */
    free(steps);
}

/* ---- fields ---- */

struct summary {
    char *name;
    size_t types[V_OTHER + 1];      /* how many values of each */
    unsigned dtypes;                /* bit of each type of elements seen */
    int least_dims, most_dims;
    size_t least[TENSOR_DIMS], most[TENSOR_DIMS];
    size_t not_finite, odd_width;   /* arrays with NaN or infinity; not as wide as columns says */
    size_t yes;
    double low, high;
    char *example;
    struct ids *different;          /* of texts, up to MANY */
    size_t n_different;
};

enum { MANY = 1000, EXAMPLE = 40 };

static struct summary *all;
static size_t n_all, cap_all;

static struct summary *summary_of(const struct field *f)
{
    for (size_t i = 0; i < n_all; i++)
        if (strlen(all[i].name) == f->len && memcmp(all[i].name, f->name, f->len) == 0)
            return all + i;
    mem_grow(&all, &cap_all, n_all + 1, sizeof *all);
    all[n_all] = (struct summary){ .name = mem_text(f->name, f->len), .different = ids_new(), .low = HUGE_VAL,
                                   .high = -HUGE_VAL, .least_dims = TENSOR_DIMS };
    return all + n_all++;
}

static bool finite_all(const uint8_t *p, size_t n)      /* of n f4 */
{
    uint32_t bits, bad = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, p + 4 * i, 4);
        bad |= (bits & 0x7f800000) == 0x7f800000;
    }
    return !bad;
}

static void add_array(struct summary *s, const struct tensor *t, const struct columns *c)
{
    s->dtypes |= 1u << t->type;
    s->least_dims = t->ndim < s->least_dims ? t->ndim : s->least_dims;
    s->most_dims = t->ndim > s->most_dims ? t->ndim : s->most_dims;
    bool first = s->types[V_TENSOR] + s->types[V_SPARSE] == 1;
    for (int k = 0; k < t->ndim; k++) {
        s->least[k] = first || t->shape[k] < s->least[k] ? t->shape[k] : s->least[k];
        s->most[k] = t->shape[k] > s->most[k] ? t->shape[k] : s->most[k];
    }
    s->odd_width += c && (t->ndim == 0 || t->shape[t->ndim - 1] != c->n);
}

static void add(const struct field *f, const struct head *h)
{
    struct summary *s = summary_of(f);
    struct value v = field_value(f);
    s->types[v.type]++;
    double x = v.type == V_INT ? (double)v.i : v.f;
    switch (v.type) {
    case V_BOOL:
        s->yes += v.b;
        break;
    case V_INT:
    case V_FLOAT:
        s->low = x < s->low ? x : s->low;
        s->high = x > s->high ? x : s->high;
        s->not_finite += isfinite(x) ? 0 : 1;
        break;
    case V_STR:
    case V_BIN:
        if (s->n_different <= MANY)
            s->n_different += ids_add(s->different, v.s, 0);
        if (!s->example)
            s->example = mem_text(v.s.p, v.s.n < 4 * EXAMPLE ? v.s.n : 4 * EXAMPLE);
        break;
    case V_TENSOR:
        add_array(s, &v.t, head_columns(h, s->name));
        s->not_finite += v.t.type == T_F4 && !finite_all(v.t.data, v.t.count);
        break;
    case V_SPARSE:
        add_array(s, &(struct tensor){ .type = T_F4, .ndim = 1, .shape = { v.sp.d } }, head_columns(h, s->name));
        s->not_finite += !finite_all(v.sp.value, v.sp.nnz);
        break;
    case V_NIL:
    case V_OTHER:
        break;
    }
}

static void print_type(const struct summary *s, FILE *to)
{
    static const char *const names[] = { NULL, "true/false", "whole", "number", "text", "bytes", NULL, NULL, "other" };
    const char *between = "";
    for (int t = 0; t <= V_OTHER; t++)
        if (names[t] && s->types[t] && !(t == V_INT && s->types[V_FLOAT])) {
            fprintf(to, "%s%s", between, names[t]);
            between = "|";
        }
    if (!s->types[V_TENSOR] && !s->types[V_SPARSE]) {
        fputs(*between ? "" : "-", to);
        return;
    }
    for (unsigned t = T_F4; t <= T_U4; t++)
        if (s->dtypes & 1u << t) {
            fprintf(to, "%s%s%s", between, s->types[V_SPARSE] ? "sparse " : "", dtype_name((enum dtype)t) + 1);
            between = "|";
        }
    fputs(" [", to);
    for (int k = 0; k < s->most_dims && s->least_dims == s->most_dims; k++) {
        fprintf(to, "%s%zu", k ? ", " : "", s->least[k]);
        if (s->most[k] != s->least[k])
            fprintf(to, "-%zu", s->most[k]);
    }
    if (s->least_dims != s->most_dims)
        fprintf(to, "of %d to %d dimensions", s->least_dims, s->most_dims);
    fputs("]", to);
}

static void print_values(const struct summary *s, FILE *to)
{
    if (s->types[V_BOOL])
        fprintf(to, "  true in %zu", s->yes);
    if (s->low <= s->high) {
        fputs("  ", to);
        print_number(s->low, to);
        if (s->low < s->high) {
            fputs(" to ", to);
            print_number(s->high, to);
        }
    }
    if (s->example) {
        fputs("  \"", to);
        print_text((struct text){ s->example, strlen(s->example) }, EXAMPLE, to);
        fputs("\"", to);
        if (s->n_different > MANY)
            fprintf(to, ", over %d others", MANY);
        else if (s->n_different > 1)
            fprintf(to, ", %zu different", s->n_different);
    }
    if (s->not_finite)
        fprintf(to, "  %zu with NaN or infinity", s->not_finite);
}

static void print_fields(size_t records, FILE *to)
{
    size_t name = 5, type = 4;
    char **types = mem_zero(n_all, sizeof *types);
    for (size_t i = 0; i < n_all; i++) {
        size_t n;
        FILE *f = open_memstream(types + i, &n);
        if (!f)
            die(ST_MEMORY, "no memory");
        print_type(all + i, f);
        fclose(f);
        n = strlen(types[i]);
        type = n > type ? n : type;
        n = strlen(all[i].name);
        name = n > name ? n : name;
    }
    fprintf(to, "\n%-*s  %-*s  %9s  %9s  %9s  values\n", (int)name, "field", (int)type, "type", "records", "nil", "missing");
    for (size_t i = 0; i < n_all; i++) {
        const struct summary *s = all + i;
        size_t here = 0;
        for (int t = 0; t <= V_OTHER; t++)
            here += s->types[t];
        print_text((struct text){ s->name, strlen(s->name) }, SIZE_MAX, to);
        fprintf(to, "%*s  %-*s  %9zu  %9zu  %9zu", (int)(name - strlen(s->name)), "", (int)type, types[i],
               here - s->types[V_NIL], s->types[V_NIL], records - here);
        print_values(s, to);
        fputc('\n', to);
        free(types[i]);
    }
    free(types);
}

/* ---- the rest ---- */

static void print_header(const struct rec_in *in, FILE *to)
{
    const struct head *h = rec_head(in);
    fprintf(to, "kind     %s\n", h->model ? "model" : "records");
    for (size_t i = 0; i < h->n_columns; i++) {
        const struct columns *c = h->columns + i;
        fprintf(to, "columns  ");
        print_text((struct text){ c->field, strlen(c->field) }, SIZE_MAX, to);
        fprintf(to, " %zu:", c->n);
        for (size_t k = 0; k < c->n; k++)
            if (k < 4 || k + 1 == c->n || c->n <= 6) {
                fputc(' ', to);
                print_text((struct text){ c->names[k], strlen(c->names[k]) }, SIZE_MAX, to);
            } else if (k == 4) {
                fputs(" ...", to);
            }
        fputc('\n', to);
    }
    struct step *steps = history_steps(h);
    if (!h->n_history)
        fputs("history  none\n", to);
    for (size_t i = 0; i < h->n_history; i++) {
        fputs(i ? "         " : "history  ", to);
        if (steps[i].tool.n)
            history_command(steps + i, to);
        else
            fputs("(a malformed entry)", to);
        fputs("  # ", to);
        print_text(steps[i].version, SIZE_MAX, to);
        fputs(steps[i].conv.n ? ", " : "", to);
        print_text(steps[i].conv, SIZE_MAX, to);
        fputc('\n', to);
    }
    free(steps);
}

/* A record of a model: the configuration's values, or a tensor. */
static void print_part(const struct rec *r, bool config, FILE *to)
{
    fputs(config ? "\nmodel    " : "tensor   ", to);
    print_text(rec_id(r), SIZE_MAX, to);
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->fields + i;
        struct value v = field_value(f);
        if (f->len == 2 && memcmp(f->name, "id", 2) == 0)
            continue;
        if (config) {
            fputc(' ', to);
            print_text((struct text){ f->name, f->len }, SIZE_MAX, to);
            fputc('=', to);
        } else {
            fputc(' ', to);
        }
        if (v.type == V_NIL)
            fputs("nil", to);
        else if (v.type == V_TENSOR) {
            fprintf(to, "%s [", dtype_name(v.t.type) + 1);
            for (int k = 0; k < v.t.ndim; k++)
                fprintf(to, "%s%zu", k ? ", " : "", v.t.shape[k]);
            fputc(']', to);
        } else if (v.type == V_BOOL)
            fputs(v.b ? "true" : "false", to);
        else if (v.type == V_INT || v.type == V_FLOAT)
            print_number(v.type == V_INT ? (double)v.i : v.f, to);
        else if (v.type == V_STR)
            print_text(v.s, 2 * EXAMPLE, to);
        else
            fputs("?", to);
    }
    fputc('\n', to);
}

/* Print what there is of problems; whether there are any. */
static bool print_problems(const struct head *h, size_t twice, const char *which, FILE *to)
{
    bool any = twice > 0;
    if (twice) {
        fprintf(to, "problem  %zu ids come again; the first is ", twice);
        print_text((struct text){ which, strlen(which) }, SIZE_MAX, to);
        fputc('\n', to);
    }
    for (size_t i = 0; i < n_all; i++)
        if (all[i].odd_width) {
            fprintf(to, "problem  %zu of ", all[i].odd_width);
            print_text((struct text){ all[i].name, strlen(all[i].name) }, SIZE_MAX, to);
            fprintf(to, " are not as wide as the %zu columns in the header\n", head_columns(h, all[i].name)->n);
            any = true;
        }
    return any;
}

int main(int argc, char **argv)
{
    struct rec_in *in = rec_open(&prog, opt_parse(&prog, argc, argv), false);
    struct rec *r = rec_new();
    struct ids *ids = ids_new();
    const struct head *h = rec_head(in);
    size_t records = 0, twice = 0;
    char *which = NULL, *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);    /* nothing is said of a stream that is not whole */
    if (!to)
        die(ST_MEMORY, "no memory");
    if (!arg.pipeline)
        print_header(in, to);
    for (; rec_next(in, r); records++) {
        if (arg.pipeline)
            continue;
        if (h->model)
            print_part(r, records == 0, to);
        for (size_t i = 0; i < r->n && !h->model; i++)
            add(r->fields + i, h);
        if (!ids_add(ids, rec_id(r), records) && !twice++)
            which = mem_text(rec_id(r).p, rec_id(r).n);
    }
    bool bad = false;
    if (arg.pipeline) {
        print_pipeline(in, to);
    } else {
        if (!h->model)
            print_fields(records, to);
        fprintf(to, "\nrecords  %zu\n", records);
        if (!(bad = print_problems(h, twice, which, to)))
            fputs("valid    whole, checksum right, every id once\n", to);
    }
    if (fclose(to) != 0)
        die(ST_MEMORY, "no memory");
    struct io_out *out = io_create_fd(STDOUT_FILENO);
    io_put(out, text, size);
    io_finish(out);
    if (bad)
        die(ST_STREAM, "%s: whole, but not right: see its problems", rec_name(in));
    for (size_t i = 0; i < n_all; i++) {
        free(all[i].name);
        free(all[i].example);
        ids_free(all[i].different);
    }
    free(all);
    free(which);
    free(text);
    ids_free(ids);
    rec_free(r);
    rec_close(in);
    return ST_OK;
}
