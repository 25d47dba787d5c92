/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/kmeans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "base/world.h"
#include "cluster/nearest.h"
#include "math/dist.h"

enum { CUT = 8 * NEAREST_ROWS };        /* rows worked on at once */

/* Rows are cut into shards, whose number depends on their number, k and d alone. A process has those of its shards. */
struct work {
    const float *x;
    size_t n, d, k;             /* rows here */
    size_t all, before;         /* of all ranks (base/world); and those in front of the ones here */
    size_t shards, shard;       /* number; rows of each */
    double *mean;               /* [d] */
    double tolerance;
    struct nearest *near;

    int32_t *label, *old;       /* [n] */
    double *sum;                /* [k][d] of the rows of each centre */
    int64_t *count;             /* [k] */
    double *sum_change;         /* [shards][k + 1][d]: what the labels that changed add */
    int64_t *count_change;      /* [shards][k + 1] */
    size_t *changed;            /* [shards] */
    double *part;               /* [shards][d or trials] */

    double *centre, *moved;     /* [k][d] */
    double *distance;           /* [n]: of measure, or NULL for no more than its sum */

    float *closest;             /* [padded n]: squared distance to the nearest start so far */
    float *trial;               /* [trials][d] */
    size_t trials, chosen;
};

static size_t first(const struct work *w, size_t shard) { return par_begin(shard, w->shard) - w->before; }
static size_t last(const struct work *w, size_t shard) { return par_end(shard, w->shard, w->all) - w->before; }

/* ---- the data ---- */

static void sum_shard(size_t b, void *state)
{
    struct work *w = state;
    double *to = w->part + b * w->d;
    memset(to, 0, w->d * sizeof *to);
    for (size_t i = first(w, b); i < last(w, b); i++)
        for (size_t j = 0; j < w->d; j++)
            to[j] += (double)w->x[i * w->d + j];
}

static void column_means(struct work *w)
{
    memset(w->mean, 0, w->d * sizeof *w->mean);
    world_for(w->shards, sum_shard, w);
    world_fill(w->part, w->shards, w->d * sizeof *w->part);
    for (size_t b = 0; b < w->shards; b++)
        for (size_t j = 0; j < w->d; j++)
            w->mean[j] += w->part[b * w->d + j];
    for (size_t j = 0; j < w->d; j++)
        w->mean[j] /= (double)w->all;
}

/* Rows of a shard. */
static size_t shard_rows(size_t n, size_t d, size_t k)
{
    enum { SHARDS = 64, BUDGET = 64 << 20 };        /* at most, unless there would be less than 4 */
    double one = 8 * (double)k * (double)d;
    size_t shards = one * SHARDS < BUDGET ? SHARDS : one * 4 > BUDGET ? 4 : (size_t)(BUDGET / one);
    return par_blocks(par_blocks(n, shards), NEAREST_ROWS) * NEAREST_ROWS;
}

void kmeans_rows(size_t n, size_t d, size_t k, size_t *from, size_t *to)
{
    size_t rows = shard_rows(n, d, k), begin, end;
    world_share(par_blocks(n, rows), &begin, &end);
    *from = begin * rows < n ? begin * rows : n;
    *to = end * rows < n ? end * rows : n;
}

static void work_init(struct work *w, const float *x, size_t all, size_t d, size_t k, size_t trials)
{
    size_t rows = shard_rows(all, d, k), from, to, n;
    kmeans_rows(all, d, k, &from, &to);
    n = to - from;
    *w = (struct work){ .x = x, .n = n, .d = d, .k = k, .all = all, .before = from, .shard = rows,
                        .shards = par_blocks(all, rows), .trials = trials };
    w->part = mem_new(mem_mul(w->shards, d > trials ? d : trials), sizeof *w->part);
    w->mean = mem_new(d, sizeof *w->mean);
    w->label = mem_new(n, sizeof *w->label);
    column_means(w);
    w->near = nearest_new(x, n, d, w->mean);
}

static void work_free(struct work *w)
{
    void *const all[] = { w->mean, w->label, w->old, w->sum, w->count, w->sum_change, w->count_change, w->changed,
                          w->part, w->centre, w->moved, w->closest, w->trial };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    nearest_free(w->near);
}

/* ---- distances to the own centre ---- */

