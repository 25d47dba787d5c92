/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layout/affinity.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/par.h"

enum { ROWS = 64, MOST_STEPS = 300 };

struct affinity { const double *distance; size_t n, k; double entropy, *p, *beta; };

/* p[k] of a row with squares sq[k] >= 0 (less the least of them), and its beta. */
static double solve_row(const double *sq, size_t k, double wanted, double *p)
{
    double low = 0, high = INFINITY, most = sq[k - 1], beta = most > 0 ? 1 / most : 1, sum = 0;
    for (int step = 0; step < MOST_STEPS; step++) {
        double mean = 0, square = 0;
        sum = 0;
        for (size_t j = 0; j < k; j++) {
            p[j] = exp(-beta * sq[j]);
            sum += p[j];
            mean += p[j] * sq[j];
            square += p[j] * sq[j] * sq[j];
        }
        mean /= sum;
        double variance = square / sum - mean * mean, off = log(sum) + beta * mean - wanted;
        if (fabs(off) < 1e-12 || most <= 0)
            break;
        if (off > 0)
            low = beta;
        else
            high = beta;
        double next = beta + off / (beta * variance);       /* the entropy falls by beta variance */
        if (!(next > low && next < high) || step > MOST_STEPS / 2)
            next = isinf(high) ? 2 * beta : low / 2 + high / 2;
        if (!(next > 0 && next < DBL_MAX) || next == beta)
            break;
        beta = next;
    }
    for (size_t j = 0; j < k; j++)
        p[j] /= sum;
    return beta;
}

static void solve_rows(size_t block, void *state)
{
    const struct affinity *a = state;
    size_t k = a->k;
    double *sq = mem_new(k, sizeof *sq);
    for (size_t i = par_begin(block, ROWS); i < par_end(block, ROWS, a->n); i++) {
        const double *d = a->distance + i * k, least = d[0];
        for (size_t j = 0; j < k; j++)                      /* a constant factor of p, so that none vanish together */
            sq[j] = (d[j] - least) * (d[j] + least);
        double beta = solve_row(sq, k, a->entropy, a->p + i * k);
        if (a->beta)
            a->beta[i] = beta;
    }
    free(sq);
}

void affinity_rows(const double *distance, size_t n, size_t k, double perplexity, double *p, double *beta)
{
    struct affinity a = { distance, n, k, log(perplexity), p, beta };
    if (k)
        par_for(par_blocks(n, ROWS), solve_rows, &a);
}
