/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/curve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { NAME_MOST = 32 };        /* characters of a series in the legend */

uint32_t curve_series(struct curve *c, const char *y, bool several, const struct name *group)
{
    struct str name = { NULL, 0, 0 };
    size_t number;
    if (!several && group)
        return (uint32_t)names_add(&c->series, group->text, group->len, group->kind, group->number);
    str_text(&name, y);
    if (group) {
        str_text(&name, ", ");
        str_put(&name, group->text, group->len);
    }
    number = names_add(&c->series, name.p, name.n, NAME_TEXT, 0);
    str_free(&name);
    return (uint32_t)number;
}

/* The order of names, in which numbers are sorted: rank[i] of each; the caller frees it. Places of a number come first. */
struct by_number { double number; size_t at; };

static int compare_number(const void *a, const void *b)
{
    const struct by_number *p = a, *q = b;
    return p->number != q->number ? (p->number > q->number ? 1 : -1) : p->at > q->at ? 1 : -1;
}

static size_t *ranks(const struct names *names)
{
    struct by_number *order = mem_new(names->n, sizeof *order);
    for (size_t i = 0; i < names->n; i++)
        order[i] = (struct by_number){ names->v[i].kind == NAME_TEXT ? INFINITY : names->v[i].number, i };
    qsort(order, names->n, sizeof *order, compare_number);
    size_t *rank = mem_new(names->n, sizeof *rank);
    for (size_t i = 0; i < names->n; i++)
        rank[order[i].at] = i;
    free(order);
    return rank;
}

/* From here on series and places are numbered by their rank; names[rank]. */
static const struct name **in_order(const struct names *names, const size_t *rank)
{
    const struct name **v = mem_new(names->n, sizeof *v);
    for (size_t i = 0; i < names->n; i++)
        v[rank[i]] = names->v + i;
    return v;
}

static int compare_x(const void *a, const void *b)
{
    const struct curve_point *p = a, *q = b;
    if (p->series != q->series)
        return p->series < q->series ? -1 : 1;
    return p->x != q->x ? (p->x < q->x ? -1 : 1) : p->y != q->y ? (p->y < q->y ? -1 : 1) : 0;
}

static int compare_y(const void *a, const void *b)
{
    const struct curve_point *p = a, *q = b;
    if (p->series != q->series)
        return p->series < q->series ? -1 : 1;
    return p->y != q->y ? (p->y > q->y ? -1 : 1) : 0;
}

/* Points of one series at one x become one. */
static void merge(struct curve *c)
{
    size_t to = 0;
    for (size_t i = 0, end; i < c->n; i = end) {
        double sum = 0, squares = 0;
        for (end = i; end < c->n && c->v[end].series == c->v[i].series && c->v[end].x == c->v[i].x; end++)
            sum += c->v[end].y;
        double n = (double)(end - i), mean = sum / n;
        for (size_t k = i; k < end; k++)
            squares += (c->v[k].y - mean) * (c->v[k].y - mean);
        c->v[to] = c->v[i];
        if (end > i + 1) {
            c->v[to].y = mean;
            c->v[to].error = sqrt(squares / (n - 1));
        }
        to++;
    }
    c->n = to;
}

/* What is drawn of a series: its points v[first ... end), and how. */
struct drawn { const struct curve *c; const struct name **names; size_t first, end, at, shown; bool dumb; };

static uint32_t colour_of(const struct drawn *d)
{
    return d->at < d->shown ? gnuplot_colours[d->at % GNUPLOT_COLOURS] : GNUPLOT_GREY;
}

static void legend(struct str *g, const struct drawn *d)
{
    const struct name *name = d->names[d->at];
    if (d->c->series.n == 1 || d->at > d->shown) {
        str_printf(g, " notitle");
        return;
    }
    str_printf(g, " title ");
    char others[40];
    int size = snprintf(others, sizeof others, "%zu others", d->c->series.n - d->shown);
    if (d->at == d->shown)
        gnuplot_quote(g, others, (size_t)size, 0);
    else
        gnuplot_quote(g, name->text, name->len, NAME_MOST);
}

static bool has_error(const struct drawn *d)
{
    for (size_t i = d->first; i < d->end; i++)
        if (d->c->v[i].error > 0)
            return true;
    return false;
}

static void data(struct str *g, const struct drawn *d, double shift)
{
    str_printf(g, "$series%zu << END_OF_SERIES\n", d->at + 1);
    for (size_t i = d->first; i < d->end; i++) {
        const struct curve_point *p = d->c->v + i;
        double low = p->error > 0 ? p->y - p->error : p->y, high = p->error > 0 ? p->y + p->error : p->y;
        if (d->c->log_y && low <= 0)
            low = p->y;
        str_printf(g, "%.10g %.10g %.10g %.10g\n", p->x + shift, p->y, low, high);
    }
    str_printf(g, "END_OF_SERIES\n");
}

