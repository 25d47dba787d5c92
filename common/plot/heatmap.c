/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/heatmap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool heatmap_shares(float *v, size_t rows, size_t columns)
{
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t k = 0; k < columns; k++) {
            if (v[i * columns + k] < 0)
                return false;
            sum += (double)v[i * columns + k];
        }
        for (size_t k = 0; k < columns && sum > 0; k++)
            v[i * columns + k] = (float)((double)v[i * columns + k] / sum);
    }
    return true;
}

/* Block `to` of `most` has rows from * ... of n. */
static size_t from(size_t to, size_t n, size_t most) { return (size_t)((double)n * (double)to / (double)most); }

/* Let v[rows][columns] have most_rows and most_columns at most: means of what falls together. */
static void shrink(float *v, size_t *rows, size_t *columns, size_t most_rows, size_t most_columns)
{
    size_t r = *rows < most_rows ? *rows : most_rows, c = *columns < most_columns ? *columns : most_columns;
    if (r == *rows && c == *columns)
        return;
    for (size_t i = 0; i < r; i++) {            /* what is written lies before all that is still to be read */
        double *sum = mem_zero(c, sizeof *sum);
        size_t first = from(i, *rows, r), end = from(i + 1, *rows, r);
        for (size_t k = 0; k < c; k++) {
            size_t left = from(k, *columns, c), right = from(k + 1, *columns, c);
            for (size_t a = first; a < end; a++)
                for (size_t b = left; b < right; b++)
                    sum[k] += (double)v[a * *columns + b];
            sum[k] /= (double)(end - first) * (double)(right - left);
        }
        for (size_t k = 0; k < c; k++)
            v[i * c + k] = (float)sum[k];
        free(sum);
    }
    *rows = r;
    *columns = c;
}

double heatmap_cosines_bytes(size_t n, size_t most)
{
    size_t m = n < most ? n : most;
    return (double)m * (double)m * sizeof(float);
}

float *heatmap_cosines(float *x, size_t n, size_t d, size_t most, size_t *rows)
{
    for (size_t i = 0; i < n; i++) {
        double squares = 0;
        for (size_t k = 0; k < d; k++)
            squares += (double)x[i * d + k] * (double)x[i * d + k];
        for (size_t k = 0; k < d && squares > 0; k++)
            x[i * d + k] = (float)((double)x[i * d + k] / sqrt(squares));
    }
    size_t columns = d;
    shrink(x, &n, &columns, most, d);
    float *v = mem_new(mem_mul(n, n), sizeof *v);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double dot = 0;
            for (size_t k = 0; k < d; k++)
                dot += (double)x[i * d + k] * (double)x[j * d + k];
            v[i * n + j] = v[j * n + i] = (float)dot;
        }
    *rows = n;
    return v;
}

/* The picture in numbers: cells of v[rows][columns] stand for more of the table. */
struct scale { double low, high, cell_width, cell_height; size_t longest; int digits; bool numbers; };

/* Digits behind the point that tell the values apart: none of whole numbers, else two. */
static struct scale look(const struct heatmap *h, double width, double height)
{
    struct scale s = { INFINITY, -INFINITY, width / (double)h->columns, height / (double)h->rows, 0, 0, false };
    for (size_t i = 0; i < h->rows * h->columns; i++) {
        double v = (double)h->v[i];
        s.low = fmin(s.low, v);
        s.high = fmax(s.high, v);
        s.digits = v != floor(v) ? 2 : s.digits;
    }
    double most = fmax(fabs(s.low), fabs(s.high));
    s.longest = (size_t)(most >= 10 ? floor(log10(most)) + 1 : 1) + (s.digits ? 3 : 0) + (s.low < 0);
    bool dumb = h->page.terminal == GNUPLOT_DUMB;
    s.numbers = most < 1e7 && (dumb ? (double)s.longest + 1 <= s.cell_width && s.cell_height >= 1
                                    : 7 * (double)s.longest + 4 <= s.cell_width && s.cell_height >= 14);
    if (!h->levels && s.low >= 0)
        s.low = 0;
    else if (!h->levels)
        s.low = -(s.high = most);
    if (!(s.high > s.low))
        s.high = s.low + 1;
    return s;
}