static void measure_shard(size_t b, void *state)
{
    struct work *w = state;
    double total = 0;
    for (size_t i = first(w, b); i < last(w, b); i++) {
        double ss = dist_sq_f64(w->x + i * w->d, w->centre + (size_t)w->label[i] * w->d, w->d);
        total += ss;
        if (w->distance)
            w->distance[i] = ss;
    }
    w->part[b] = total;
}

/* Inertia of the labels, and the squared distances if w->distance is set. */
static double measure(struct work *w)
{
    double total = 0;
    world_for(w->shards, measure_shard, w);
    world_fill(w->part, w->shards, sizeof *w->part);
    for (size_t b = 0; b < w->shards; b++)
        total += w->part[b];
    return total;
}

/* ---- a step ---- */

static void find_shard(size_t b, void *state)
{
    struct work *w = state;
    nearest_find(w->near, first(w, b), last(w, b), w->label);
}

static void add_row(double *restrict to, double *restrict from, const float *restrict x, size_t d)
{
    for (size_t j = 0; j < d; j++) {
        to[j] += (double)x[j];
        from[j] -= (double)x[j];
    }
}

/* Label a shard's rows, and sum up what changed since the last step. */
static void label_shard(size_t b, void *state)
{
    struct work *w = state;
    size_t d = w->d, begin = first(w, b), end = last(w, b), changed = 0;
    double *sum = w->sum_change + b * (w->k + 1) * d;     /* the last row takes what leaves no centre */
    int64_t *count = w->count_change + b * (w->k + 1);
    find_shard(b, w);
    for (size_t cut = begin; cut < end; cut += CUT) {
        size_t list[CUT], n = 0;
        for (size_t i = cut; i < end && i < cut + CUT; i++) {
            list[n] = i;
            n += w->label[i] != w->old[i];
        }
        for (size_t i = 0; i < n; i++)
            __builtin_prefetch(w->x + list[i] * d);
        if (n && !changed) {
            memset(sum, 0, (w->k + 1) * d * sizeof *sum);
            memset(count, 0, (w->k + 1) * sizeof *count);
        }
        changed += n;
        for (size_t i = 0; i < n; i++) {
            size_t row = list[i], to = (size_t)w->label[row], from = (size_t)w->old[row];
            add_row(sum + to * d, sum + from * d, w->x + row * d, d);
            count[to]++;
            count[from]--;
            w->old[row] = w->label[row];
        }
    }
    w->changed[b] = changed;
}

/* Label all rows; returns how many changed. */
static size_t assign(struct work *w)
{
    size_t changed = 0;
    nearest_centres(w->near, w->centre, w->k);
    world_for(w->shards, label_shard, w);
    world_fill(w->changed, w->shards, sizeof *w->changed);
    for (size_t b = 0; b < w->shards; b++)
        changed += w->changed[b];
    if (!changed)
        return 0;
    world_fill(w->sum_change, w->shards, (w->k + 1) * w->d * sizeof *w->sum_change);
    world_fill(w->count_change, w->shards, (w->k + 1) * sizeof *w->count_change);
    for (size_t b = 0; b < w->shards; b++) {
        if (!w->changed[b])
            continue;
        for (size_t j = 0; j < w->k * w->d; j++)
            w->sum[j] += w->sum_change[b * (w->k + 1) * w->d + j];
        for (size_t j = 0; j < w->k; j++)
            w->count[j] += w->count_change[b * (w->k + 1) + j];
    }
    return changed;
}

/* Whether a row, by its number among all, is here. */
static bool is_here(const struct work *w, size_t row) { return row >= w->before && row - w->before < w->n; }

/* `size` bytes at p that one rank has, the one with true: now all have them. */
static void tell(bool mine, void *p, size_t size)
{
    if (world.size == 1)
        return;
    void *told = world_all(p, mine ? size : 0, NULL);
    memcpy(p, told, size);
    free(told);
}

/* Row i of all, as it is given, to x[d]. */
static void fetch_row(const struct work *w, size_t i, float *x)
{
    if (is_here(w, i))
        memcpy(x, w->x + (i - w->before) * w->d, w->d * sizeof *x);
    tell(is_here(w, i), x, w->d * sizeof *x);
}

/* The row of the largest far[n] of all ranks, the first of equals. */
struct farthest { double far; size_t row; int32_t label; };