/* A line, with marks that tell it from others without colour. */
static void line(struct str *g, const struct drawn *d)
{
    size_t n = d->end - d->first, marks = n > 40 ? n / 12 : 1;
    bool alone = d->c->series.n == 1 && n > 40, other = d->at >= d->shown && n > 1;
    if (d->dumb)
        str_printf(g, "$series%zu using 1:2 with %s linetype %zu", d->at + 1, n > 1 ? "lines" : "points", d->at + 1);
    else
        str_printf(g, "$series%zu using 1:2 with %s linewidth %s linecolor rgb '#%06x'", d->at + 1,
                   alone || other ? "lines" : "linespoints", other ? "0.6" : "2", colour_of(d));
    if (!d->dumb && !alone && !other)
        str_printf(g, " pointtype %d pointsize 0.9 pointinterval %zu", gnuplot_marks[d->at % GNUPLOT_MARKS], marks);
    legend(g, d);
}

static void range(struct str *g, const struct curve *c, const char *axis, bool of_x)
{
    double low = INFINITY, high = -INFINITY;
    bool logarithm = of_x ? c->log_x : c->log_y;
    for (size_t i = 0; i < c->n; i++) {
        const struct curve_point *p = c->v + i;
        double at = of_x ? p->x : p->y, by = !of_x && p->error > 0 ? p->error : 0;
        low = fmin(low, logarithm && at - by <= 0 ? at : at - by);
        high = fmax(high, at + by);
    }
    if (!of_x && c->kind != CURVE_LINES && !logarithm) {        /* bars stand on 0 */
        low = fmin(low, 0);
        high = fmax(high, 0);
    }
    gnuplot_range(g, axis, low, high, logarithm);
    if (!of_x && c->kind == CURVE_BARS && low >= 0 && !logarithm)
        str_printf(g, "set yrange [0:]\n");
}

static double room(const struct curve *c)
{
    bool dumb = c->page.terminal == GNUPLOT_DUMB, legend = c->series.n > 1 || c->kind == CURVE_SORTED;
    double margins = dumb ? 14 : !legend ? 110 : c->kind == CURVE_SORTED ? 210 : 260;
    return fmax(1, (double)c->page.width - margins);
}

/* Bars: groups at 0, 1, ..., and in each the series. */
static void bars_axis(struct str *g, const struct curve *c, const struct name **places)
{
    struct gnuplot_tic *tics = mem_new(c->places.n, sizeof *tics);
    for (size_t i = 0; i < c->places.n; i++)
        tics[i] = (struct gnuplot_tic){ (double)i, places[i]->text, places[i]->len };
    str_printf(g, "set xrange [-0.6:%.7g]\nset boxwidth %.4g\nset style fill solid 0.9 border rgb '#404040'\n",
               (double)c->places.n - 0.4, 0.8 / (double)c->series.n);
    gnuplot_tics(g, &c->page, "x", tics, c->places.n, room(c) / ((double)c->places.n + 0.2));
    free(tics);
}

/* A bar. Without colour the first, which is dark, and the second are told apart, and the others by their hatching. */
static void bar(struct str *g, const struct drawn *d)
{
    static const int hatching[] = { 0, 0, 4, 5, 1, 2 };
    int pattern = d->dumb ? 0 : hatching[d->at % 6];
    str_printf(g, "$series%zu using 1:2 with boxes linecolor rgb '#%06x'", d->at + 1, colour_of(d));
    if (d->c->places.n * d->c->series.n > 100)
        str_printf(g, " fill noborder");
    else if (pattern)
        str_printf(g, " fill pattern %d border rgb '#404040'", pattern);
    legend(g, d);
    if (has_error(d))
        str_printf(g, ", \\\n     $series%zu using 1:3:(0):($4-$3) with vectors heads size screen 0.004,90 "
                   "linewidth 1.5 linecolor rgb '#202020' notitle", d->at + 1);
}

static double mean(const struct curve *c)
{
    double sum = 0;
    for (size_t i = 0; i < c->n; i++)
        sum += c->v[i].y;
    return sum / (double)c->n;
}

