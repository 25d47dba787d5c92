/* sp-info - show what is in a stream, whether it is complete, and how it was made
 *
 * in      any stream
 * out     text for people; with --pipeline the commands that made the stream; with --count the number of records, with --by of
 *         each value
 * memory  one record, and 24 to 48 bytes for each id
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/counts.h"
#include "drive/pass.h"
#include "drive/survey.h"
#include "files/line.h"
#include "stream/history.h"

static struct {
    bool pipeline, count;
    const char *by;
} arg;

static const struct opt opts[] = {
    OPT_FLAG(0, "pipeline", &arg.pipeline, "print the history as shell commands that repeat it"),
    OPT_FLAG(0, "count", &arg.count, "print the number of records, and nothing else"),
    OPT_STR('b', "by", &arg.by, "FIELD", "count the records with each value of FIELD, largest count first"),
    EXCLUDES("pipeline", "by|count"), EXCLUDES("count", "by"),
    OPT_END
};
static const struct opt *const also[] = { rec_in_opts, NULL };
static const struct prog prog = {
    .name = "sp-info", .brief = "show what is in a stream, whether it is complete, and how it was made",
    .in = IO_ANY, .out = IO_TEXT, .opts = opts, .also = also,
};

/* The history as commands, one a line. */
static void print_pipeline(const struct rec_in *in, struct str *to)
{
    const struct head *h = rec_head(in);
    struct step *steps = history_steps(h);
    for (size_t i = 0; i < h->n_history; i++)
        if (!steps[i].tool.n)
            die(ST_STREAM, "%s: entry %zu of its history is malformed", rec_name(in), i + 1);
    if (!h->n_history)
        die(ST_STOPPED, "%s has no history: made with --no-history, or by another program", rec_name(in));
    history_pipeline(h, to);
    struct text last = steps[h->n_history - 1].tool;
    bool trains = last.n > 6 && memcmp(last.p + last.n - 6, "-train", 6) == 0;
    str_text(to, h->model && !trains ? " --save FILE >/dev/null\n" : "\n");     /* made beside other output */
    free(steps);
}

/* ---- fields ---- */

enum { EXAMPLE = 40 };         /* bytes of a text that are shown */

static void print_type(const struct survey_field *s, struct str *to)
{
    static const char *const names[] = { NULL, "true/false", "whole", "number", "text", "bytes", NULL, NULL, "other" };
    const char *between = "";
    for (int t = 0; t <= V_OTHER; t++)
        if (names[t] && s->types[t] && !(t == V_INT && s->types[V_FLOAT])) {
            str_printf(to, "%s%s", between, names[t]);
            between = "|";
        }
    if (!s->types[V_TENSOR] && !s->types[V_SPARSE]) {
        str_text(to, *between ? "" : "-");
        return;
    }
    for (unsigned t = T_F4; t <= T_U4; t++)
        if (s->dtypes & 1u << t) {
            str_printf(to, "%s%s%s", between, s->types[V_SPARSE] ? "sparse " : "", dtype_name((enum dtype)t) + 1);
            between = "|";
        }
    str_text(to, " [");
    for (int k = 0; k < s->most_dims && s->least_dims == s->most_dims; k++) {
        str_printf(to, "%s%zu", k ? ", " : "", s->least[k]);
        if (s->most[k] != s->least[k])
            str_printf(to, "-%zu", s->most[k]);
    }
    if (s->least_dims != s->most_dims)
        str_printf(to, "of %d to %d dimensions", s->least_dims, s->most_dims);
    str_text(to, "]");
}

static void print_values(const struct survey_field *s, struct str *to)
{
    if (s->types[V_BOOL])
        str_printf(to, "  true in %zu", s->yes);
    if (s->low <= s->high) {
        str_text(to, "  ");
        str_f64(to, s->low);
        if (s->low < s->high) {
            str_text(to, " to ");
            str_f64(to, s->high);
        }
    }
    if (s->example.p) {
        str_text(to, "  \"");
        str_shown(to, s->example.p, s->example.n, EXAMPLE);
        str_text(to, "\"");
        if (s->different > SURVEY_MANY)
            str_printf(to, ", over %d others", SURVEY_MANY);
        else if (s->different > 1)
            str_printf(to, ", %zu different", s->different);
    }
    if (s->not_finite)
        str_printf(to, "  %zu with NaN or infinity", s->not_finite);
}

static void print_fields(const struct survey *all, struct str *to)
{
    size_t name = 5, type = 4;
    struct str *types = mem_zero(all->n, sizeof *types);
    for (size_t i = 0; i < all->n; i++) {
        print_type(all->v + i, types + i);
        type = types[i].n > type ? types[i].n : type;
        name = all->v[i].len > name ? all->v[i].len : name;
    }
    str_printf(to, "\n%-*s  %-*s  %9s  %9s  %9s  values\n", (int)name, "field", (int)type, "type", "records", "nil", "missing");
    for (size_t i = 0; i < all->n; i++) {
        const struct survey_field *s = all->v + i;
        size_t here = 0;
        for (int t = 0; t <= V_OTHER; t++)
            here += s->types[t];
        str_shown(to, s->name, s->len, SIZE_MAX);
        str_pad(to, name - s->len);
        str_printf(to, "  %-*s  %9zu  %9zu  %9zu", (int)type, types[i].p, here - s->types[V_NIL], s->types[V_NIL],
                   all->records - here);
        print_values(s, to);
        str_char(to, '\n');
        str_free(types + i);
    }
    free(types);
}