static struct farthest find_farthest(const struct work *w, const double *far)
{
    struct farthest own = { -INFINITY, SIZE_MAX, 0 }, best;
    for (size_t i = 0; i < w->n; i++)
        if (i == 0 || far[i] > own.far)
            own = (struct farthest){ far[i], w->before + i, w->label[i] };
    struct farthest *all = world_all(&own, sizeof own, NULL);
    best = all[0];
    for (size_t r = 1; r < world.size; r++)
        if (all[r].far > best.far)
            best = all[r];
    free(all);
    return best;
}

/* Give each centre without rows the row that is farthest from its own centre, of those not
 * given yet; the row leaves the sum and the count that it was in. */
static void fill_empty(struct work *w, double *sum, int64_t *count)
{
    size_t empty = 0, d = w->d, *list = mem_new(w->k, sizeof *list);
    for (size_t j = 0; j < w->k; j++)
        if (count[j] == 0)
            list[empty++] = j;
    double *far = w->distance = empty ? mem_new(w->n, sizeof *far) : NULL;
    float *x = empty ? mem_new(d, sizeof *x) : NULL;
    if (empty)
        measure(w);
    w->distance = NULL;
    for (size_t e = 0; e < empty; e++) {
        struct farthest f = find_farthest(w, far);
        if (e == 0 && f.far <= 0)           /* every row is on its centre: no use */
            break;
        size_t from = (size_t)f.label, to = list[e];
        fetch_row(w, f.row, x);
        for (size_t i = 0; i < d; i++) {
            sum[to * d + i] = (double)x[i];
            sum[from * d + i] -= (double)x[i];
        }
        count[to] = 1;
        count[from]--;
        if (is_here(w, f.row))
            far[f.row - w->before] = -1;
    }
    free(x);
    free(far);
    free(list);
}

/* Move each centre to the mean of its rows; returns the sum of squared shifts. A centre that
 * has none even so goes to the one with most. */
static double move(struct work *w)
{
    size_t d = w->d, most = 0;
    double *sum = w->moved, shift = 0;
    int64_t *count = mem_new(w->k, sizeof *count);
    memcpy(sum, w->sum, w->k * d * sizeof *sum);
    memcpy(count, w->count, w->k * sizeof *count);
    fill_empty(w, sum, count);
    for (size_t j = 0; j < w->k; j++) {
        if (count[j] > count[most])
            most = j;
        for (size_t i = 0; i < d && count[j] > 0; i++)
            sum[j * d + i] /= (double)count[j];
    }
    for (size_t j = 0; j < w->k; j++) {
        if (count[j] <= 0)
            memcpy(sum + j * d, sum + most * d, d * sizeof *sum);
        for (size_t i = 0; i < d; i++) {
            double e = sum[j * d + i] - w->centre[j * d + i];
            shift += e * e;
        }
    }
    w->moved = w->centre;
    w->centre = sum;
    free(count);
    return shift;
}

/* Lloyd's steps from w->centre. */
static void lloyd(struct work *w, const struct kmeans_options *o, size_t start, struct kmeans *m)
{
    bool still = false;
    m->converged = false;
    for (size_t i = 0; i < w->n; i++)
        w->old[i] = (int32_t)w->k;          /* none of them */
    memset(w->sum, 0, w->k * w->d * sizeof *w->sum);
    memset(w->count, 0, w->k * sizeof *w->count);
    for (m->n_iter = 0; m->n_iter < o->max_iter && !m->converged; ) {
        still = assign(w) == 0;
        double shift = move(w);
        m->converged = still || shift <= w->tolerance;
        m->n_iter++;
        if (o->tick)
            o->tick(start, m->n_iter, o->state);
    }
    if (!still) {
        nearest_centres(w->near, w->centre, w->k);
        world_for(w->shards, find_shard, w);
    }
    m->inertia = measure(w);
}

/* ---- k-means++ ---- */

/* Potential of each trial: the sum over rows of the distance to the nearest start, were the
 * trial one. */
