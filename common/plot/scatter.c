/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/scatter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

enum { NAME_MOST = 32 };        /* characters of a class in the legend */

/* How class `place` of a panel looks: eight colours, then again in other marks, or, where
 * marks tell something else, darker and then lighter. */
static uint32_t colour_of(const struct scatter *s, size_t place)
{
    uint32_t c = gnuplot_colours[place % GNUPLOT_OKABE_ITO], mixed = 0;
    size_t round = s->shape ? place / GNUPLOT_OKABE_ITO : 0;
    for (int shift = 0; shift < 24; shift += 8) {
        uint32_t part = c >> shift & 0xff;
        mixed |= (round == 0 ? part : round == 1 ? part * 55 / 100 : 255 - (255 - part) * 45 / 100) << shift;
    }
    return mixed;
}

static int mark_of(const struct scatter *s, size_t place)
{
    if (s->page.terminal == GNUPLOT_DUMB)
        return (int)place + 1;          /* letters */
    return s->shape ? gnuplot_marks[0] : gnuplot_marks[place / GNUPLOT_OKABE_ITO];
}

/* The mark of noise and of none, and of the others where there are no letters. */
static int grey_mark(const struct scatter *s, bool marks)
{
    return s->page.terminal == GNUPLOT_DUMB ? 0 : marks ? 2 : gnuplot_marks[0];
}

/* The place of a point in the arrays of a label: from 1; the others, noise and none last. */
static size_t place_of(const struct scatter_label *l, size_t point)
{
    uint32_t class = l->class[point];
    size_t shown = l->rank.shown;
    return class == SCATTER_NOISE ? shown + 2 : class == SCATTER_NONE ? shown + 3 : l->rank.rank[class] + 1;
}

/* Colours and marks of the places of a label, as arrays that a person can change. */
static void arrays(struct str *g, const struct scatter *s, const struct scatter_label *l, size_t number, bool marks)
{
    size_t shown = l->rank.shown, all = shown + 3;
    if (!marks) {
        str_printf(g, "array colour%zu[%zu] = [", number, all);
        for (size_t i = 0; i < all; i++)
            str_printf(g, "%s0x%06x", i ? ", " : "", i < shown ? colour_of(s, i) : GNUPLOT_GREY);
        str_printf(g, "]    # of the classes; then of others, noise, none\n");
    }
    str_printf(g, "array mark%zu[%zu] = [", number, all);
    for (size_t i = 0; i < all; i++)
        str_printf(g, "%s%d", i ? ", " : "", i >= shown + (s->page.terminal == GNUPLOT_DUMB) ? grey_mark(s, marks)
                   : marks ? gnuplot_marks[i] : mark_of(s, i));
    str_printf(g, "]\n");
}

static void entry(struct str *g, const char *name, size_t len, size_t count, int mark, uint32_t colour)
{
    str_printf(g, ", \\\n     keyentry with points pointtype %d pointsize 1.4 linecolor rgb '#%06x' title ", mark,
               colour);
    gnuplot_quote(g, name, len, NAME_MOST);
    str_printf(g, ".' (%zu)'", count);
}

/* The legend of a label, by colour or by marks. */
static void legend(struct str *g, const struct scatter *s, const struct scatter_label *l, bool marks)
{
    const struct ranking *k = &l->rank;
    char others[40];
    int size = snprintf(others, sizeof others, "%zu others", k->others), grey = grey_mark(s, marks);
    bool dumb = s->page.terminal == GNUPLOT_DUMB;
    for (int line = 0; marks && line < 2; line++) {     /* a blank line, and a heading */
        str_printf(g, ", \\\n     keyentry with points pointtype 0 linecolor rgb '#ffffff' title ");
        gnuplot_quote(g, line ? l->name : " ", line ? strlen(l->name) : 1, NAME_MOST);
    }
    for (size_t i = 0; i < k->shown; i++) {
        const struct name *c = l->classes.v + k->shown_name[i];
        entry(g, c->text, c->len, c->count, marks ? gnuplot_marks[i] : mark_of(s, i),
              marks ? 0x606060 : colour_of(s, i));
    }
    if (k->others)
        entry(g, others, (size_t)size, k->others_count, dumb ? mark_of(s, k->shown) : grey, GNUPLOT_GREY);
    if (l->noise)
        entry(g, "noise", 5, l->noise, grey, GNUPLOT_GREY);
    if (l->none)
        entry(g, "none", 4, l->none, grey, GNUPLOT_GREY);
}

/* The order of drawing: what is grey in the first panel below, the rest shuffled, so that no
 * class hides another only by coming later. The caller frees it. */
static size_t *order(const struct scatter *s)
{
    size_t *points = mem_new(s->n, sizeof *points), grey = 0, rest = s->n;
    for (size_t i = 0; i < s->n; i++) {
        const struct scatter_label *first = s->n_panels ? s->panels : NULL;
        bool below = first && !first->scale && place_of(first, i) > first->rank.shown;
        points[below ? grey++ : --rest] = i;
    }
    struct rng rng;
    rng_init(&rng, 0, 0);
    rng_shuffle(&rng, points + grey, s->n - grey);
    return points;
}

