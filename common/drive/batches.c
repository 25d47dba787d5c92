/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/batches.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/minibatch.h"
#include "drive/fitted.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "drive/scales.h"
#include "drive/starts.h"
#include "drive/table.h"

enum { BLOCK = 1024 };          /* records that are labelled together */

static struct {
    struct batches b;
    struct table *table;
    struct row row;
    float *x;                   /* [BLOCK][d] */
    int32_t label[BLOCK];
    double distance[BLOCK];
    size_t n, out;              /* of the block: those in it, and those that are written */
    char *side;                 /* the distances' field */
} run;

void batches_note_unused(const struct kmeans *m, size_t k)
{
    if (m->used < k)
        warn("only %zu of %zu clusters have members: there are no more distinct vectors", m->used, k);
}

/* ---- the fit ---- */

static void fetch_row(size_t i, float *x, void *unused)
{
    (void)unused;
    table_row(run.table, i, x);
}

static void tick(size_t step, void *unused)
{
    (void)unused;
    progress_at(step, NULL);
}

static bool claim(struct rec *r, void *unused)
{
    (void)unused;
    item_claim(r, run.b.arg->out);
    return true;
}

/* Of the first vectors, whether their columns are scaled alike. */
static void note_scales(const struct rec_in *in)
{
    size_t d = run.table->d, n = run.table->n < 1000 ? run.table->n : 1000;
    float *x = mem_new(mem_mul(n, d), sizeof *x);
    for (size_t i = 0; i < n; i++)
        table_row(run.table, i, x + i * d);
    scales_note(x, n, d, run.b.arg->in, rec_head(in));
    free(x);
}

static void fit(struct rec_in *in)
{
    struct clusters *arg = run.b.arg;
    size_t k = (size_t)arg->scan.k.first, size = (size_t)run.b.size->first;
    struct table *t = run.table = table_open(in, arg->in, 1, true, claim, NULL);
    note_scales(in);
    double *init = starts_read(&arg->init, arg->in, t->d, &k);
    scan_possible(&(struct slurp){ .n = t->n }, k);
    budget_need(minibatch_bytes(t->n, t->d, k, size), "the batches");
    pass_progress(in, 0, "batches");
    struct kmeans *m = minibatch_fit(t->n, t->d, &(struct minibatch_options){
        .k = k, .batch = size, .n_init = (size_t)arg->n_init, .max_iter = (size_t)arg->max_iter, .seed = arg->seed,
        .init = init, .row = fetch_row, .tick = tick });
    progress_clear();
    *run.b.m = *m;
    *run.b.records = t->n;
    if (!progress_quiet)
        warn("inertia %.6g after %zu batches", m->inertia, m->n_iter);
    batches_note_unused(m, k);
    if (!m->converged)
        warn("no convergence within %zu passes: the output is valid; --max-iter allows more", (size_t)arg->max_iter);
    table_close(t);
    free(init);
    free(m);
}

/* ---- the labels ---- */

static bool take(struct rec *r, const struct value *v, void *unused)
{
    size_t d = run.row.d = run.b.m->d;
    (void)unused;
    if (!row_read(r, run.b.arg->in, v, fitted_names.in, &run.row))
        return false;
    if (!run.x)
        run.x = mem_new(mem_mul(BLOCK, d), sizeof *run.x);
    memcpy(run.x + run.n++ * d, run.row.x, d * sizeof *run.x);
    return true;
}

static bool full(size_t n, void *unused)
{
    (void)unused;
    if (n == 0)
        run.n = run.out = 0;
    return n == BLOCK;
}

static void label(void *unused)
{
    (void)unused;
    kmeans_label(run.b.m, run.x, run.n, run.label);
    kmeans_distance(run.b.m, run.x, run.n, run.label, run.distance);
}

static bool finish(struct rec *r, void *unused)
{
    (void)unused;
    item_note_side(r, run.side);
    rec_set_int(r, run.b.arg->out, run.label[run.out]);
    rec_set_f64(r, run.side, run.distance[run.out++]);
    return true;
}

static void unset(struct rec *r)
{
    item_note_side(r, run.side);
    rec_set_nil(r, run.side);
}

int batches_run(const struct prog *prog, const struct batches *b, char **operands)
{
    struct clusters *arg = b->arg;
    run.b = *b;
    if (b->size->last > b->size->first || strchr(b->size->text, ':'))
        opt_misuse(prog, "--batch '%s' is not a number of vectors", b->size->text);
    if (scan_wanted(&arg->scan, prog))
        opt_misuse(prog, "--batch needs a single number of clusters");
    run.side = item_side(arg->out, "cluster", "distance");
    int status = fitted_run(prog, &(struct fitted){
        .map = { .in = arg->in, .out = arg->out, .keep = true, .process = take, .full = full, .together = label,
                 .finish = finish, .unset = unset },
        .model = &arg->model, .save = arg->save, .parts = b->parts, .fit = fit }, operands);
    return status == ST_OK && !b->m->converged ? ST_PARTIAL : status;
}
