/* scoreboard - many runs' scores as one table, mean and deviation, the best marked
 *
 * in      records of scores, as metrics writes them
 * out     text: a line for each method: CSV, Markdown or aligned
 * memory  the scores of all records
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/names.h"
#include "base/number.h"
#include "drive/item.h"
#include "files/line.h"
#include "stream/value.h"

enum { TEXT, CSV, MARKDOWN };

static struct {
    const char *by, *columns, *lower, *output;
    int format;
    int64_t digits;
} arg = { .by = "method", .lower = "davies_bouldin,inertia,noise,distance", .digits = 4 };

static const struct opt opts[] = {
    OPT_STR('b', "by", &arg.by, "A,B,...", "fields that name a line; runs alike in all of them are averaged"),
    OPT_STR('c', "columns", &arg.columns, "A,B,...", "scores to show; not set: all that metrics computes"),
    OPT_STR(0, "lower", &arg.lower, "A,B,...", "scores of which the lowest is the best"),
    OPT_CHOICE('f', "format", &arg.format, "text|csv|markdown", "aligned text, CSV or a Markdown table"),
    OPT_INT('d', "digits", &arg.digits, 0, 17, "digits behind the point, but in CSV, which has all"),
    OPT_NOTE(0, "output", &arg.output, "FILE", "write to FILE, which appears when it is whole"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, NULL };
static const struct prog prog = {
    .name = "scoreboard", .brief = "many runs' scores as one table, the best marked",
    .in = IO_RECORDS, .out = IO_TEXT, .reads = "method label, nmi number", .writes = "a line for each method",
    .opts = opts, .also = also,
};

/* What metrics writes beside scores. */
static const char *const not_scores = "n,scored,coverage,noise,clusters,with_truth,classes,seed";

struct sum { size_t runs; double mean, m2; };       /* Welford 1962 */

struct line {
    char *key;                  /* the names of `by`, a unit separator between them */
    size_t runs, cap;
    struct sum *sum;            /* [columns so far] */
};

static struct {
    struct names keys, columns;
    struct line *lines;
    size_t cap;
} board;

/* Whether name[len] is in "a,b,c", or is one of these with a truth behind it: "nmi.genre". */
static bool listed(const char *list, const char *name, size_t len, bool suffix)
{
    for (const char *word = list; word && *word; ) {
        size_t n = strcspn(word, ",");
        if (n <= len && memcmp(word, name, n) == 0 && (n == len || (suffix && name[n] == '.')))
            return true;
        word += n + (word[n] == ',');
    }
    return false;
}

/* The names of the fields `by` of r, joined; false and r->error if one is no label. */
static bool key_of(struct rec *r, struct msg_buf *key)
{
    key->n = 0;
    for (const char *word = arg.by; *word; ) {
        size_t n = strcspn(word, ",");
        char *field = mem_text(word, n);
        struct value v = rec_get(r, field);
        bool there = rec_find(r, field), label = value_text(&v, key) || (v.type == V_NIL && there);
        if (!label && there)
            value_no_label(r, field, &v);
        else if (!label)
            rec_error(r, "no field %s; give --by", field);
        free(field);
        if (!label)
            return false;
        word += n + (word[n] == ',');
        msg_append(key, *word ? "\x1f" : "", 1);
    }
    return true;
}

static void add(struct sum *s, double x)
{
    double d = x - s->mean;
    s->mean += d / (double)++s->runs;
    s->m2 += d * (x - s->mean);
}

static bool take(struct rec *r, struct msg_buf *key)
{
    if (!key_of(r, key))
        return false;
    size_t at = names_add(&board.keys, (const char *)key->p, key->n - 1, NAME_TEXT, 0);
    mem_grow(&board.lines, &board.cap, at + 1, sizeof *board.lines);
    if (at + 1 == board.keys.n && board.keys.v[at].count == 1)
        board.lines[at] = (struct line){ .key = board.keys.v[at].text };
    struct line *line = board.lines + at;
    line->runs++;
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->fields + i;
        struct value v = field_value(f);
        if (v.type != V_INT && v.type != V_FLOAT && v.type != V_NIL)
            continue;
        if (arg.columns ? !listed(arg.columns, f->name, f->len, true)
                        : listed(not_scores, f->name, f->len, true) || listed(arg.by, f->name, f->len, false))
            continue;
        size_t c = names_add(&board.columns, f->name, f->len, NAME_TEXT, 0), had = line->cap;
        mem_grow(&line->sum, &line->cap, c + 1, sizeof *line->sum);
        for (size_t k = had; k < line->cap; k++)
            line->sum[k] = (struct sum){ 0 };
        double x = v.type == V_INT ? (double)v.i : v.type == V_FLOAT ? v.f : NAN;
        if (isfinite(x))
            add(line->sum + c, x);
    }
    return true;
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

/* The best mean of a column, NaN if it has none. */
static double best_of(size_t column)
{
    const struct name *c = board.columns.v + column;
    bool lower = listed(arg.lower, c->text, c->len, true);
    double best = NAN;
    for (size_t i = 0; i < board.keys.n; i++) {
        const struct sum *s = sum_of(i, column);
        if (s->runs && (isnan(best) || (lower ? s->mean < best : s->mean > best)))
            best = s->mean;
    }
    return best;
}