static void try_shard(size_t b, void *state)
{
    struct work *w = state;
    float to[CUT];
    double *sum = w->part + b * w->trials;
    for (size_t t = 0; t < w->trials; t++)
        sum[t] = 0;
    for (size_t at = first(w, b); at < last(w, b); at += CUT) {
        size_t end = last(w, b) - at < CUT ? last(w, b) : at + CUT;
        for (size_t t = 0; t < w->trials; t++) {
            double s[8] = { 0 };
            nearest_squares(w->near, at, end, w->trial + t * w->d, to);
            for (size_t i = end; i < at + CUT; i++)
                to[i - at] = 0;
            for (size_t i = 0; i < CUT; i += 8)
                for (size_t l = 0; l < 8; l++) {
                    float near = w->closest[at + i + l];
                    s[l] += (double)(to[i + l] < near ? to[i + l] : near);
                }
            sum[t] += ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
        }
    }
}

/* Bring the distances up to date with the trial that became a start. */
static void take_shard(size_t b, void *state)
{
    struct work *w = state;
    float to[NEAREST_ROWS];
    for (size_t at = first(w, b); at < last(w, b); at += NEAREST_ROWS) {
        size_t end = last(w, b) - at < NEAREST_ROWS ? last(w, b) : at + NEAREST_ROWS;
        nearest_squares(w->near, at, end, w->trial + w->chosen * w->d, to);
        for (size_t i = 0; i < end - at; i++)
            w->closest[at + i] = to[i] < w->closest[at + i] ? to[i] : w->closest[at + i];
    }
}

/* A row, by its number among all, drawn with the chance of its share of the distances; any row if all are 0. */
static size_t draw(const struct work *w, struct rng *r, const double *shard_sum, double total)
{
    double at = rng_uniform(r) * total;
    size_t b = 0, row = SIZE_MAX;
    if (!(total > 0))
        return rng_below(r, w->all);
    while (b + 1 < w->shards && at >= shard_sum[b])
        at -= shard_sum[b++];
    bool here = is_here(w, par_begin(b, w->shard));
    for (size_t i = here ? first(w, b) : 0; here && i < last(w, b); i++) {
        if (w->closest[i] > 0)
            row = i + w->before;
        if (at < (double)w->closest[i])
            break;
        at -= (double)w->closest[i];
    }
    tell(here, &row, sizeof row);
    return row < w->all ? row : rng_below(r, w->all);
}

static void plus_plus(struct work *w, uint64_t seed, size_t start)
{
    struct rng r;
    size_t d = w->d, trials = w->trials;
    size_t *row = mem_new(trials, sizeof *row);
    float *x = mem_new(d, sizeof *x);
    double *shard_sum = mem_zero(w->shards, sizeof *shard_sum), total = 0;
    rng_init(&r, seed, start);
    for (size_t i = 0; i < w->n + CUT; i++)
        w->closest[i] = i < w->n ? INFINITY : 0;
    for (size_t j = 0; j < w->k; j++) {
        w->trials = j ? trials : 1;
        for (size_t t = 0; t < w->trials; t++) {
            row[t] = j ? draw(w, &r, shard_sum, total) : rng_below(&r, w->all);
            if (is_here(w, row[t]))
                nearest_row(w->near, row[t] - w->before, w->trial + t * d);
            tell(is_here(w, row[t]), w->trial + t * d, d * sizeof *w->trial);
        }
        world_for(w->shards, try_shard, w);
        world_fill(w->part, w->shards, w->trials * sizeof *w->part);
        double least = INFINITY;
        w->chosen = 0;
        for (size_t t = 0; t < w->trials; t++) {
            double sum = 0;
            for (size_t b = 0; b < w->shards; b++)
                sum += w->part[b * w->trials + t];
            if (sum < least) {
                least = sum;
                w->chosen = t;
            }
        }
        total = least;
        for (size_t b = 0; b < w->shards; b++)
            shard_sum[b] = w->part[b * w->trials + w->chosen];
        world_for(w->shards, take_shard, w);
        fetch_row(w, row[w->chosen], x);
        for (size_t i = 0; i < d; i++)
            w->centre[j * d + i] = (double)x[i];
    }
    w->trials = trials;
    free(x);
    free(row);
    free(shard_sum);
}

/* ---- all of it ---- */

