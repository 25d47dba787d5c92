/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/hubs.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/par.h"
#include "math/stats.h"

struct normal { double mean, deviation; };

struct mutual { const struct near *t; size_t n, k; struct normal *of; uint32_t *index; double *distance; };

/* Of a row's distances from the others, one after the other (Welford 1962): exactly 0 deviation where they are equal. */
static void measure_row(size_t i, void *state)
{
    const struct mutual *m = state;
    double mean = 0, squares = 0, count = 0;
    for (size_t j = 0; j < m->n; j++) {
        if (j == i)
            continue;
        double off = near_distance(m->t, i, j) - mean;
        mean += off / ++count;
        squares += off * off * (count - 1) / count;
    }
    m->of[i] = (struct normal){ mean, sqrt(squares / count) };
}

/* P(X <= d). */
static double below(struct normal x, double d)
{
    if (x.deviation > 0)
        return erfc((x.mean - d) / x.deviation * sqrt(0.5)) / 2;
    return d < x.mean ? 0 : d > x.mean ? 1 : 0.5;
}

struct candidate { double far, d; uint32_t row; };

static int by_far(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->far != y->far)
        return x->far < y->far ? -1 : 1;
    if (x->d != y->d)
        return x->d < y->d ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* The k nearest of row i, out of twice as many whenever these are full. What P(X_i <= d) alone puts behind the k-th of
 * them is passed over, and all that is no nearer. */
static void find_row(size_t i, void *state)
{
    const struct mutual *m = state;
    size_t k = m->k, found = 0;
    struct candidate *best = mem_new(mem_mul(k, 2), sizeof *best);
    double worst = INFINITY, beyond = INFINITY;
    for (size_t j = 0; j < m->n; j++) {
        double d = j == i ? INFINITY : near_distance(m->t, i, j);
        if (d >= beyond)
            continue;
        double mine = below(m->of[i], d), its = below(m->of[j], d);
        if (mine > worst) {
            beyond = d;
            continue;
        }
        double more = mine > its ? mine : its, less = mine > its ? its : mine;
        best[found++] = (struct candidate){ more + less * (1 - more), d, (uint32_t)j };
        if (found == 2 * k) {
            qsort(best, found, sizeof *best, by_far);
            found = k;
            worst = best[k - 1].far;
        }
    }
    qsort(best, found, sizeof *best, by_far);
    for (size_t j = 0; j < k; j++) {
        m->index[i * k + j] = best[j].row;
        if (m->distance)
            m->distance[i * k + j] = best[j].far;
    }
    free(best);
}

void hubs_mutual(const struct near *t, size_t n, size_t k, uint32_t *index, double *distance)
{
    struct mutual m = { t, n, k, mem_new(n, sizeof *m.of), index, distance };
    par_for(n, measure_row, &m);
    par_for(n, find_row, &m);
    free(m.of);
}

double hubs_skewness(const uint32_t *index, size_t n, size_t k)
{
    float *times = mem_zero(n, sizeof *times), skewness;
    struct stats_room room = { 0 };
    for (size_t i = 0; i < n * k; i++)
        times[index[i]]++;
    stats_columns(&(struct stat_of){ .kind = STAT_SKEW }, 1, times, n, 1, &skewness, &room);
    stats_room_free(&room);
    free(times);
    return (double)skewness;
}
