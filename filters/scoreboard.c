/* scoreboard - many runs' scores as one table, mean and deviation, the best marked
 *
 * in      records of scores, as metrics writes them
 * out     text: a line for each method: CSV, Markdown or aligned
 * memory  the scores of all records
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/names.h"
#include "drive/asked.h"
#include "drive/pass.h"
#include "files/csv_out.h"
#include "files/grid.h"
#include "files/line.h"
#include "stream/value.h"

enum { TEXT, CSV, MARKDOWN };

static const char usual_lower[] = "davies_bouldin,inertia,noise,distance";
static struct {
    struct opt_words by, columns, lower;
    const char *output;
    int format;
    int64_t digits;
    bool same_space;
} arg = { .by.text = "method", .lower.text = usual_lower, .digits = 4 };

static const struct opt opts[] = {
    OPT_WORDS_ONCE('b', "by", &arg.by, "A,B,...", "fields that name a line; runs that agree in all of them are averaged"),
    OPT_WORDS_ONCE('c', "columns", &arg.columns, "A,B,...", "scores to show; not set: all that metrics computes"),
    OPT_WORDS_OR_NONE(0, "lower", &arg.lower, "A,B,...", "scores for which lower is better"),
    OPT_FLAG(0, "same-space", &arg.same_space, "all lines scored the same vectors: mark silhouettes and the like, too"),
    OPT_CHOICE('f', "format", &arg.format, "text|csv|markdown", "aligned text, CSV or a Markdown table"),
    OPT_INT('d', "digits", &arg.digits, 0, 17, "digits after the decimal point; CSV has all digits"),
    OPT_OUTPUT(0, "output", &arg.output, "write to FILE, which appears only when complete"),
    EXCLUDES_WHY("format=csv", "digits", "CSV has all digits"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, NULL };
static const struct prog prog = {
    .name = "scoreboard", .brief = "tabulate the scores of many runs and mark the best", .opts = opts, .also = also,
    .in = IO_RECORDS, .out = IO_TEXT, .reads = "method label, nmi number", .writes = "one line per method",
};

/* What metrics writes beside scores. */
static char *metrics_words[] = { "n", "scored", "coverage", "noise", "clusters", "with_truth", "classes", "seed", "reason" };
static const struct opt_words not_scores = { .v = metrics_words, .n = sizeof metrics_words / sizeof *metrics_words };

/* Measured in the vectors' own space: of methods with unlike vectors they cannot be compared, so none is the best. */
static char *space_words[] = { "silhouette", "calinski_harabasz", "davies_bouldin", "inertia", "distance" };
static const struct opt_words in_space = { .v = space_words, .n = sizeof space_words / sizeof *space_words };

struct sum { size_t runs; double mean, m2; };       /* Welford 1962 */

struct line {
    struct str *labels;         /* [arg.by.n] */
    size_t runs, cap;
    struct sum *sum;            /* [columns so far] */
};

static struct {
    struct names keys, columns, scores;     /* scores: all that there are, shown or not */
    struct line *lines;
    size_t cap;
    struct str *labels;         /* of the run that is being read */
} board;

/* Whether the name is among the words, or is one of them with a truth behind it: "nmi.genre". */
static bool listed(const struct opt_words *words, const char *name, size_t len)
{
    for (size_t n = 0; n <= len; n++)
        if ((n == len || name[n] == '.') && opt_words_have(words, name, n))
            return true;
    return false;
}

/* The labels in the fields `by` of r, nil being empty; false and r->error if one is not a label. */
static bool read_labels(struct rec *r, struct str *labels)
{
    static struct msg_buf text;
    for (size_t i = 0; i < arg.by.n; i++) {
        const char *field = arg.by.v[i];
        struct value v = rec_get(r, field);
        labels[i].n = text.n = 0;
        if (!rec_find(r, field))
            return rec_lacks(r, field, "; give --by");
        if (v.type != V_NIL && !value_text(&v, &text))
            return value_no_label(r, field, &v);
        str_put(labels + i, (const char *)text.p, text.n);
    }
    return true;
}

