/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/scatter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "plot/beside.h"
#include "plot/density.h"

enum { NAME_MOST = 32, NAME_SHOWN = 24 };       /* characters of a class in the legend, of a name beside a point */

/* How class `place` of a panel looks. Classes differ by their marks, too, unless marks tell something else. */
static uint32_t colour_of(const struct scatter_label *l, size_t place)
{
    return gnuplot_colours[(l->first_colour + place) % GNUPLOT_COLOURS];
}

static int mark_of(const struct scatter *s, size_t place)
{
    if (s->page.terminal == GNUPLOT_DUMB)
        return (int)place + 1;          /* letters */
    return gnuplot_marks[s->shape ? 0 : place % GNUPLOT_MARKS];
}

/* The mark of others, noise (a cross) and none (hollow), where there are no letters. */
static int grey_mark(const struct scatter *s, size_t kind)
{
    static const int marks[] = { 7, 2, 6 };
    return s->page.terminal == GNUPLOT_DUMB ? 0 : marks[kind];
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
            str_printf(g, "%s0x%06x", i ? ", " : "", i < shown ? colour_of(l, i) : GNUPLOT_GREY);
        str_printf(g, "]    # of the classes; then of others, noise, none\n");
    }
    str_printf(g, "array mark%zu[%zu] = [", number, all);
    for (size_t i = 0; i < all; i++)
        str_printf(g, "%s%d", i ? ", " : "", i >= shown + (s->page.terminal == GNUPLOT_DUMB) ? grey_mark(s, i - shown)
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
    int size = snprintf(others, sizeof others, "%zu others", k->others);
    bool dumb = s->page.terminal == GNUPLOT_DUMB;
    for (int line = 0; marks && line < 2; line++) {     /* a blank line, and a heading */
        str_printf(g, ", \\\n     keyentry with points pointtype 0 linecolor rgb '#ffffff' title ");
        gnuplot_quote(g, line ? l->name : " ", line ? strlen(l->name) : 1, NAME_MOST);
    }
    for (size_t i = 0; i < k->shown; i++) {
        const struct name *c = l->classes.v + k->shown_name[i];
        entry(g, c->text, c->len, c->count, marks ? gnuplot_marks[i] : mark_of(s, i),
              marks ? 0x606060 : colour_of(l, i));
    }
    if (k->others)
        entry(g, others, (size_t)size, k->others_count, dumb ? mark_of(s, k->shown) : grey_mark(s, 0), GNUPLOT_GREY);
    if (l->noise)
        entry(g, "noise", 5, l->noise, grey_mark(s, 1), GNUPLOT_GREY);
    if (l->none)
        entry(g, "none", 4, l->none, grey_mark(s, 2), GNUPLOT_GREY);
}

/* Whether its classes are numbers, as clusters are. */
static bool numbered(const struct scatter_label *l)
{
    for (size_t i = 0; i < l->classes.n; i++)
        if (l->classes.v[i].kind != NAME_NUMBER)
            return false;
    return l->classes.n > 0;
}

struct held { size_t name, most, label; };      /* a class, and the place of the label that it holds most of */

static int compare_held(const void *a, const void *b)
{
    const struct held *p = a, *q = b;
    if (p->label != q->label)
        return p->label < q->label ? -1 : 1;
    return p->most != q->most ? (p->most > q->most ? -1 : 1) : p->name < q->name ? -1 : 1;
}

/* Let the classes of `clusters` stand in the order of the labels that they hold most of. */
static void order_by_label(const struct scatter *s, struct scatter_label *clusters, const struct scatter_label *labels)
{
    struct ranking *k = &clusters->rank;
    size_t places = labels->rank.shown + 1, *count = mem_zero(k->shown * places + 1, sizeof *count);
    struct held *held = mem_new(k->shown, sizeof *held);
    for (size_t i = 0; i < s->n; i++)
        if (clusters->class[i] < SCATTER_NOISE && labels->class[i] < SCATTER_NOISE && k->rank[clusters->class[i]] < k->shown)
            count[k->rank[clusters->class[i]] * places + labels->rank.rank[labels->class[i]]]++;
    for (size_t i = 0; i < k->shown; i++) {
        held[i] = (struct held){ k->shown_name[i], 0, places };
        for (size_t l = 0; l < places; l++)
            if (count[i * places + l] > held[i].most) {
                held[i].most = count[i * places + l];
                held[i].label = l;
            }
    }
    qsort(held, k->shown, sizeof *held, compare_held);
    for (size_t i = 0; i < k->shown; i++)
        k->rank[k->shown_name[i] = held[i].name] = i;
    free(count);
    free(held);
}

