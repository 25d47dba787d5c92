/* scatter - plot records on a map, as a gnuplot program
 *
 * in      records with xy, or x of which the first two columns are taken; label fields
 * out     text: a program for gnuplot that holds its data
 * memory  20 bytes for each point, and 8 for each panel of it; 80 and the text for each of --names
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/model.h"
#include "drive/pass.h"
#include "drive/picture.h"
#include "drive/slurp.h"
#include "plot/scatter.h"
#include "stream/history.h"
#include "stream/value.h"

static struct {
    const char *in, *shape, *names;
    struct opt_words color;
    struct opt_input pca;
} arg;

static struct scatter s;
static struct scatter_label shape;
static double silhouette;           /* the sum of the points'; NaN if one has none */

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "vector to plot; default xy, or x if there is none"),
    OPT_WORDS_ONCE('c', "color", &arg.color, "A,B,...",
            "fields to show by colour, one panel each; without: cluster, if there is one"),
    OPT_STR('s', "shape", &arg.shape, "FIELD", "field to show by the shape of the marks"),
    OPT_STR(0, "names", &arg.names, "FIELD", "write this field beside the points, where there is room"),
    OPT_FLAG(0, "hull", &s.hull, "outline the classes"),
    OPT_FLAG(0, "density", &s.density, "lines of equal density, inside which 90, 75, 50 and 25 % of the points lie"),
    OPT_INPUT(0, "pca", &arg.pca, "pca's model: axes say their share of the variance"),
    OPT_END
};
static const struct prog prog = {
    .name = "scatter", .brief = "plot records on a map, as a gnuplot program",
    .in = IO_RECORDS, .out = IO_TEXT, .reads = "xy vector", .writes = "a program for gnuplot",
    .opts = opts, .also = picture_also,
};


static bool read_label(struct rec *r, struct scatter_label *l)
{
    struct value v = rec_get(r, l->name);
    int64_t whole = 0;
    uint32_t class = SCATTER_NONE;
    float value = NAN;
    if (!rec_find(r, l->name))
        return rec_lacks(r, l->name, "");
    if (v.type == V_INT || v.type == V_FLOAT)
        value = v.type == V_INT ? (float)v.i : (float)v.f;
    if (value_whole(&v, &whole) && whole == -1)
        class = SCATTER_NOISE;
    else if (v.type == V_FLOAT && !value_whole(&v, &whole))
        l->scale |= isfinite(v.f) != 0;
    else if (v.type != V_NIL && (class = (uint32_t)value_name(&l->classes, &v)) == SCATTER_NONE)
        return value_no_label(r, l->name, &v);
    mem_grow(&l->class, &l->class_cap, s.n + 1, sizeof *l->class);
    mem_grow(&l->value, &l->value_cap, s.n + 1, sizeof *l->value);
    l->class[s.n] = class;
    l->value[s.n] = value;
    l->noise += class == SCATTER_NOISE;
    l->none += class == SCATTER_NONE;
    return true;
}

/* What the options leave open, the first record decides. */
static void choose(struct rec *r)
{
    if (!arg.in && !rec_find(r, "xy") && !rec_find(r, "x"))
        rec_lacks(r, "xy", " and no field x");
    if (!arg.in)
        arg.in = rec_find(r, "xy") ? "xy" : "x";
    if (!arg.color.n && rec_find(r, "cluster"))
        opt_cut(&prog, "color", "cluster", &arg.color);
    s.n_panels = arg.color.n;
    s.panels = mem_zero(s.n_panels, sizeof *s.panels);
    for (size_t i = 0; i < s.n_panels; i++)
        s.panels[i].name = mem_text(arg.color.v[i], strlen(arg.color.v[i]));
    if (arg.shape) {
        shape.name = mem_text(arg.shape, strlen(arg.shape));
        s.shape = &shape;
    }
}

/* The text to write beside the point: the field's, or none of nil. */
static bool read_name(struct rec *r)
{
    static size_t cap;
    struct value v = rec_get(r, arg.names);
    struct msg_buf text = { NULL, 0, 0 };
    if (!rec_find(r, arg.names))
        return rec_lacks(r, arg.names, "");
    if (v.type != V_NIL && !value_text(&v, &text))
        return value_no_label(r, arg.names, &v);
    mem_grow(&s.names, &cap, s.n + 1, sizeof *s.names);
    s.names[s.n] = mem_text(text.n ? (const char *)text.p : "", text.n);
    msg_free(&text);
    return true;
}