/* Where a cell lies, as an expression of the program: the middle of the columns that it stands for, on the axis. */
static void place(struct str *g, const char *column, size_t cells, size_t of, const struct heatmap_axis *axis)
{
    double per = axis->n_tics ? 1 : axis->per, step = (double)of / (double)cells;
    str_printf(g, "(%.10g+%.10g*%s)", (step / 2 - 0.5) / per, step / per, column);
}

/* Half of its size on that axis. */
static double half(size_t cells, size_t of, const struct heatmap_axis *axis)
{
    return (double)of / (double)cells / 2 / (axis->n_tics ? 1 : axis->per);
}

/* Returns how many pixels of the side its names take. */
static double axis(struct str *g, const struct heatmap *h, const char *name, const struct heatmap_axis *a, size_t n,
                   double room)
{
    bool down = name[0] == 'y' && !h->up;
    double per = a->n_tics ? 1 : a->per, low = -0.5 / per, high = ((double)n - 0.5) / per;
    str_printf(g, "set %srange [%.10g:%.10g]\n", name, down ? high : low, down ? low : high);
    if (a->label)
        gnuplot_label(g, name, a->label);
    return a->n_tics ? gnuplot_tics(g, &h->page, name, a->tics, a->n_tics, room / (double)n) : name[0] == 'y' ? 45 : 12;
}

/* A number or mark in each cell, and its colour. */
static void texts(struct str *g, const struct heatmap *h, const struct scale *s)
{
    static const char marks[] = " .:-=+*#%@";
    str_printf(g, "$texts << END_OF_TEXTS\n");
    for (size_t i = 0; i < h->rows; i++)
        for (size_t k = 0; k < h->columns; k++) {
            double v = (double)h->v[i * h->columns + k], share = (v - s->low) / (s->high - s->low);
            bool dark = h->levels ? share < 0.6 : s->low < 0 ? fabs(share - 0.5) > 0.3 : share > 0.55;
            if (s->numbers)
                str_printf(g, "%zu %zu %.*f %s\n", k, i, s->digits, v, dark ? "0xffffff" : "0x303030");
            else
                str_printf(g, "%zu %zu \"%c\" 0\n", k, i, marks[(int)fmin(9, fmax(0, share * 10))]);
        }
    str_printf(g, "END_OF_TEXTS\n");
}

static void data(struct str *g, const struct heatmap *h)
{
    str_printf(g, "$cells << END_OF_CELLS\n");
    for (size_t i = 0; i < h->rows; i++) {
        for (size_t k = 0; k < h->columns; k++)
            str_printf(g, "%s%.4g", k ? " " : "", (double)h->v[i * h->columns + k]);
        str_printf(g, "\n");
    }
    str_printf(g, "END_OF_CELLS\n");
}

static void colours(struct str *g, const struct heatmap *h, const struct scale *s)
{
    if (h->levels)
        gnuplot_viridis(g);
    else if (s->low < 0)
        str_printf(g, "set palette defined (-2 '#00417d', -1 '#5aa5d2', 0 '#ffffff', 1 '#e69f00', 2 '#963200')\n");
    else
        str_printf(g, "set palette defined (0 '#ffffff', 1 '#9ecae8', 2 '#0072b2', 3 '#00284f')\n");
    str_printf(g, "set cbrange [%.7g:%.7g]\nset colorbox noborder\n", s->low, s->high);
    if (h->scale)
        gnuplot_label(g, "cb", h->scale);
}

