/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/about.h"
#include "drive/fitted.h"
#include "layout/start.h"
#include "score/map_score.h"

/* Double to single precision. */
static float *narrow(const double *from, size_t n)
{
    float *to = mem_new(n, sizeof *to);
    for (size_t i = 0; i < n; i++)
        to[i] = (float)from[i];
    return to;
}

static double *widen(const float *from, size_t n)
{
    double *to = mem_new(n, sizeof *to);
    for (size_t i = 0; i < n; i++)
        to[i] = (double)from[i];
    return to;
}

static void read_vectors(struct chart *c, const struct prog *prog, const struct model_part *parts, char **operands)
{
    struct rec_in *in = rec_open(prog, operands, true);
    if (c->model.path)
        fitted_load(prog, &c->model, parts, NULL, in, c->in);
    c->s = slurp_read(in, c->in, c->out);
    if (!c->model.path)
        slurp_note_scales(c->s);
    else if (c->old.dims != (size_t)c->components)
        die(ST_STREAM, "%s: its map has %zu dimensions, not %d", c->model.path, c->old.dims, (int)c->components);
    else if (c->s->n && c->s->d != c->old.d)
        die(ST_STOPPED, "%s has %zu numbers, but the map %s was made of %zu", c->in, c->s->d, c->model.path, c->old.d);
    c->xy = mem_zero(mem_mul(c->s->n, (size_t)c->components), sizeof *c->xy);
}

struct neighbours chart_neighbours(struct chart *c, size_t k)
{
    struct slurp *s = c->s;
    size_t most = c->model.path ? c->old.n : s->n ? s->n - 1 : 0;
    struct neighbours found = { .k = k < most ? k : most };
    budget_need((double)s->n * ((double)found.k * 12 + 8 * (double)s->d), "the list of neighbours");
    found.index = mem_new(mem_mul(s->n, found.k), sizeof *found.index);
    found.distance = mem_new(mem_mul(s->n, found.k), sizeof *found.distance);
    if (!c->model.path) {
        c->near = near_new(s->x, s->n, s->d, (enum near_metric)c->metric);
        about_knn(c->near, s, found.k, c->exact, found.index, found.distance);
    } else if (s->n) {
        float *x = narrow(c->old.x, c->old.n * c->old.d);
        struct near *near = near_new(x, c->old.n, s->d, (enum near_metric)c->metric);
        near_knn_of(near, s->x, s->n, found.k, found.index, found.distance);
        near_free(near);
        free(x);
    }
    return found;
}

float *chart_old(const struct chart *c)
{
    return narrow(c->old.xy, c->old.n * c->old.dims);
}

/* A record's place in the field of --init. */
struct starting { struct chart *c; struct row row; };

static void start_at(struct rec *r, size_t row, void *state)
{
    struct starting *t = state;
    struct chart *c = t->c;
    struct value v;
    if (row == SLURP_NO_ROW)
        return;
    if (!rec_need(r, c->init, &v) || !row_read(r, c->init, &v, NULL, &t->row))
        die(ST_STOPPED, "%s: --init %s: %s: it is %s or a field with places", REC_ID(r), c->init,
            r->error[0] ? r->error : "it is nil", c->ways);
    if (t->row.d != (size_t)c->components)
        die(ST_STOPPED, "%s: --init %s: it has %zu numbers, a map of %d dimensions needs %d", REC_ID(r), c->init, t->row.d,
            (int)c->components, (int)c->components);
    memcpy(c->xy + row * t->row.d, t->row.x, t->row.d * sizeof *c->xy);
}

void chart_begin(struct chart *c, const char *init, double deviation)
{
    size_t n = c->s->n, dims = (size_t)c->components;
    if (strcmp(init, "pca") == 0) {
        budget_need(8 * (double)c->s->d * (double)c->s->d, "the covariance");
        start_pca(c->s->x, n, c->s->d, dims, c->seed, c->xy);
        for (size_t i = 0; i < n * dims; i++)
            if (!isfinite(c->xy[i]))
                die(ST_STOPPED, "%s holds numbers that are too large for a start by PCA: scale them, or --init random", c->in);
    } else if (strcmp(init, "random") == 0) {
        start_random(n, dims, c->seed, c->xy);
    } else {
        struct starting t = { .c = c };
        slurp_again(c->s, start_at, &t);
        free(t.row.x);
    }
    start_scale(c->xy, n, dims, deviation);
}

void chart_save(struct chart *c, const struct prog *prog, const struct model_part *parts)
{
    struct slurp *s = c->s;
    if (!c->save)
        return;
    budget_need(8 * (double)s->n * (double)s->d, "a copy of the vectors");
    c->old.n = s->n;
    c->old.d = s->d;
    c->old.dims = (size_t)c->components;
    c->old.x = widen(s->x, s->n * s->d);
    c->old.xy = widen(c->xy, s->n * c->old.dims);
    fitted_save(prog, c->save, parts, s->in, c->in);
}

double chart_trust(const struct chart *c)
{
    size_t n = c->s->n, most = n ? 20000000 / n + 1 : 0;
    struct near *map = near_new(c->xy, n, (size_t)c->components, NEAR_EUCLIDEAN);
    double trust = map_trustworthiness(c->near, map, n, CHART_NEAREST, most);
    near_free(map);
    return trust;
}

int chart_run(struct chart *c, const struct prog *prog, const struct model_part *parts, char **operands,
              void (*make)(void), void (*place)(void))
{
    read_vectors(c, prog, parts, operands);
    if (c->s->records)
        c->model.path ? place() : make();
    int status = slurp_annotate(c->s, rec_create(prog, c->s->in), (struct column[]){
        { .field = c->out, .type = COL_VECTOR, .data = c->xy, .d = (size_t)c->components },
        { .field = NULL },
    });
    near_free(c->near);
    free(c->xy);
    return status;
}