static bool add_point(struct rec *r, const struct value *unused, void *state)
{
    static size_t x_cap, y_cap;
    static bool chosen;
    struct row *row = state;
    struct value v;
    (void)unused;
    if (!chosen)
        choose(r);
    chosen = true;
    if (r->error[0] || !rec_need(r, arg.in, &v) || !row_read(r, arg.in, &v, NULL, row))
        return false;
    if (row->d < 2)
        return rec_error(r, "%s has one column, but a map needs two", arg.in);
    for (size_t i = 0; i < s.n_panels; i++)
        if (!read_label(r, s.panels + i))
            return false;
    if (s.shape && !read_label(r, s.shape))
        return false;
    if (arg.names && !read_name(r))
        return false;
    struct value score = rec_get(r, "silhouette");
    silhouette += score.type == V_FLOAT ? score.f : NAN;
    mem_grow(&s.x, &x_cap, s.n + 1, sizeof *s.x);
    mem_grow(&s.y, &y_cap, s.n + 1, sizeof *s.y);
    s.x[s.n] = row->x[0];
    s.y[s.n++] = row->x[1];
    return true;
}

/* What the stream knows of itself, as a title: points, clusters, their mean silhouette. */
static const char *title(void)
{
    static struct str text;
    str_printf(&text, "%zu point%s", s.n, s.n == 1 ? "" : "s");
    for (size_t i = 0; i < s.n_panels; i++)
        if (strcmp(s.panels[i].name, "cluster") == 0 && s.panels[i].classes.n)
            str_printf(&text, ", %zu cluster%s", s.panels[i].classes.n, s.panels[i].classes.n == 1 ? "" : "s");
    if (isfinite(silhouette))
        str_printf(&text, ", silhouette %.3f", silhouette / (double)s.n);
    return text.p;
}

/* What stands along the axes: columns by their names, numbered but on a map, with the share that --pca has. */
static void name_axes(const struct head *head)
{
    static struct str axis[2];
    const struct columns *names = head_columns(head, arg.in);
    size_t parts = 0;
    struct model *model = arg.pca.path ? model_load(&arg.pca, "pca") : NULL;
    double total = model ? model_real(model, "total_variance", 0, DBL_MAX) : 0;
    double *variance = model ? model_f64(model, "variance", 1, &parts) : NULL;
    s.map = strcmp(arg.in, "xy") == 0 || history_ends_with(head, "tsne") || history_ends_with(head, "umap");
    for (size_t i = 0; i < 2; i++) {
        if (names && names->n > i)
            str_text(&axis[i], names->names[i]);
        else if (!s.map)
            str_printf(&axis[i], "%s %zu", arg.in, i + 1);
        if (i < parts && total > 0)
            str_printf(&axis[i], " (%.1f %% of the variance)", 100 * variance[i] / total);
        s.axes[i] = axis[i].p;
    }
    free(variance);
    if (model)
        model_free(model);
}

int main(int argc, char **argv)
{
    char **operands = picture_parse(&prog, argc, argv, &s.page);
    struct rec_in *in = rec_open(&prog, operands, false);
    struct row row = { NULL, 0, 0 };
    if (history_ends_with(rec_head(in), "confusion"))
        die(ST_STOPPED, "a table of confusion is not a map: heatmap draws it; scatter draws records with xy or x (pca -n 2)");
    pass_each(in, &(struct pass){ .what = "points", .only = true }, add_point, &row);
    free(row.x);
    if (s.n == 0)
        die(ST_STOPPED, "no points to draw");
    name_axes(rec_head(in));
    if (!s.page.title)
        s.page.title = title();
    else if (!*s.page.title)
        s.page.title = NULL;
    struct str g = { NULL, 0, 0 };
    scatter_draw(&g, &s);
    rec_close(in);
    for (size_t i = 0; i < s.n_panels; i++)
        scatter_label_free(s.panels + i);
    scatter_label_free(&shape);
    free(s.panels);
    free(s.x);
    free(s.y);
    return picture_write(&g);
}
