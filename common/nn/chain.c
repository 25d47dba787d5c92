/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A batch whose rows are those of several ranks (base/world). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/world.h"
#include "nn/tape.h"

/* The rows of this rank: whole blocks. */
static struct part own_rows(const struct net *n)
{
    size_t first, end, rows = n->pass.rows;
    world_share(row_blocks(n, rows), &first, &end);
    first = first * n->lanes < rows ? first * n->lanes : rows;
    end = end * n->lanes < rows ? end * n->lanes : rows;
    return (struct part){ .first = first, .rows = end - first };
}

struct shard_range chain_own(const struct net *n, bool images)
{
    struct part own = own_rows(n);
    size_t first = shards(n, images, own.first);
    return (struct shard_range){ first, shards(n, images, own.first + own.rows) - first };
}

void chain_share(const struct net *n, bool images, double *of, size_t each)
{
    struct shard_range own = chain_own(n, images);
    if (world.size == 1)
        return;
    double *all = world_all(of + own.first * each, own.n * each * sizeof *of, NULL);
    memcpy(of, all, shards(n, images, n->pass.rows) * each * sizeof *of);
    free(all);
}

/* ---- groups of tasks ---- */

/* Floats of a task's sums. */
static size_t sums_of(const struct net *n, const struct net_task *t)
{
    const struct net_op *o = &n->ops[t->op];
    return t->n * panel_sums(n, o) + (t->first == 0 ? bias_sums(n, o) : 0);
}

/* Multiplications for a row. */
static double cost(const struct net *n, const struct net_task *t)
{
    const struct net_op *o = &n->ops[t->op];
    const struct conv *c = &o->conv;
    if (o->kind == OP_LINEAR || o->kind == OP_NORM)
        return (double)panel_sums(n, o) * (double)t->n;
    return conv_cost(c) * (double)t->n / (double)conv_slices(c);
}

static int by_cost(const void *p, const void *q)
{
    const struct net_task *a = p, *b = q;
    if (a->cost < b->cost || a->cost > b->cost)
        return a->cost < b->cost ? 1 : -1;
    return a->op != b->op ? (a->op > b->op) - (a->op < b->op) : (a->first > b->first) - (a->first < b->first);
}

/* The most threads of a rank. */
static size_t jobs_of_all(void)
{
    int own = par_jobs < 1 ? par_available() : par_jobs, most = 1, *all = world_all(&own, sizeof own, NULL);
    for (size_t i = 0; i < world.size; i++)
        most = all[i] > most ? all[i] : most;
    free(all);
    return (size_t)most;
}

void chain_plan(struct net *n)
{
    double most, in_group = 0;
    size_t group = 0, sums = 0;
    if (world.size == 1 || !n->n_tasks)
        return;
    for (size_t i = 0; i < n->n_tasks; i++)
        n->tasks[i].cost = cost(n, &n->tasks[i]);
    qsort(n->tasks, n->n_tasks, sizeof *n->tasks, by_cost);
    most = n->tasks[0].cost * (double)jobs_of_all();
    for (size_t i = 0; i < n->n_tasks; i++) {
        struct net_task *t = &n->tasks[i];
        if (in_group > 0 && in_group + t->cost > most) {
            group++;
            sums = 0;
            in_group = 0;
        }
        t->group = group;
        t->sums = sums;
        sums += sums_of(n, t);
        in_group += t->cost;
        n->n_sums = sums > n->n_sums ? sums : n->n_sums;
    }
    n->sums = mem_aligned(n->n_sums, sizeof *n->sums);
}

struct group { struct net *n; size_t first; struct part rows; bool last; };

static void run_task(size_t task, void *state)
{
    const struct group *g = state;
    const struct net_task *t = &g->n->tasks[g->first + task];
    layer_weights(g->n, t, &g->rows, g->n->sums + t->sums, g->last);
}

void chain_run(struct net *n)
{
    struct group g = { n, 0, own_rows(n), world.rank + 1 == world.size };
    size_t count;
    for (const struct net_op *o = n->ops; o < n->ops + n->n_ops; o++)
        if ((o->kind == OP_CONV || o->kind == OP_CONV_UP) && o->b != SIZE_MAX)
            chain_share(n, true, o->sums, n->nodes[o->y].channels);
    for (; g.first < n->n_tasks; g.first += count) {
        size_t sums = 0;
        for (count = 0; g.first + count < n->n_tasks && n->tasks[g.first + count].group == n->tasks[g.first].group; count++) {
            const struct net_task *t = &n->tasks[g.first + count];
            sums = t->sums + sums_of(n, t);
        }
        if (world.rank == 0)
            memset(n->sums, 0, sums * sizeof *n->sums);
        world_from_before(n->sums, sums * sizeof *n->sums);
        par_for(count, run_task, &g);
        world_to_next(n->sums, sums * sizeof *n->sums);
    }
    world_spread(n->g, n->n_w * sizeof *n->g, world.size - 1);
}