/* The line of these labels, a new one if there was none. */
static struct line *line_of(const struct str *labels)
{
    struct str key = { NULL, 0, 0 };
    for (size_t i = 0; i < arg.by.n; i++) {     /* sizes in front: no label runs into the next */
        str_printf(&key, "%zu:", labels[i].n);
        str_put(&key, labels[i].p, labels[i].n);
    }
    size_t at = names_add(&board.keys, key.p, key.n, NAME_TEXT, 0);
    str_free(&key);
    mem_grow(&board.lines, &board.cap, at + 1, sizeof *board.lines);
    struct line *line = board.lines + at;
    if (board.keys.v[at].count == 1) {
        *line = (struct line){ .labels = mem_zero(arg.by.n, sizeof *line->labels) };
        for (size_t i = 0; i < arg.by.n; i++)
            str_put(line->labels + i, labels[i].p, labels[i].n);
    }
    return line;
}

static void add_score(struct sum *s, double x)
{
    double d = x - s->mean;
    s->mean += d / (double)++s->runs;
    s->m2 += d * (x - s->mean);
}

/* Add the scores of r to its line. */
static bool add_run(struct rec *r, const struct value *unused, void *state)
{
    (void)unused;
    (void)state;
    if (!read_labels(r, board.labels))
        return false;
    struct line *line = line_of(board.labels);
    line->runs++;
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->fields + i;
        struct value v = field_value(f);
        if (v.type != V_INT && v.type != V_FLOAT && v.type != V_NIL)
            continue;
        names_add(&board.scores, f->name, f->len, NAME_TEXT, 0);
        if (arg.columns.text ? !listed(&arg.columns, f->name, f->len)
            : listed(&not_scores, f->name, f->len) || opt_words_have(&arg.by, f->name, f->len))
            continue;
        size_t c = names_add(&board.columns, f->name, f->len, NAME_TEXT, 0), had = line->cap;
        mem_grow(&line->sum, &line->cap, c + 1, sizeof *line->sum);
        for (size_t k = had; k < line->cap; k++)
            line->sum[k] = (struct sum){ 0 };
        double x = v.type == V_INT ? (double)v.i : v.type == V_FLOAT ? v.f : NAN;
        if (isfinite(x))
            add_score(line->sum + c, x);
    }
    return true;
}

/* What --columns or --lower names must be a score of some run. */
static void check_names(const struct opt_words *wanted, const char *option, bool must)
{
    struct asked asked = { .words = wanted, .family = true };
    for (size_t k = 0; k < board.scores.n; k++)
        asked_see(&asked, board.scores.v[k].text, board.scores.v[k].len);
    asked_say(&asked, option, "no run has a score", must);
}

/* ---- the table ---- */

static const struct sum *sum_of(size_t line, size_t column)
{
    static const struct sum none;
    return column < board.lines[line].cap ? board.lines[line].sum + column : &none;
}

/* Deviation between runs, with divisor n - 1; 0 of one run. */
static double deviation(const struct sum *s)
{
    return s->runs > 1 ? sqrt(s->m2 / (double)(s->runs - 1)) : 0;
}

/* The best mean of a column, NaN if it has none or they cannot be compared. */
static double best_of(size_t column)
{
    const struct name *c = board.columns.v + column;
    bool lower = listed(&arg.lower, c->text, c->len);
    double best = NAN;
    if (!arg.same_space && listed(&in_space, c->text, c->len))
        return NAN;
    for (size_t i = 0; i < board.keys.n; i++) {
        const struct sum *s = sum_of(i, column);
        if (s->runs && (isnan(best) || (lower ? s->mean < best : s->mean > best)))
            best = s->mean;
    }
    return best;
}