/* Places and colours of all classes. */
static void rank(struct scatter *s)
{
    const struct scatter_label *labels = NULL;
    size_t colour = 0;
    for (size_t i = 0; i < s->n_panels; i++) {
        s->panels[i].rank = names_rank(&s->panels[i].classes, SCATTER_COLOURS);
        if (!labels && !s->panels[i].scale && !numbered(s->panels + i))
            labels = s->panels + i;
    }
    if (s->shape)
        s->shape->rank = names_rank(&s->shape->classes, SCATTER_SHAPES);
    for (size_t i = 0; i < s->n_panels; i++) {
        struct scatter_label *l = s->panels + i;
        if (labels && !l->scale && numbered(l))
            order_by_label(s, l, labels);
        l->first_colour = colour;
        colour += l->scale ? 0 : l->rank.shown;
    }
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

/* Columns of a name in a legend; as a capital letter of DejaVu Sans is a quarter wider than others, four count as five. */
static size_t name_columns(const struct name *name, bool dumb)
{
    size_t columns = str_columns(name->text, name->len), capitals = 0;
    for (size_t i = 0; i < name->len && i < NAME_MOST; i++)
        capitals += name->text[i] >= 'A' && name->text[i] <= 'Z';
    return (columns > NAME_MOST ? NAME_MOST + 1 : columns) + (dumb ? 0 : capitals / 4);
}

/* Where the panels lie, in pixels (of dumb: characters): each `width` x `height`, from `left` on in a column of `column`. */
struct layout { double column, left, width, below, height; };

static struct layout lay_out(const struct scatter *s)
{
    bool dumb = s->page.terminal == GNUPLOT_DUMB;
    double panels = s->n_panels > 1 ? (double)s->n_panels : 1, across = dumb ? 1 : panels, down = dumb ? panels : 1;
    size_t longest = 0;
    for (size_t i = 0; i <= s->n_panels; i++) {
        const struct scatter_label *l = i < s->n_panels ? s->panels + i : s->shape;
        for (size_t k = 0; l && !l->scale && k < l->rank.shown; k++) {
            size_t columns = name_columns(l->classes.v + l->rank.shown_name[k], dumb);
            longest = columns > longest ? columns : longest;
        }
    }
    longest = (longest < 8 ? 8 : longest) + 7;
    bool bare = s->n_panels == 0 && !s->shape;
    struct layout l = { (double)s->page.width / across, dumb ? 8 : s->map && !s->axes[1] ? 14 : s->map ? 34 : 74, 0,
                        dumb ? 3 : s->map && !s->axes[0] ? 14 : s->map ? 34 : 62, 0 };
    double legend = dumb ? (double)longest + 6 : bare ? 16 : 7.2 * (double)longest + 34;
    l.width = fmax(l.column / 3, l.column - l.left - legend);
    l.height = fmax(1, (double)s->page.height / down - l.below - (dumb ? 2 : s->page.title ? 48 : 16));
    return l;
}

struct ends { double low, high; };

static struct ends ends_of(const float *v, size_t n)
{
    struct ends e = { INFINITY, -INFINITY };
    for (size_t i = 0; i < n; i++) {        /* NaN is neither */
        e.low = (double)v[i] < e.low ? (double)v[i] : e.low;
        e.high = (double)v[i] > e.high ? (double)v[i] : e.high;
    }
    return e;
}

/* Let the side with more pixels than it needs begin earlier and end later. A character is twice as high as wide. */
static void same_unit(struct ends *x, struct ends *y, const struct layout *l, bool dumb)
{
    double unit = fmax((x->high - x->low) / l->width, (y->high - y->low) / (l->height * (dumb ? 2 : 1)));
    double more_x = unit * l->width - (x->high - x->low), more_y = unit * l->height * (dumb ? 2 : 1) - (y->high - y->low);
    x->low -= more_x / 2;
    x->high += more_x / 2;
    y->low -= more_y / 2;
    y->high += more_y / 2;
}

/* Corners around each class of three points or more, in a block of each; returns how many. */
static size_t outlines(struct str *g, const struct scatter *s, const struct scatter_label *l)
{
    size_t *at = mem_new(s->n, sizeof *at), drawn = 0;
    str_printf(g, "$hulls << END_OF_HULLS\n");
    for (size_t k = 0; k < l->rank.shown; k++) {
        size_t n = 0;
        for (size_t i = 0; i < s->n; i++)
            if (place_of(l, i) == k + 1)
                at[n++] = i;
        n = beside_hull(s->x, s->y, at, n);
        if (n < 3)
            continue;
        str_printf(g, drawn++ ? "\n\n" : "");
        for (size_t i = 0; i <= n; i++)
            str_printf(g, "%.6g %.6g 0x%06x\n", (double)s->x[at[i % n]], (double)s->y[at[i % n]], colour_of(l, k));
    }
    str_printf(g, "END_OF_HULLS\n");
    free(at);
    return drawn;
}

struct central { size_t at, class, turn; double distance; };

static int compare_class(const void *a, const void *b)
{
    const struct central *p = a, *q = b;
    if (p->class != q->class)
        return p->class < q->class ? -1 : 1;
    return p->distance != q->distance ? (p->distance < q->distance ? -1 : 1) : p->at < q->at ? -1 : 1;
}

static int compare_turn(const void *a, const void *b)
{
    const struct central *p = a, *q = b;
    return p->turn != q->turn ? (p->turn < q->turn ? -1 : 1) : compare_class(a, b);
}

/* All points, of each class of the first panel the nearest to its centre first, then of each the second, and so on. */
static size_t *central_first(const struct scatter *s, const double *x, const double *y)
{
    const struct scatter_label *l = s->n_panels && !s->panels[0].scale ? s->panels : NULL;
    size_t classes = l ? l->rank.shown + 4 : 1;
    double *sum = mem_zero(3 * classes, sizeof *sum);
    struct central *v = mem_new(s->n, sizeof *v);
    for (size_t i = 0; i < s->n; i++) {
        size_t class = l ? place_of(l, i) : 0;
        v[i] = (struct central){ i, class, 0, 0 };
        sum[3 * class] += x[i];
        sum[3 * class + 1] += y[i];
        sum[3 * class + 2]++;
    }
    for (size_t i = 0; i < s->n; i++) {
        const double *c = sum + 3 * v[i].class;
        v[i].distance = hypot(x[i] - c[0] / c[2], y[i] - c[1] / c[2]);
    }
    qsort(v, s->n, sizeof *v, compare_class);
    for (size_t i = 1; i < s->n; i++)
        v[i].turn = v[i].class == v[i - 1].class ? v[i - 1].turn + 1 : 0;
    qsort(v, s->n, sizeof *v, compare_turn);
    size_t *order = mem_new(s->n, sizeof *order);
    for (size_t i = 0; i < s->n; i++)
        order[i] = v[i].at;
    free(v);
    free(sum);
    return order;
}

/* Labels at the middles of the names that have room; of all panels, as their axes are the same. */
static void write_names(struct str *g, const struct scatter *s, const struct layout *at, struct ends ex, struct ends ey)
{
    double room_x = (ex.high - ex.low) * 1.08 / at->width, room_y = (ey.high - ey.low) * 1.08 / at->height;
    double *x = mem_new(mem_mul(5, s->n), sizeof *x), *y = x + s->n, *wide = y + s->n, *to_x = wide + s->n, *to_y = to_x + s->n;
    bool *placed = mem_new(s->n, sizeof *placed);
    if (!(room_x > 0 && room_y > 0))            /* points on one spot or line: gnuplot_range decides how far it goes */
        room_x = room_y = fmax(fmax(room_x, room_y), 1);
    for (size_t i = 0; i < s->n; i++) {
        size_t columns = str_columns(s->names[i], strlen(s->names[i]));
        x[i] = ((double)s->x[i] - ex.low) / room_x + 0.04 / 1.08 * at->width;
        y[i] = ((double)s->y[i] - ey.low) / room_y + 0.04 / 1.08 * at->height;
        wide[i] = columns ? 6 * (double)(columns < NAME_SHOWN ? columns : NAME_SHOWN + 1) + 4 : 0;
    }
    size_t *order = central_first(s, x, y);
    beside_place(&(struct beside){ s->n, x, y, wide, 12, at->width, at->height }, order, placed, to_x, to_y);
    for (size_t i = 0; i < s->n; i++)
        if (placed[i]) {
            str_printf(g, "set label ");
            gnuplot_quote(g, s->names[i], strlen(s->names[i]), NAME_SHOWN);
            str_printf(g, " at %.7g,%.7g center front font ',8' textcolor rgb '#404040'\n",
                       (double)s->x[i] + (to_x[i] - x[i]) * room_x, (double)s->y[i] + (to_y[i] - y[i]) * room_y);
        }
    free(order);
    free(placed);
    free(x);
}

/* Lines of equal density as $contours, the same in all panels. */
static void contours(struct str *g, const struct scatter *s, struct ends x, struct ends y)
{
    struct density *d = mem_new(1, sizeof *d);
    double low[2] = { x.low, y.low }, high[2] = { x.high, y.high };
    for (int axis = 0; axis < 2; axis++) {      /* farther than gnuplot_range goes, also around one value */
        double more = high[axis] > low[axis] ? 0.08 * (high[axis] - low[axis]) : fmax(fabs(low[axis]), 1);
        low[axis] -= more;
        high[axis] += more;
    }
    density_of(s->x, s->y, s->n, low, high, d);
    str_printf(g, "$density << END_OF_DENSITY\n");
    for (size_t j = 0; j < DENSITY_SIDE; j++) {
        for (size_t i = 0; i < DENSITY_SIDE; i++)
            str_printf(g, "%.6g %.6g %.4g\n", low[0] + (double)i * d->step[0], low[1] + (double)j * d->step[1],
                       (double)d->at[j][i]);
        str_printf(g, "\n");
    }
    str_printf(g, "END_OF_DENSITY\nset contour base\nunset surface\nset cntrparam linear levels discrete ");
    for (size_t l = 0; l < DENSITY_LEVELS; l++)
        str_printf(g, "%s%.6g", l ? ", " : "", d->level[l]);
    str_printf(g, "    # 90, 75, 50 and 25 %% of the points are inside\n"
                  "set table $contours\nsplot $density with lines\nunset table\nunset contour\nset surface\n");
    free(d);
}

static void frame(struct str *g, const struct scatter *s, const struct layout *l)
{
    struct ends x = ends_of(s->x, s->n), y = ends_of(s->y, s->n);
    bool dumb = s->page.terminal == GNUPLOT_DUMB;
    if (s->map)
        same_unit(&x, &y, l, dumb);
    if (s->density && !dumb)            /* before there are ranges, at which gnuplot would leave it off */
        contours(g, s, x, y);
    gnuplot_range(g, "x", x.low, x.high, false);
    gnuplot_range(g, "y", y.low, y.high, false);
    if (s->axes[0])
        gnuplot_label(g, "x", s->axes[0]);
    if (s->axes[1])
        gnuplot_label(g, "y", s->axes[1]);
    if (s->map)
        str_printf(g, "unset tics\n%s", dumb ? "" : "set border 15\n");
    if (s->names && !dumb)
        write_names(g, s, l, x, y);
    if (!dumb)
        str_printf(g, "set bmargin at screen %.4f\nset tmargin at screen %.4f\n", l->below / (double)s->page.height,
                   (l->below + l->height) / (double)s->page.height);
}

/* One panel, of label l, whose column in the data is number + 2; or of no label. */
static void panel(struct str *g, const struct scatter *s, const struct layout *at, const struct scatter_label *l, size_t number)
{
    double size = s->n <= 150 ? 1.5 : s->n <= 500 ? 1.2 : s->n <= 2000 ? 0.9 : s->n <= 10000 ? 0.6 : 0.35;
    unsigned clear = s->n <= 500 ? 0x28000000 : s->n <= 5000 ? 0x50000000 : 0x80000000;
    bool dumb = s->page.terminal == GNUPLOT_DUMB, classes = l && !l->scale;
    char mark[40] = "7", colour[40] = "0x0072b2";
    double left = (double)(number ? number - 1 : 0) * at->column + at->left, all = (double)s->page.width;
    if (!dumb)
        str_printf(g, "set lmargin at screen %.4f\nset rmargin at screen %.4f\nset key at screen %.4f,%.4f left top\n",
                   left / all, (left + at->width) / all, (left + at->width + 6) / all,
                   (at->below + at->height) / (double)s->page.height);
    str_printf(g, l && l->scale ? "unset key\nset cbtics\n" : "");
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
    size_t hulls = classes && s->hull && !dumb ? outlines(g, s, l) : 0;
    str_printf(g, "plot ");
    for (size_t i = 0; i < hulls; i++)
        str_printf(g, "$hulls index %zu using 1:2:3 with filledcurves closed fillstyle transparent solid 0.1 noborder "
                      "linecolor rgb variable notitle, \\\n     $hulls index %zu using 1:2:3 with lines "
                      "linecolor rgb variable notitle, \\\n     ", i, i);
    str_printf(g, "$points using 1:2:(%s)", mark);
    if (dumb)
        str_printf(g, " with points pointtype variable notitle");
    else if (l && l->scale)
        str_printf(g, ":%zu with points pointtype variable pointsize %g palette notitle", number + 2, size);
    else
        str_printf(g, ":(%#x + %s) with points pointtype variable pointsize %g linecolor rgb variable notitle", clear,
                   colour, size);
    if (s->density && !dumb)
        str_printf(g, ", \\\n     $contours using 1:2 with lines linewidth 1 linecolor rgb '#808080' notitle");
    if (classes)
        legend(g, s, l, false);
    if (s->shape && !dumb)
        legend(g, s, s->shape, true);
    str_printf(g, "\n");
}

/* The rows of the longest legend, with its headings. */
static size_t legend_rows(const struct scatter *s)
{
    size_t most = 0;
    for (size_t i = 0; i < s->n_panels; i++)
        if (!s->panels[i].scale && s->panels[i].rank.shown + 4 > most)
            most = s->panels[i].rank.shown + 4;
    return most + (s->shape ? s->shape->rank.shown + 5 : 0);
}

void scatter_draw(struct str *g, struct scatter *s)
{
    bool dumb = s->page.terminal == GNUPLOT_DUMB;
    int64_t across = s->n_panels > 1 ? (int64_t)s->n_panels : 1;
    int64_t width = dumb ? 100 : across > 1 ? 820 * across : 960;
    int64_t height = dumb ? 40 * across : across > 1 ? 640 : 720;
    gnuplot_begin(g, "scatter", &s->page, width, height);
    rank(s);
    struct layout at = lay_out(s);
    data(g, s);
    for (size_t i = 0; i < s->n_panels; i++)
        if (!s->panels[i].scale)
            arrays(g, s, s->panels + i, i + 1, false);
    if (s->shape && !dumb)
        arrays(g, s, s->shape, s->n_panels + 1, true);
    if (!dumb)
        gnuplot_axes(g);
    gnuplot_viridis(g);
    frame(g, s, &at);
    double spacing = fmax(0.6, fmin(1.25, at.height / ((double)legend_rows(s) * 14.5 + 1)));
    str_printf(g, "set key %sLeft reverse samplen 0.6 spacing %.3g width 1 font ',%d'\n", dumb ? "outside right top " : "",
               spacing, spacing < 1 ? 8 : 10);
    if (across > 1)
        str_printf(g, dumb ? "set multiplot layout %zu,1" : "set multiplot layout 1,%zu", s->n_panels);
    if (across > 1 && s->page.title) {
        str_printf(g, " title ");
        gnuplot_quote(g, s->page.title, strlen(s->page.title), (size_t)(s->page.width / (dumb ? 1 : 9)));
        str_printf(g, " font ',15'");
    }
    str_printf(g, "\n");
    if (across == 1)
        gnuplot_title(g, &s->page);
    for (size_t i = 0; i < s->n_panels; i++)
        panel(g, s, &at, s->panels + i, i + 1);
    if (!s->n_panels)
        panel(g, s, &at, NULL, 0);
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
