/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/moments.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK = 32 };            /* rows */

struct moments {
    size_t d, n, held;          /* columns, rows joined, rows in x */
    float *x;                   /* x[BLOCK][d] */
    float *first;               /* the first row: means are kept as what they are above it */
    double *mean, *m2;          /* of n rows; m2 is the sum of squares about mean */
    double *block_mean, *block_m2;
};

struct moments *moments_new(size_t d)
{
    struct moments *m = mem_zero(1, sizeof *m);
    m->d = d;
    m->x = mem_new(mem_mul(BLOCK, d), sizeof *m->x);
    m->first = mem_zero(d, sizeof *m->first);
    m->mean = mem_zero(d, sizeof *m->mean);
    m->m2 = mem_zero(d, sizeof *m->m2);
    m->block_mean = mem_new(d, sizeof *m->block_mean);
    m->block_m2 = mem_new(d, sizeof *m->block_m2);
    return m;
}

/* Join block_mean and block_m2 of b rows to mean[d], m2[d] of n rows. */
static void join(const struct moments *m, size_t n, double *mean, double *m2, size_t b)
{
    double share = (double)b / (double)(n + b);
    for (size_t j = 0; j < m->d; j++) {
        double delta = m->block_mean[j] - mean[j];
        mean[j] += delta * share;
        m2[j] += m->block_m2[j] + delta * delta * (double)n * share;
    }
}

/* The same for the held rows. */
static void join_held(const struct moments *m, size_t n, double *mean, double *m2)
{
    size_t d = m->d;
    double b = (double)m->held;
    memset(m->block_mean, 0, d * sizeof *m->block_mean);
    memset(m->block_m2, 0, d * sizeof *m->block_m2);
    for (size_t i = 0; i < m->held; i++)
        for (size_t j = 0; j < d; j++)
            m->block_mean[j] += (double)m->x[i * d + j] - (double)m->first[j];
    for (size_t j = 0; j < d; j++)
        m->block_mean[j] /= b;
    for (size_t i = 0; i < m->held; i++)
        for (size_t j = 0; j < d; j++) {
            double e = (double)m->x[i * d + j] - (double)m->first[j] - m->block_mean[j];
            m->block_m2[j] += e * e;
        }
    join(m, n, mean, m2, m->held);
}

void moments_add(struct moments *m, const float *x, size_t n)
{
    if (n && m->n + m->held == 0)
        memcpy(m->first, x, m->d * sizeof *x);
    while (n) {
        size_t take = BLOCK - m->held < n ? BLOCK - m->held : n;
        memcpy(m->x + m->held * m->d, x, take * m->d * sizeof *x);
        m->held += take;
        x += take * m->d;
        n -= take;
        if (m->held == BLOCK) {
            join_held(m, m->n, m->mean, m->m2);
            m->n += BLOCK;
            m->held = 0;
        }
    }
}

size_t moments_get(struct moments *m, double *mean, double *var)
{
    size_t n = m->n + m->held;
    memcpy(mean, m->mean, m->d * sizeof *mean);
    memcpy(var, m->m2, m->d * sizeof *var);
    if (m->held)
        join_held(m, m->n, mean, var);
    for (size_t j = 0; j < m->d && n; j++) {
        mean[j] += (double)m->first[j];
        var[j] /= (double)n;
    }
    return n;
}

void moments_take(struct moments *m, double *part)
{
    size_t d = m->d;
    if (m->held)
        join_held(m, m->n, m->mean, m->m2);
    *part++ = (double)(m->n + m->held);
    for (size_t j = 0; j < d; j++)
        part[j] = (double)m->first[j];
    memcpy(part + d, m->mean, d * sizeof *part);
    memcpy(part + 2 * d, m->m2, d * sizeof *part);
    m->n = m->held = 0;
    memset(m->mean, 0, d * sizeof *m->mean);
    memset(m->m2, 0, d * sizeof *m->m2);
}

void moments_join(struct moments *m, const double *part)
{
    size_t d = m->d, n = (size_t)*part++;
    if (!n)
        return;
    for (size_t j = 0; j < d && !m->n; j++)
        m->first[j] = (float)part[j];
    for (size_t j = 0; j < d; j++)
        m->block_mean[j] = part[j] - (double)m->first[j] + part[d + j];
    memcpy(m->block_m2, part + 2 * d, d * sizeof *m->block_m2);
    join(m, m->n, m->mean, m->m2, n);
    m->n += n;
}

void moments_free(struct moments *m)
{
    if (!m)
        return;
    free(m->x);
    free(m->first);
    free(m->mean);
    free(m->m2);
    free(m->block_mean);
    free(m->block_m2);
    free(m);
}

void moments_scale(size_t n, size_t d, const double *mean, const double *var, double *scale)
{
    for (size_t j = 0; j < d; j++) {
        double count = (double)n, floor = count * mean[j] * DBL_EPSILON;
        scale[j] = var[j] <= count * DBL_EPSILON * var[j] + floor * floor ? 1 : sqrt(var[j]);
    }
}