/* Silhouettes: the points of each series in a row, each as wide as 1. */
static void sorted(struct str *g, struct curve *c, const struct name **names)
{
    size_t gap = 1 + c->n / (10 * c->series.n), at = 0, n = 0;
    struct gnuplot_tic *tics = mem_new(c->series.n, sizeof *tics);
    struct str text = { NULL, 0, 0 };
    for (size_t i = 0, end; i < c->n; i = end, at += gap) {
        size_t begin = at, series = c->v[i].series, from = text.n;
        str_printf(g, "$series%zu << END_OF_SERIES\n", series + 1);
        for (end = i; end < c->n && c->v[end].series == series; end++, at++)
            str_printf(g, "%zu %.10g\n%zu %.10g\n", at, c->v[end].y, at + 1, c->v[end].y);
        str_printf(g, "END_OF_SERIES\n");
        str_put(&text, names[series]->text, names[series]->len);
        str_printf(&text, " (%zu)", end - i);
        tics[n++] = (struct gnuplot_tic){ (double)(begin + at) / 2, NULL, text.n - from };
    }
    size_t from = 0;
    for (size_t i = 0; i < n; from += tics[i++].len)
        tics[i].text = text.p + from;
    str_printf(g, "set xrange [%.7g:%.7g]\nset style fill solid 0.9 noborder\n", -(double)gap, (double)at);
    gnuplot_tics(g, &c->page, "x", tics, n, room(c) / (double)(at + gap));
    str_printf(g, "plot ");
    for (size_t i = 0; i < c->series.n; i++)
        str_printf(g, "$series%zu using 1:2 with %s linecolor rgb '#%06x' notitle, \\\n     ", i + 1,
                   c->page.terminal == GNUPLOT_DUMB ? "impulses" : "filledcurves y=0", gnuplot_colours[i % GNUPLOT_COLOURS]);
    str_printf(g, "%.10g with lines dashtype 2 linewidth 1.5 linecolor rgb '#202020' title 'mean %.3f'\n", mean(c), mean(c));
    str_free(&text);
    free(tics);
}

void curve_draw(struct str *g, struct curve *c)
{
    bool dumb = c->page.terminal == GNUPLOT_DUMB;
    gnuplot_begin(g, "curve", &c->page, dumb ? 100 : 960, dumb ? 36 : 600);
    size_t *rank = ranks(&c->series), *place = ranks(&c->places);
    const struct name **names = in_order(&c->series, rank), **places = in_order(&c->places, place);
    for (size_t i = 0; i < c->n; i++) {
        c->v[i].series = (uint32_t)rank[c->v[i].series];
        if (c->kind == CURVE_BARS)
            c->v[i].x = (double)place[(size_t)c->v[i].x];
    }
    qsort(c->v, c->n, sizeof *c->v, c->kind == CURVE_SORTED ? compare_y : compare_x);
    if (c->kind != CURVE_SORTED)
        merge(c);
    if (!dumb)
        gnuplot_axes(g);
    gnuplot_title(g, &c->page);
    if (c->x)
        gnuplot_label(g, "x", c->x);
    if (c->y)
        gnuplot_label(g, "y", c->y);
    str_printf(g, "%s%sset key outside right top Left reverse samplen 1.8 spacing 1.25 width 1 font ',10'\n",
               c->log_x ? "set logscale x\n" : "", c->log_y ? "set logscale y\n" : "");
    range(g, c, "y", false);
    if (c->kind == CURVE_LINES)
        range(g, c, "x", true);
    else if (c->kind == CURVE_BARS)
        bars_axis(g, c, places);
    struct drawn d = { .c = c, .names = names, .dumb = dumb,
                       .shown = c->series.n > CURVE_SERIES && c->kind == CURVE_LINES ? CURVE_SERIES - 1 : c->series.n };
    struct str plot = { NULL, 0, 0 };
    if (c->kind == CURVE_SORTED)
        sorted(g, c, names);
    for (size_t i = 0; c->kind != CURVE_SORTED && i < c->n; i = d.end) {
        d.first = i;
        d.at = c->v[i].series;
        for (d.end = i; d.end < c->n && c->v[d.end].series == d.at; d.end++)
            ;
        data(g, &d, c->kind == CURVE_BARS ? ((double)d.at - (double)(c->series.n - 1) / 2) * 0.8 / (double)c->series.n : 0);
        str_printf(&plot, "%s", i ? ", \\\n     " : "plot ");
        if (c->kind == CURVE_LINES && has_error(&d) && !dumb)
            str_printf(&plot, "$series%zu using 1:3:4 with filledcurves linecolor rgb '#d0%06x' notitle, \\\n     ", d.at + 1,
                       colour_of(&d));
        if (c->kind == CURVE_BARS)
            bar(&plot, &d);
        else
            line(&plot, &d);
    }
    str_put(g, plot.p, plot.n);
    str_printf(g, "\n");
    str_free(&plot);
    free(rank);
    free(place);
    free(names);
    free(places);
}