/* Lines between groups, in numbers of rows, which both axes count. */
static void bounds(struct str *g, const struct heatmap *h, size_t n)
{
    for (size_t i = 0; i < h->n_bounds; i++) {
        double at = (double)h->bounds[i] - 0.5, end = (double)n - 0.5;
        const char *look = "nohead front linewidth 0.7 linecolor rgb '#202020'";
        str_printf(g, "set arrow from %g,-0.5 to %g,%g %s\nset arrow from -0.5,%g to %g,%g %s\n",
                   at, at, end, look, at, end, at, look);
    }
}

/* The axes, and the room that is left for cells, in pixels or characters. */
static void frame(struct str *g, const struct heatmap *h, size_t rows, size_t columns, double *width, double *height)
{
    double all = (double)h->page.width, high = (double)h->page.height;
    if (h->page.terminal == GNUPLOT_DUMB) {
        *width = fmax(1, all - 12);
        *height = fmax(1, high - 5);
        axis(g, h, "x", &h->x, columns, *width - 6);
        axis(g, h, "y", &h->y, rows, *height);
        return;
    }
    struct str twice = { NULL, 0, 0 };          /* how long the names on the left are does not depend on the height */
    double left = fmin(all / 3, axis(&twice, h, "y", &h->y, rows, high) + (h->y.label ? 60 : 24));
    str_free(&twice);
    *width = fmax(1, all - left - fmin(all / 4, h->scale ? 135 : 110));
    double below = fmin(high / 2, axis(g, h, "x", &h->x, columns, *width) + (h->x.label ? 55 : 24));
    double above = fmin(high / 4, h->page.title ? 50 : 15);
    *height = fmax(1, high - below - above);
    axis(g, h, "y", &h->y, rows, *height);
    str_printf(g, "set lmargin at screen %.4f\nset rmargin at screen %.4f\nset bmargin at screen %.4f\n"
                  "set tmargin at screen %.4f\n", left / all, (left + *width) / all, below / high, (below + *height) / high);
}

void heatmap_draw(struct str *g, struct heatmap *h)
{
    bool dumb = h->page.terminal == GNUPLOT_DUMB;
    size_t rows = h->y.n ? h->y.n : h->rows, columns = h->x.n ? h->x.n : h->columns;
    double width, height;
    gnuplot_begin(g, "heatmap", &h->page, dumb ? 100 : 960, dumb ? 40 : 720);
    if (!dumb) {
        gnuplot_axes(g);
        str_printf(g, "unset grid\nset border 0\n");
    }
    gnuplot_title(g, &h->page);
    frame(g, h, rows, columns, &width, &height);
    shrink(h->v, &h->rows, &h->columns, (size_t)height, (size_t)width);
    struct scale s = look(h, width, height);
    s.numbers = s.numbers && h->rows == rows && h->columns == columns;
    if (dumb || s.numbers)
        texts(g, h, &s);
    if (!dumb) {
        data(g, h);
        colours(g, h, &s);
        bounds(g, h, rows);
    }
    str_printf(g, "unset key\nplot ");
    if (!dumb) {
        /* Rectangles are sharp in every picture, but many narrow ones have seams; an image has 2 x 2 cells or more. */
        bool few = fmin(s.cell_width, s.cell_height) >= 8 || h->rows < 2 || h->columns < 2;
        str_printf(g, "$cells matrix using ");
        place(g, "$1", h->columns, columns, &h->x);
        str_printf(g, ":");
        place(g, "$2", h->rows, rows, &h->y);
        if (few)
            str_printf(g, ":(%.10g):(%.10g):3 with boxxyerror fillstyle solid noborder linecolor palette",
                       half(h->columns, columns, &h->x), half(h->rows, rows, &h->y));
        else
            str_printf(g, ":3 with image");
    }
    if (dumb || s.numbers) {
        str_printf(g, dumb ? "$texts using " : ", \\\n     $texts using ");
        place(g, "$1", h->columns, columns, &h->x);
        str_printf(g, ":");
        place(g, "$2", h->rows, rows, &h->y);
        str_printf(g, dumb ? ":3 with labels" : ":3:4 with labels textcolor rgb variable font ',9'");
    }
    str_printf(g, "\n");
}