/* x, y, of each panel the place of the class or the value, and the place of the shape. */
static void data(struct str *g, const struct scatter *s)
{
    size_t *points = order(s);
    str_printf(g, "$points << END_OF_POINTS\n");
    for (size_t i = 0; i < s->n; i++) {
        size_t at = points[i];
        str_printf(g, "%.6g %.6g", (double)s->x[at], (double)s->y[at]);
        for (size_t k = 0; k < s->n_panels; k++) {
            const struct scatter_label *l = s->panels + k;
            if (!l->scale)
                str_printf(g, " %zu", place_of(l, at));
            else if (isfinite(l->value[at]))
                str_printf(g, " %.6g", (double)l->value[at]);
            else
                str_printf(g, " NaN");
        }
        if (s->shape)
            str_printf(g, " %zu", place_of(s->shape, at));
        str_printf(g, "\n");
    }
    str_printf(g, "END_OF_POINTS\n");
    free(points);
}

static void axis(struct str *g, const char *name, const char *label, const float *v, size_t n)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {        /* NaN is neither */
        low = (double)v[i] < low ? (double)v[i] : low;
        high = (double)v[i] > high ? (double)v[i] : high;
    }
    gnuplot_range(g, name, low, high, false);
    gnuplot_label(g, name, label);
}

/* One panel, of label l, whose column in the data is number + 2; or of no label. */
static void panel(struct str *g, const struct scatter *s, const struct scatter_label *l, size_t number)
{
    double size = s->n <= 150 ? 1.5 : s->n <= 500 ? 1.2 : s->n <= 2000 ? 0.9 : s->n <= 10000 ? 0.6 : 0.35;
    unsigned clear = s->n <= 500 ? 0x28000000 : s->n <= 5000 ? 0x50000000 : 0x80000000;
    bool dumb = s->page.terminal == GNUPLOT_DUMB, classes = l && !l->scale;
    char mark[40] = "7", colour[40] = "0x0072b2";
    if (l) {
        str_printf(g, l->scale ? "set cblabel " : "set key title ");
        gnuplot_quote(g, l->name, strlen(l->name), 60);
        str_printf(g, l->scale ? "\n" : " left font ',12'\n");
    }
    if (classes)
        snprintf(colour, sizeof colour, "colour%zu[$%zu]", number, number + 2);
    if (s->shape && !dumb)
        snprintf(mark, sizeof mark, "mark%zu[$%zu]", s->n_panels + 1, s->n_panels + 3);
    else if (classes)
        snprintf(mark, sizeof mark, "mark%zu[$%zu]", number, number + 2);
    str_printf(g, "plot $points using 1:2:(%s)", mark);
    if (dumb)
        str_printf(g, " with points pointtype variable notitle");
    else if (l && l->scale)
        str_printf(g, ":%zu with points pointtype variable pointsize %g palette notitle", number + 2, size);
    else
        str_printf(g, ":(%#x + %s) with points pointtype variable pointsize %g linecolor rgb variable notitle", clear,
                   colour, size);
    if (classes)
        legend(g, s, l, false);
    if (s->shape && !dumb)
        legend(g, s, s->shape, true);
    str_printf(g, "\n");
}

void scatter_draw(struct str *g, struct scatter *s)
{
    bool dumb = s->page.terminal == GNUPLOT_DUMB;
    int64_t across = s->n_panels > 1 ? (int64_t)s->n_panels : 1;
    int64_t width = dumb ? 100 : across > 1 ? 820 * across : 960;
    int64_t height = dumb ? 40 * across : across > 1 ? 640 : 720;
    gnuplot_begin(g, "scatter", &s->page, width, height);
    for (size_t i = 0; i < s->n_panels; i++)
        s->panels[i].rank = names_rank(&s->panels[i].classes, SCATTER_COLOURS);
    if (s->shape)
        s->shape->rank = names_rank(&s->shape->classes, SCATTER_SHAPES);
    data(g, s);
    for (size_t i = 0; i < s->n_panels; i++)
        if (!s->panels[i].scale)
            arrays(g, s, s->panels + i, i + 1, false);
    if (s->shape && !dumb)
        arrays(g, s, s->shape, s->n_panels + 1, true);
    if (!dumb)
        gnuplot_axes(g);
    gnuplot_viridis(g);
    axis(g, "x", s->axes[0], s->x, s->n);
    axis(g, "y", s->axes[1], s->y, s->n);
    str_printf(g, "set key outside right top Left reverse samplen 0.6 spacing 1.25 width 1 font ',10'\n");
    if (across > 1)
        str_printf(g, dumb ? "set multiplot layout %zu,1" : "set multiplot layout 1,%zu", s->n_panels);
    if (s->page.title) {
        str_printf(g, across > 1 ? " title " : "set title ");
        gnuplot_quote(g, s->page.title, strlen(s->page.title), 0);
        str_printf(g, " font ',15'");
    }
    str_printf(g, "\n");
    for (size_t i = 0; i < s->n_panels; i++)
        panel(g, s, s->panels + i, i + 1);
    if (!s->n_panels)
        panel(g, s, NULL, 0);
    if (across > 1)
        str_printf(g, "unset multiplot\n");
}

void scatter_label_free(struct scatter_label *l)
{
    free(l->name);
    free(l->class);
    free(l->value);
    names_free(&l->classes);
    ranking_free(&l->rank);
}
