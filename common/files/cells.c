/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/utf8.h"

char cells_point = '.';

static struct text trim(struct text t)
{
    while (t.n && (t.p[0] == ' ' || t.p[0] == '\t'))
        t.p++, t.n--;
    while (t.n && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t'))
        t.n--;
    return t;
}

static bool is(struct text t, const char *word)
{
    return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0;
}

static bool missing(struct text t)
{
    static const char *const words[] = { "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-nan", "-NaN", "NULL", "null",
                                         "None" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is(t, words[i]))
            return true;
    return t.n == 0;
}

static bool infinite(struct text t)
{
    static const char *const words[] = { "inf", "Inf", "INF", "infinity", "Infinity", "INFINITY" };
    if (t.n && (*t.p == '-' || *t.p == '+'))
        t.p++, t.n--;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is(t, words[i]))
            return true;
    return false;
}

static size_t digits(struct text t, size_t from)
{
    size_t i = from;
    while (i < t.n && t.p[i] >= '0' && t.p[i] <= '9')
        i++;
    return i - from;
}

static enum cell_type look(struct text cell, char point)
{
    struct text t = trim(cell);
    if (missing(t))
        return CELL_NONE;
    if (infinite(t))
        return CELL_REAL;
    size_t i = t.p[0] == '-' || t.p[0] == '+', whole = digits(t, i), part = 0;
    i += whole;
    if (whole && i == t.n && whole <= 18)
        return CELL_INT;
    if (i < t.n && t.p[i] == point)
        i += 1 + (part = digits(t, i + 1));
    if (!whole && !part)
        return CELL_TEXT;
    if (i < t.n && (t.p[i] == 'e' || t.p[i] == 'E')) {
        i++;
        if (i < t.n && (t.p[i] == '-' || t.p[i] == '+'))
            i++;
        size_t power = digits(t, i);
        if (!power)
            return CELL_TEXT;
        i += power;
    }
    return i == t.n ? CELL_REAL : CELL_TEXT;
}

/* Whether it would be a number without the marks that people put into them: groups of three digits, money, per cent. */
static bool marked(struct text cell)
{
    static const char *const marks[] = { ",", ".", " ", "'", "\xc2\xa0", "\xe2\x80\xaf",       /* the first six part groups */
                                         "%", "$", "(", ")", "\xe2\x88\x92", "\xe2\x82\xac", "\xc2\xa3" };
    size_t count = 0, n;
    bool sure = false;
    for (size_t i = 0; i < cell.n; i += n) {
        size_t k = 0, run = digits(cell, i);
        n = run ? run : (cell.p[i] == '-' || cell.p[i] == '+') && !count;
        for (; !n && k < sizeof marks / sizeof *marks; k++)
            if (strlen(marks[k]) <= cell.n - i && memcmp(cell.p + i, marks[k], strlen(marks[k])) == 0)
                n = strlen(marks[k]);
        if (!n)
            return false;
        sure |= k > 6 || (k && count && digits(cell, i + n) == 3);
        count += run;
    }
    return count && sure;
}

enum cell_type cell_look(struct text cell) { return look(cell, cells_point); }

void cells_look(const struct csv *c, struct column_type *types)
{
    for (size_t i = 0; i < csv_columns(c); i++) {
        enum cell_type type = cell_look(csv_cell(c, i));
        struct column_type *t = types + i;
        if (type == CELL_TEXT && t->words++ == 0)
            t->line = csv_line(c);
        t->marked += type == CELL_TEXT && marked(csv_cell(c, i));
        t->commas += type == CELL_TEXT && look(csv_cell(c, i), ',') == CELL_REAL;
        t->numbers += type == CELL_INT || type == CELL_REAL;
        if (type > t->type)
            t->type = type;
    }
}

size_t cells_scan(struct csv *c, struct column_type *types, uint64_t *hash)
{
    size_t n = 0;
    for (enum csv_got got; (got = csv_next(c)) != CSV_END; )
        if (got == CSV_ROW) {
            cells_look(c, types);
            n++;
        }
    if (hash)
        *hash = csv_hash(c);
    csv_rewind(c);
    return n;
}

double cell_number(struct text cell)
{
    struct text t = trim(cell);
    const char *comma = cells_point == '.' ? NULL : memchr(t.p, cells_point, t.n);
    if (!comma)
        return strtod(t.p, NULL);
    char *copy = mem_text(t.p, t.n);
    copy[comma - t.p] = '.';
    double v = strtod(copy, NULL);
    free(copy);
    return v;
}

bool cell_set(struct rec *r, const char *name, struct text cell, enum cell_type type)
{
    if (cell.n == 0 || ((type == CELL_INT || type == CELL_REAL) && cell_look(cell) == CELL_NONE)) {
        rec_set_nil(r, name);
    } else if (type == CELL_INT) {
        rec_set_int(r, name, strtoll(trim(cell).p, NULL, 10));
    } else if (type == CELL_REAL) {
        double v = cell_number(cell);
        if (!isfinite(v))
            return rec_error(r, "%s is %.*s: not a finite number", name, cell.n < 60 ? (int)cell.n : 60, cell.p);
        rec_set_f64(r, name, v);
    } else {
        if (!utf8_valid(cell.p, cell.n))
            return rec_error(r, "%s is not UTF-8: convert the table first, with iconv -f latin1 -t utf8 perhaps",
                             name);
        rec_set_str(r, name, cell.p, cell.n);
    }
    return true;
}

/* ---- columns by name ---- */

static size_t column(const struct csv *c, const char *name, const char *option)
{
    size_t at = csv_find(c, name);
    if (at == SIZE_MAX)
        die(ST_STOPPED, "%s: --%s: no column is called %s; the first line has %s%s%s%s", csv_path(c), option, name,
            csv_name(c, 0), csv_columns(c) > 1 ? ", " : "", csv_columns(c) > 1 ? csv_name(c, 1) : "",
            csv_columns(c) > 2 ? ", ..." : "");
    return at;
}

void cells_mark(const struct csv *c, const struct opt_list *names, const char *option, bool *mark)
{
    for (size_t i = 0; i < names->n; i++) {
        const char *s = names->v[i];
        if (csv_find(c, s) != SIZE_MAX) {       /* a name may have a comma in it */
            mark[csv_find(c, s)] = true;
            continue;
        }
        for (size_t n; ; s += n + 1) {
            n = strcspn(s, ",");
            char *name = mem_text(s, n);
            mark[column(c, name, option)] = true;
            free(name);
            if (!s[n])
                break;
        }
    }
}

bool cells_is_index(const struct csv *c, size_t column)
{
    static const char pandas[] = "Unnamed: 0";
    const char *name = csv_name(c, column);
    size_t n = sizeof pandas - 1;
    return (column == 0 && csv_unnamed(c, 0)) ||
           (strncmp(name, pandas, n) == 0 && (!name[n] || name[n] == '.') &&
            strspn(name + n, ".0123456789") == strlen(name + n));
}

size_t cells_id(const struct csv *c, const char *option, const bool *dropped)
{
    size_t named = csv_find(c, "id");
    if (named != SIZE_MAX && dropped && dropped[named])
        named = SIZE_MAX;
    if (option) {
        size_t at = column(c, option, "id");
        if (named != SIZE_MAX && at != named)
            die(ST_STOPPED, "%s: there is a column id besides %s: %s", csv_path(c), option,
                dropped ? "leave it out with --drop id" : "give it another name");
        return at;
    }
    if (named == SIZE_MAX && cells_is_index(c, 0) && !(dropped && dropped[0]))
        return 0;
    return named;
}
