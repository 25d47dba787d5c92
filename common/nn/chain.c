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

void net_share(const struct net *n, int node)
{
    const struct net_node *of = &n->nodes[node];
    world_fill(of->y, row_blocks(n, n->pass.rows), of->size * n->lanes * sizeof *of->y);
}

/* ---- groups of tasks ---- */

/* Floats of a task's sums. */
static size_t sums_of(const struct net *n, const struct net_task *t)
{
    const struct net_op *o = &n->ops[t->op];
    return t->n * panel_sums(n, o) + (t->first == 0 ? bias_sums(n, o) : 0);
}

static bool is_conv(const struct net_op *o) { return o->kind == OP_CONV || o->kind == OP_CONV_UP; }

/* Multiplications for a row. */
static double cost(const struct net *n, const struct net_task *t)
{
    const struct net_op *o = &n->ops[t->op];
    if (!is_conv(o))
        return (double)panel_sums(n, o) * (double)t->n;
    return conv_cost(&o->conv) * (double)t->n / (double)conv_slices(&o->conv);
}

/* The two convolutions that cost most for the numbers that all ranks must have for them, if they cost no more than a rank's
 * share; none if there is one only. */
static void choose_whole(struct net *n, double most)
{
    double best[2] = { 0, 0 };
    n->whole[0] = n->whole[1] = SIZE_MAX;
    for (size_t i = 0; i < n->n_ops; i++) {
        const struct net_op *o = &n->ops[i];
        double c = is_conv(o) ? conv_cost(&o->conv) : 0, r = c / (double)(n->nodes[o->x].size + n->nodes[o->y].size);
        size_t worse = best[1] < best[0];
        if (c <= most && r > best[worse]) {
            best[worse] = r;
            n->whole[worse] = i;
        }
    }
    if (n->whole[0] == SIZE_MAX || n->whole[1] == SIZE_MAX)
        n->whole[0] = n->whole[1] = SIZE_MAX;
}

static bool is_whole(const struct net *n, size_t op) { return op == n->whole[0] || op == n->whole[1]; }

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
    double most = 0, in_group = 0, all = 0;
    size_t group = 0;
    if (world.size == 1 || !n->n_tasks)
        return;
    for (size_t i = 0; i < n->n_tasks; i++)
        all += n->tasks[i].cost = cost(n, &n->tasks[i]);
    choose_whole(n, all / (double)world.size);
    for (size_t i = 0; i < n->n_tasks; i++) {
        struct net_task *t = &n->tasks[i];
        t->cost = is_whole(n, t->op) ? -1 : t->cost;    /* at the end */
        most = t->cost > most ? t->cost : most;
    }
    qsort(n->tasks, n->n_tasks, sizeof *n->tasks, by_cost);
    most *= (double)jobs_of_all();
    for (size_t i = 0; i < n->n_tasks && n->tasks[i].cost >= 0; i++) {
        struct net_task *t = &n->tasks[i];
        if (in_group > 0 && in_group + t->cost > most) {
            group++;
            in_group = 0;
        }
        t->group = group;
        t->sums = n->n_sums;
        in_group += t->cost;
        n->n_sums += sums_of(n, t);
    }
    n->sums = mem_aligned(n->n_sums + 1, sizeof *n->sums);
}

struct group { struct net *n; size_t first; struct part rows; bool whole, last; };

static void run_task(size_t task, void *state)
{
    const struct group *g = state;
    const struct net_task *t = &g->n->tasks[g->first + task];
    layer_weights(g->n, t, &g->rows, g->whole ? NULL : g->n->sums + t->sums, g->last);
}

/* An operation over the rows of all ranks. */
static void run_whole(struct net *n, size_t op)
{
    struct group g = { n, 0, { .rows = n->pass.rows }, true, true };
    size_t count = 0;
    while (g.first < n->n_tasks && n->tasks[g.first].op != op)
        g.first++;
    while (g.first + count < n->n_tasks && n->tasks[g.first + count].op == op)
        count++;
    par_for(count, run_task, &g);
}

/* The others, from rank to rank. */
static void run_groups(struct net *n)
{
    struct group g = { n, 0, own_rows(n), false, world.rank + 1 == world.size };
    while (g.first < n->n_tasks && n->tasks[g.first].cost >= 0) {
        const struct net_task *t = &n->tasks[g.first], *end = t;
        while (end < n->tasks + n->n_tasks && end->cost >= 0 && end->group == t->group)
            end++;
        float *sums = n->sums + t->sums;
        size_t bytes = (end[-1].sums + sums_of(n, end - 1) - t->sums) * sizeof *sums;
        if (world.rank == 0)
            memset(sums, 0, bytes);
        world_from_before(sums, bytes);
        par_for((size_t)(end - t), run_task, &g);
        world_to_next(sums, bytes);
        g.first += (size_t)(end - t);
    }
}

void chain_run(struct net *n)
{
    size_t blocks = row_blocks(n, n->pass.rows), last = world.size - 1, block = n->lanes * sizeof(float);
    for (const struct net_op *o = n->ops; o < n->ops + n->n_ops; o++)
        if (is_conv(o) && o->b != SIZE_MAX)
            chain_share(n, true, o->sums, n->nodes[o->y].channels);
    for (size_t i = 0; i < 2 && n->whole[i] != SIZE_MAX; i++) {
        const struct net_node *x = &n->nodes[n->ops[n->whole[i]].x], *y = &n->nodes[n->ops[n->whole[i]].y];
        world_fill(x->y, blocks, x->size * block);
        world_fill(y->dy, blocks, y->size * block);
    }
    if (world.rank == last)
        run_whole(n, n->whole[0]);
    run_groups(n);
    if (world.rank == 0)
        run_whole(n, n->whole[1]);
    world_sent();
    if (n->whole[1] != SIZE_MAX) {
        const struct net_op *o = &n->ops[n->whole[1]];
        world_spread(n->g + o->w, o->conv.out * o->conv.in * o->conv.kernel * o->conv.kernel * sizeof *n->g, 0);
        if (o->b != SIZE_MAX)
            world_spread(n->g + o->b, n->nodes[o->y].channels * sizeof *n->g, 0);
    }
    world_spread(n->g, n->n_w * sizeof *n->g, last);
}
