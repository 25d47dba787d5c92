/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/map_score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

enum { ROWS = 16 };

struct trust { const struct near *x; size_t n, k, rows; const uint32_t *index; double *beyond; };

/* By how much the ranks of row i's neighbours on the map exceed k, summed. Scratch: limit[k], rank[k]. */
static double exceeds(const struct trust *t, size_t i, double *limit, size_t *rank)
{
    const uint32_t *near = t->index + i * t->k;
    double longest = 0, sum = 0;
    for (size_t j = 0; j < t->k; j++) {
        limit[j] = near_distance(t->x, i, near[j]);
        longest = limit[j] > longest ? limit[j] : longest;
        rank[j] = 1;
    }
    for (size_t l = 0; l < t->n; l++) {
        double distance = l == i ? INFINITY : near_distance(t->x, i, l);
        for (size_t j = 0; distance <= longest && j < t->k; j++)
            rank[j] += distance < limit[j] || (distance <= limit[j] && l < near[j]);
    }
    for (size_t j = 0; j < t->k; j++)
        sum += rank[j] > t->k ? (double)(rank[j] - t->k) : 0;
    return sum;
}

static void trust_rows(size_t block, void *state)
{
    const struct trust *t = state;
    double *limit = mem_new(t->k, sizeof *limit);
    size_t *rank = mem_new(t->k, sizeof *rank);
    for (size_t r = par_begin(block, ROWS); r < par_end(block, ROWS, t->rows); r++)
        t->beyond[r] = exceeds(t, (size_t)((double)r * (double)t->n / (double)t->rows), limit, rank);
    free(limit);
    free(rank);
}

double map_trustworthiness(const struct near *x, const struct near *map, size_t n, size_t k, size_t most)
{
    if (k < 1 || 2 * k >= n)
        return NAN;
    size_t rows = most && most < n ? most : n;
    uint32_t *index = mem_new(mem_mul(n, k), sizeof *index);
    near_knn_all(map, k, index, NULL);
    struct trust t = { x, n, k, rows, index, mem_new(rows, sizeof *t.beyond) };
    par_for(par_blocks(rows, ROWS), trust_rows, &t);
    double sum = 0;
    for (size_t r = 0; r < rows; r++)
        sum += t.beyond[r];
    free(t.beyond);
    free(index);
    double dn = (double)n, dk = (double)k;
    return 1 - 2 / ((double)rows * dk * (2 * dn - 3 * dk - 1)) * sum;
}

double map_neighbour_hit(const float *y, size_t n, size_t d, const uint32_t *label, uint32_t none, size_t k)
{
    float *at = mem_new(mem_mul(n, d), sizeof *at);
    uint32_t *own = mem_new(n, sizeof *own);
    size_t m = 0, hits = 0;
    for (size_t i = 0; i < n; i++)
        if (label[i] != none) {
            memcpy(at + m * d, y + i * d, d * sizeof *at);
            own[m++] = label[i];
        }
    if (k < m) {
        uint32_t *index = mem_new(mem_mul(m, k), sizeof *index);
        struct near *near = near_new(at, m, d, NEAR_EUCLIDEAN);
        near_knn_all(near, k, index, NULL);
        near_free(near);
        for (size_t e = 0; e < m * k; e++)
            hits += own[index[e]] == own[e / k];
        free(index);
    }
    free(at);
    free(own);
    return k < m ? (double)hits / ((double)m * (double)k) : NAN;
}
