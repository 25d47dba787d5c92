/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/batches.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/world.h"
#include "cluster/minibatch.h"
#include "drive/assign.h"
#include "drive/pass.h"
#include "drive/scales.h"
#include "drive/starts.h"
#include "drive/table.h"

static struct {
    struct batches b;
    struct table *table;
} run;

void batches_note_unused(const struct kmeans *m, size_t k, const char *why)
{
    if (m->used < k && world.rank == 0)
        warn("only %zu of %zu clusters have members: %s", m->used, k, why);
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
    batches_note_unused(m, k, "the others' centres are the nearest of no vector");
    if (!m->converged)
        warn("no convergence within %zu passes: the output is valid; --max-iter allows more", (size_t)arg->max_iter);
    table_close(t);
    free(init);
    free(m);
}

/* ---- the labels ---- */

static void label(const float *x, size_t n, int32_t *labels, void *distance)
{
    kmeans_label(run.b.m, x, n, labels);
    kmeans_distance(run.b.m, x, n, labels, distance);
}

int batches_run(const struct prog *prog, const struct batches *b, char **operands)
{
    struct clusters *arg = b->arg;
    bool fits = !arg->model.path;
    run.b = *b;
    if (fits && (b->size->last > b->size->first || strchr(b->size->text, ':')))
        opt_misuse(prog, "--batch '%s' is not a number of vectors", b->size->text);
    if (fits && world_wanted())
        opt_misuse(prog, "mpirun takes all vectors at each step: leave --batch out");
    if (scan_wanted(&arg->scan, prog))
        opt_misuse(prog, "--batch needs a single number of clusters");
    int status = assign_run(prog, &(struct assign){ .arg = arg, .name = "distance", .d = &b->m->d, .label = label,
                                                    .parts = b->parts, .fit = fit }, operands);
    return status == ST_OK && fits && !b->m->converged ? ST_PARTIAL : status;
}