/* Text of a cell in text and Markdown; the caller's to free. */
static char *score_text(const struct sum *s, bool best)
{
    char text[800] = "-";
    const char *before = best && arg.format == MARKDOWN ? "**" : "", *behind = !best ? "" : *before ? before : "*";
    int digits = (int)arg.digits;
    if (s->runs > 1)
        snprintf(text, sizeof text, "%s%.*f ± %.*f%s", before, digits, s->mean, digits, deviation(s), behind);
    else if (s->runs)
        snprintf(text, sizeof text, "%s%.*f%s", before, digits, s->mean, behind);
    return mem_text(text, strlen(text));
}

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* A CSV cell, quoted where it must be; in Markdown a bar is escaped. */
static void put_cell(struct line_out *out, const char *text, size_t n)
{
    bool quotes = arg.format == CSV && (memchr(text, ',', n) || memchr(text, '"', n) || memchr(text, '\n', n));
    if (quotes)
        line_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"' && quotes)
            line_char(out, '"');
        if (text[i] == '|' && arg.format == MARKDOWN)
            line_char(out, '\\');
        line_char(out, text[i] == '\n' && arg.format != CSV ? ' ' : text[i]);
    }
    if (quotes)
        line_char(out, '"');
}

static void put_csv(struct line_out *out)
{
    char number[NUMBER_MOST];
    for (const char *c = arg.by; *c; c++)
        line_char(out, *c);
    line_text(out, ",runs");
    for (size_t c = 0; c < board.columns.n; c++)
        for (int part = 0; part < 3; part++) {
            static const char *const suffix[] = { "", ".std", ".best" };
            line_char(out, ',');
            put_cell(out, board.columns.v[c].text, board.columns.v[c].len);
            line_text(out, suffix[part]);
        }
    line_end(out);
    for (size_t i = 0; i < board.keys.n; i++) {
        for (const char *word = board.lines[i].key; ; word++) {
            size_t n = strcspn(word, "\x1f");
            put_cell(out, word, n);
            line_char(out, ',');
            if (!*(word += n))
                break;
        }
        snprintf(number, sizeof number, "%zu", board.lines[i].runs);
        line_text(out, number);
        for (size_t c = 0; c < board.columns.n; c++) {
            const struct sum *s = sum_of(i, c);
            for (int part = 0; part < 2; part++) {
                line_char(out, ',');
                if (s->runs)
                    line_put(out, number, number_f64(number, part ? deviation(s) : s->mean));
            }
            line_text(out, s->runs && s->mean == best_of(c) ? ",1" : ",0");
        }
        line_end(out);
    }
}

/* Text and Markdown: all cells first, for their widths. */
static void put_table(struct line_out *out)
{
    size_t fields = 1, columns, rows = board.keys.n + 1;
    for (const char *c = arg.by; *c; c++)
        fields += *c == ',';
    columns = fields + board.columns.n;
    char **cell = mem_zero(rows * columns, sizeof *cell);
    size_t *width = mem_zero(columns, sizeof *width);
    const char *by = arg.by;
    for (size_t c = 0; c < columns; c++) {
        double best = c >= fields ? best_of(c - fields) : 0;
        if (c < fields) {
            cell[c] = mem_text(by, strcspn(by, ","));
            by += strcspn(by, ",") + 1;
        } else {
            cell[c] = mem_text(board.columns.v[c - fields].text, board.columns.v[c - fields].len);
        }
        for (size_t i = 1; i < rows; i++) {
            const char *key = board.lines[i - 1].key;
            for (size_t skip = 0; c < fields && skip < c; skip++)
                key += strcspn(key, "\x1f") + 1;
            const struct sum *s = c >= fields ? sum_of(i - 1, c - fields) : NULL;
            cell[i * columns + c] = s ? score_text(s, rows > 2 && s->runs && s->mean == best)
                                      : mem_text(key, strcspn(key, "\x1f"));
        }
        for (size_t i = 0; i < rows; i++)
            width[c] = width_of(cell[i * columns + c]) > width[c] ? width_of(cell[i * columns + c]) : width[c];
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < columns; c++) {
            line_text(out, arg.format == MARKDOWN ? (c ? " | " : "| ") : c ? "  " : "");
            put_cell(out, cell[i * columns + c], strlen(cell[i * columns + c]));
            size_t fill = c + 1 < columns || arg.format == MARKDOWN ? width[c] : 0;
            for (size_t k = width_of(cell[i * columns + c]); k < fill; k++)
                line_char(out, ' ');
        }
        line_text(out, arg.format == MARKDOWN ? " |" : "");
        line_end(out);
        for (size_t c = 0; i == 0 && arg.format == MARKDOWN && c < columns; c++)
            line_text(out, c ? "---|" : "|---|");
        if (i == 0 && arg.format == MARKDOWN)
            line_end(out);
    }
    for (size_t i = 0; i < rows * columns; i++)
        free(cell[i]);
    free(cell);
    free(width);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (!*arg.by)
        opt_misuse(&prog, "--by names no field");
    struct rec_in *in = rec_open(&prog, operands, false);
    struct line_out *out = line_create(arg.output);
    struct msg_buf key = { NULL, 0, 0 };
    struct rec *r = rec_new();
    while (rec_next(in, r))
        if (!take(r, &key))
            item_bad(r);
    if (arg.format == CSV)
        put_csv(out);
    else
        put_table(out);
    line_finish(out);
    rec_close(in);
    rec_free(r);
    msg_free(&key);
    for (size_t i = 0; i < board.keys.n; i++)
        free(board.lines[i].sum);
    free(board.lines);
    names_free(&board.keys);
    names_free(&board.columns);
    return item_status();
}
