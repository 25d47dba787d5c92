/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "math/sort.h"

struct work {
    const struct cell *cells;   /* of all rows */
    const uint32_t *cell;       /* [n] of each row */
    const double *value;        /* [n] */
    size_t n_cells, n, width;
    struct external whole;
    uint64_t seed;
    double *score;              /* [draws][width] */
};

/* Number labels 0 ... k-1 of those that are left anew, without gaps. */
static uint32_t renumber(uint32_t *to, uint32_t label, uint32_t *next)
{
    if (to[label] == UINT32_MAX)
        to[label] = (*next)++;
    return to[label];
}

static void draw_table(size_t b, void *state)
{
    const struct work *w = state;
    struct rng r;
    size_t n = 0, classes = w->whole.classes, clusters = w->whole.clusters;
    uint64_t *count = mem_zero(w->n_cells, sizeof *count);
    uint32_t *truth = mem_new(classes + clusters, sizeof *truth), *cluster = truth + classes, rows = 0, columns = 0;
    struct cell *cells = mem_new(w->n_cells, sizeof *cells);
    memset(truth, 0xff, (classes + clusters) * sizeof *truth);
    rng_init(&r, w->seed, b);
    for (size_t i = 0; i < w->n; i++)
        count[w->cell[rng_below(&r, w->n)]]++;
    for (size_t i = 0; i < w->n_cells; i++)
        if (count[i])
            cells[n++] = (struct cell){ renumber(truth, w->cells[i].truth, &rows),
                                        renumber(cluster, w->cells[i].cluster, &columns), count[i] };
    struct external e = external_table(cells, n);
    memcpy(w->score + b * w->width, e.score, sizeof e.score);
    free(count);
    free(truth);
    free(cells);
}

static void draw_mean(size_t b, void *state)
{
    const struct work *w = state;
    struct rng r;
    double sum = 0;
    rng_init(&r, w->seed, b);
    for (size_t i = 0; i < w->n; i++)
        sum += w->value[rng_below(&r, w->n)];
    w->score[b] = sum / (double)w->n;
}

/* The interval of column j of score[draws][width]. */
static struct interval interval_of(const struct work *w, size_t draws, size_t j)
{
    struct interval to = { NAN, NAN };
    double *column = mem_new(draws, sizeof *column);
    size_t finite = 0;
    for (size_t b = 0; b < draws; b++) {
        column[b] = w->score[b * w->width + j];
        finite += isfinite(column[b]) != 0;
    }
    if (finite == draws) {
        sort_f64(column, draws);
        to = (struct interval){ sort_quantile(column, draws, 0.025), sort_quantile(column, draws, 0.975) };
    }
    free(column);
    return to;
}

void bootstrap_external(const uint32_t *truth, const uint32_t *cluster, size_t n, size_t draws, uint64_t seed,
                        struct interval interval[EXTERNAL_SCORES])
{
    uint32_t *cell = mem_new(n, sizeof *cell);
    struct work w = { .cell = cell, .n = n, .width = EXTERNAL_SCORES, .seed = seed };
    struct cell *cells = external_cells(truth, cluster, n, cell, &w.n_cells);
    w.cells = cells;
    w.whole = external_table(cells, w.n_cells);
    w.score = mem_new(mem_mul(draws, w.width), sizeof *w.score);
    if (n)
        par_for(draws, draw_table, &w);
    for (size_t j = 0; j < w.width; j++)
        interval[j] = n ? interval_of(&w, draws, j) : (struct interval){ NAN, NAN };
    free(cell);
    free(cells);
    free(w.score);
}

struct interval bootstrap_mean(const double *value, size_t n, size_t draws, uint64_t seed)
{
    struct work w = { .value = value, .n = n, .width = 1, .seed = seed };
    w.score = mem_new(draws, sizeof *w.score);
    if (n)
        par_for(draws, draw_mean, &w);
    struct interval to = n ? interval_of(&w, draws, 0) : (struct interval){ NAN, NAN };
    free(w.score);
    return to;
}