static void put_csv(struct line_out *out)
{
    static const char *const suffix[] = { "", ".std", ".best" };
    struct str *to = &out->text, name = { NULL, 0, 0 };
    for (size_t i = 0; i < arg.by.n; i++) {
        csv_put_text(to, arg.by.v[i], strlen(arg.by.v[i]), (struct csv_how){ ',', false });
        str_char(to, ',');
    }
    str_text(to, "runs");
    for (size_t c = 0; c < board.columns.n; c++)
        for (int part = 0; part < 3; part++) {
            name.n = 0;
            str_put(&name, board.columns.v[c].text, board.columns.v[c].len);
            str_text(&name, suffix[part]);
            str_char(to, ',');
            csv_put_text(to, name.p, name.n, (struct csv_how){ ',', false });
        }
    line_end(out);
    str_free(&name);
    for (size_t i = 0; i < board.keys.n; i++) {
        for (size_t k = 0; k < arg.by.n; k++) {
            const struct str *label = board.lines[i].labels + k;
            if (label->n)                   /* else nil, or empty */
                csv_put_text(to, label->p, label->n, (struct csv_how){ ',', false });
            str_char(to, ',');
        }
        str_printf(to, "%zu", board.lines[i].runs);
        for (size_t c = 0; c < board.columns.n; c++) {
            const struct sum *s = sum_of(i, c);
            str_char(to, ',');
            if (s->runs)
                str_f64(to, s->mean);
            str_char(to, ',');
            if (s->runs)
                str_f64(to, deviation(s));
            str_text(to, s->runs && s->mean == best_of(c) ? ",1" : ",0");
        }
        line_end(out);
    }
}

/* A name in text and Markdown: without what would end its cell. */
static void put_name(struct str *to, const char *p, size_t n)
{
    struct str shown = { NULL, 0, 0 };
    str_shown(&shown, p, n, SIZE_MAX);
    for (size_t i = 0; i < shown.n; i++)
        str_printf(to, "%s%c", shown.p[i] == '|' && arg.format == MARKDOWN ? "\\" : "", shown.p[i]);
    str_free(&shown);
}

static void put_score(struct str *to, const struct sum *s, bool best)
{
    const char *before = best && arg.format == MARKDOWN ? "**" : "", *after = !best ? "" : *before ? before : "*";
    int digits = (int)arg.digits;
    if (!s->runs)
        str_char(to, '-');
    else if (s->runs > 1)
        str_printf(to, "%s%.*f ± %.*f%s", before, digits, s->mean, digits, deviation(s), after);
    else
        str_printf(to, "%s%.*f%s", before, digits, s->mean, after);
}

/* Text and Markdown. */
static void put_table(struct line_out *out)
{
    size_t columns = arg.by.n + board.columns.n, rows = board.keys.n + 1;
    struct str *cells = mem_zero(rows * columns, sizeof *cells);
    for (size_t c = 0; c < arg.by.n; c++) {
        put_name(cells + c, arg.by.v[c], strlen(arg.by.v[c]));
        for (size_t i = 1; i < rows; i++)
            put_name(cells + i * columns + c, board.lines[i - 1].labels[c].p, board.lines[i - 1].labels[c].n);
    }
    for (size_t k = 0; k < board.columns.n; k++) {
        struct str *cell = cells + arg.by.n + k;
        double best = best_of(k);
        put_name(cell, board.columns.v[k].text, board.columns.v[k].len);
        for (size_t i = 1; i < rows; i++) {
            const struct sum *s = sum_of(i - 1, k);
            put_score(cell + i * columns, s, rows > 2 && s->runs && s->mean == best);
        }
    }
    grid_put(&out->text, cells, rows, columns, arg.format == MARKDOWN);
    line_cut(out);
    for (size_t i = 0; i < rows * columns; i++)
        str_free(cells + i);
    free(cells);
}

int main(int argc, char **argv)
{
    struct rec_in *in = rec_open(&prog, opt_parse(&prog, argc, argv), false);
    struct line_out *out = line_create(arg.output);
    out->shown |= arg.format != CSV;
    board.labels = mem_zero(arg.by.n, sizeof *board.labels);
    pass_each(in, &(struct pass){ .what = "runs", .only = true }, add_run, NULL);
    check_names(&arg.columns, "columns", true);
    if (arg.lower.text != usual_lower)
        check_names(&arg.lower, "lower", false);
    if (arg.format == CSV)
        put_csv(out);
    else
        put_table(out);
    line_finish(out);
    rec_close(in);
    return item_status();
}