/* ---- the rest ---- */

static void print_header(const struct rec_in *in, struct str *to)
{
    const struct head *h = rec_head(in);
    str_printf(to, "kind     %s\n", h->model ? "model" : "records");
    for (size_t i = 0; i < h->n_columns; i++) {
        const struct columns *c = h->columns + i;
        str_printf(to, "columns  ");
        str_shown(to, c->field, strlen(c->field), SIZE_MAX);
        str_printf(to, " %zu:", c->n);
        for (size_t k = 0; k < c->n; k++)
            if (k < 4 || k + 1 == c->n || c->n <= 6) {
                str_char(to, ' ');
                str_shown(to, c->names[k], strlen(c->names[k]), SIZE_MAX);
            } else if (k == 4) {
                str_text(to, " ...");
            }
        str_char(to, '\n');
    }
    struct step *steps = history_steps(h);
    if (!h->n_history)
        str_text(to, "history  none\n");
    for (size_t i = 0; i < h->n_history; i++) {
        str_text(to, i ? "         " : "history  ");
        if (steps[i].tool.n)
            history_command(steps + i, to);
        else
            str_text(to, "(a malformed entry)");
        str_text(to, "  # ");
        str_shown(to, steps[i].version.p, steps[i].version.n, SIZE_MAX);
        str_text(to, steps[i].conv.n ? ", " : "");
        str_shown(to, steps[i].conv.p, steps[i].conv.n, SIZE_MAX);
        str_char(to, '\n');
    }
    free(steps);
}

/* A record of a model: the configuration's values, or a tensor. */
static void print_part(const struct rec *r, bool config, struct str *to)
{
    str_text(to, config ? "\nmodel    " : "tensor   ");
    str_shown(to, rec_id(r).p, rec_id(r).n, SIZE_MAX);
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->fields + i;
        struct value v = field_value(f);
        if (f->len == 2 && memcmp(f->name, "id", 2) == 0)
            continue;
        if (config) {
            str_char(to, ' ');
            str_shown(to, f->name, f->len, SIZE_MAX);
            str_char(to, '=');
        } else {
            str_char(to, ' ');
        }
        if (v.type == V_NIL)
            str_text(to, "nil");
        else if (v.type == V_TENSOR) {
            str_printf(to, "%s [", dtype_name(v.t.type) + 1);
            str_shape(to, v.t.ndim, v.t.shape, ", ");
            str_char(to, ']');
        } else if (v.type == V_BOOL)
            str_text(to, v.b ? "true" : "false");
        else if (v.type == V_INT || v.type == V_FLOAT)
            str_f64(to, v.type == V_INT ? (double)v.i : v.f);
        else if (v.type == V_STR)
            str_shown(to, v.s.p, v.s.n, 2 * EXAMPLE);
        else
            str_text(to, "?");
    }
    str_char(to, '\n');
}

/* Print what there is of problems; whether there are any. */
static bool print_problems(const struct head *h, const struct survey *all, struct str *to)
{
    bool any = all->twice > 0;
    if (any) {
        str_printf(to, "problem  %zu ids are repeated; the first is ", all->twice);
        str_shown(to, all->first_twice.p, all->first_twice.n, SIZE_MAX);
        str_char(to, '\n');
    }
    for (const struct survey_field *s = all->v; s < all->v + all->n; s++)
        if (s->odd_width) {
            str_printf(to, "problem  %zu of ", s->odd_width);
            str_shown(to, s->name, s->len, SIZE_MAX);
            str_printf(to, " do not have the %zu columns named in the header\n", head_columns(h, s->name)->n);
            any = true;
        }
    return any;
}

struct looking { const struct head *head; struct survey *all; struct str *to; };

static bool look(struct rec *r, const struct value *unused, void *state)
{
    struct looking *l = state;
    (void)unused;
    if (arg.pipeline || arg.count)
        return true;
    if (l->head->model)
        print_part(r, l->all->records == 0, l->to);
    survey_add(l->all, r, l->head->model ? NULL : l->head);
    return true;
}

int main(int argc, char **argv)
{
    struct rec_in *in = rec_open(&prog, opt_parse(&prog, argc, argv), false);
    struct survey *all = survey_new();
    const struct head *h = rec_head(in);
    struct line_out *out = line_create(NULL);
    out->shown = true;
    struct str *to = &out->text;            /* nothing is said of a stream that is not whole */
    bool shows = !arg.pipeline && !arg.by && !arg.count, bad = false;
    size_t records = 0;
    if (shows)
        print_header(in, to);
    if (arg.by)
        counts_table(in, arg.by, to);
    else
        records = pass_each(in, &(struct pass){ .what = "records", .any_ids = true }, look, &(struct looking){ h, all, to });
    if (arg.pipeline)
        print_pipeline(in, to);
    else if (arg.count)
        str_printf(to, "%zu\n", records);
    if (shows) {
        if (!h->model)
            print_fields(all, to);
        str_printf(to, "\nrecords  %zu\n", all->records);
        bad = print_problems(h, all, to);
        str_text(to, bad ? "" : "valid    complete, checksum correct, ids unique\n");
    }
    line_cut(out);
    line_finish(out);
    if (bad)
        die(ST_STREAM, "%s: complete, but not valid: see its problems", rec_name(in));
    survey_free(all);
    rec_close(in);
    return ST_OK;
}