/* Whether two labellings of all ranks' rows are the same but for the numbering. */
static bool same_partition(const int32_t *a, const int32_t *b, size_t n, size_t k)
{
    int32_t *to = mem_new(k, sizeof *to), *all, same = 1;
    for (size_t j = 0; j < k; j++)
        to[j] = -1;
    for (size_t i = 0; i < n && same; i++) {
        if (to[a[i]] < 0)
            to[a[i]] = b[i];
        same = to[a[i]] == b[i];
    }
    for (size_t j = 0; j < k && !same; j++)
        to[j] = -2;                         /* agrees with no rank's */
    all = world_all(to, k * sizeof *to, NULL);
    for (size_t i = 0; i < world.size * k; i++) {
        int32_t *b_of = to + i % k;
        if (i < k || *b_of == -1)
            *b_of = all[i];
        same = same && all[i] != -2 && (all[i] == -1 || all[i] == *b_of);
    }
    free(all);
    free(to);
    return same;
}

static size_t used(const int32_t *label, size_t n, size_t k)
{
    bool *has = mem_zero(k, sizeof *has);
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += !has[label[i]];
        has[label[i]] = true;
    }
    bool *all = world_all(has, k * sizeof *has, NULL);
    for (size_t i = 0; world.size > 1 && i < world.size * k; i++) {
        total += all[i] && !has[i % k];
        has[i % k] |= all[i];
    }
    free(all);
    free(has);
    return total;
}

struct kmeans *kmeans_fit(const float *x, size_t n, size_t d, const struct kmeans_options *o)
{
    struct kmeans *best = mem_zero(1, sizeof *best), now;
    struct work w;
    size_t k = o->k, kd = mem_mul(k, d), starts = o->init ? 1 : o->n_init;
    work_init(&w, x, n, d, k, 2 + (size_t)log((double)k));
    w.old = mem_new(w.n, sizeof *w.old);
    w.sum = mem_new(kd, sizeof *w.sum);
    w.count = mem_new(k, sizeof *w.count);
    w.sum_change = mem_new(mem_mul(w.shards, kd + d), sizeof *w.sum_change);
    w.count_change = mem_new(mem_mul(w.shards, k + 1), sizeof *w.count_change);
    w.changed = mem_new(w.shards, sizeof *w.changed);
    w.centre = mem_new(kd, sizeof *w.centre);
    w.moved = mem_new(kd, sizeof *w.moved);
    if (!o->init) {
        w.closest = mem_aligned(w.n + CUT, sizeof *w.closest);
        w.trial = mem_new(mem_mul(w.trials, d), sizeof *w.trial);
    }
    w.tolerance = o->tol * nearest_total(w.near) / (double)n / (double)d;
    best->centre = mem_new(kd, sizeof *best->centre);
    best->label = mem_new(w.n, sizeof *best->label);
    for (size_t start = 0; start < starts; start++) {
        if (o->init)
            memcpy(w.centre, o->init, kd * sizeof *w.centre);
        else
            plus_plus(&w, o->seed, start);
        lloyd(&w, o, start, &now);
        if (start && (now.inertia >= best->inertia || same_partition(w.label, best->label, w.n, k)))
            continue;
        memcpy(best->centre, w.centre, kd * sizeof *w.centre);
        memcpy(best->label, w.label, w.n * sizeof *w.label);
        best->inertia = now.inertia;
        best->n_iter = now.n_iter;
        best->converged = now.converged;
        best->start = start;
    }
    best->k = k;
    best->d = d;
    best->used = used(best->label, w.n, k);
    work_free(&w);
    return best;
}

void kmeans_free(struct kmeans *m)
{
    if (!m)
        return;
    free(m->centre);
    free(m->label);
    free(m);
}

void kmeans_label(const struct kmeans *m, const float *x, size_t n, int32_t *label)
{
    struct work w;
    if (n == 0)
        return;
    work_init(&w, x, n, m->d, m->k, 1);
    nearest_centres(w.near, m->centre, m->k);
    par_for(w.shards, find_shard, &w);
    memcpy(label, w.label, n * sizeof *label);
    work_free(&w);
}

struct lengths { const struct kmeans *m; const float *x; size_t n; const int32_t *label; double *distance; };

static void distance_block(size_t b, void *state)
{
    const struct lengths *l = state;
    size_t d = l->m->d;
    for (size_t i = par_begin(b, CUT); i < par_end(b, CUT, l->n); i++)
        l->distance[i] = sqrt(dist_sq_f64(l->x + i * d, l->m->centre + (size_t)l->label[i] * d, d));
}

void kmeans_distance(const struct kmeans *m, const float *x, size_t n, const int32_t *label, double *distance)
{
    par_for(par_blocks(n, CUT), distance_block, &(struct lengths){ m, x, n, label, distance });
}
