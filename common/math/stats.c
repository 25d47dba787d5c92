/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/stats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* Sums over the rows of m[rows][d]: mean[d], and the central moments m2, m3, m4[d]. */
static void moments(const float *m, size_t rows, size_t d, bool higher, double *restrict mean, double *restrict m2,
                    double *restrict m3, double *restrict m4)
{
    double n = (double)rows;
    memset(mean, 0, d * sizeof *mean);
    memset(m2, 0, d * sizeof *m2);
    memset(m3, 0, d * sizeof *m3);
    memset(m4, 0, d * sizeof *m4);
    for (size_t t = 0; t < rows; t++)
        for (size_t c = 0; c < d; c++)
            mean[c] += (double)m[t * d + c];
    for (size_t c = 0; c < d; c++)
        mean[c] /= n;
    for (size_t t = 0; t < rows; t++)
        for (size_t c = 0; c < d; c++) {
            double v = (double)m[t * d + c] - mean[c];
            m2[c] += v * v;
        }
    for (size_t t = 0; higher && t < rows; t++)
        for (size_t c = 0; c < d; c++) {
            double v = (double)m[t * d + c] - mean[c];
            m3[c] += v * v * v;
            m4[c] += v * v * v * v;
        }
    for (size_t c = 0; c < d; c++) {
        m2[c] /= n;
        m3[c] /= n;
        m4[c] /= n;
    }
}

/* The columns of m, each in one piece: to[d][rows]. */
static void turn(const float *m, size_t rows, size_t d, float *to)
{
    for (size_t c = 0; c < d; c++)
        for (size_t t = 0; t < rows; t++)
            to[c * rows + t] = m[t * d + c];
}

/* Bring the k-th smallest of x[n] to its place, the smaller ones before it, the larger ones behind it (Hoare 1961,
 * "Algorithm 65: FIND"). The elements to split at are drawn, so that no input takes n^2 steps. */
static float find(float *x, size_t n, size_t k)
{
    uint64_t draw = hash_seed();
    for (ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, at = (ptrdiff_t)k; low < high; ) {
        draw = draw * 6364136223846793005u + 1442695040888963407u;
        ptrdiff_t i = low, j = high;
        float split = x[low + (ptrdiff_t)((draw >> 33) % (uint64_t)(high - low + 1))];
        while (i <= j) {
            while (x[i] < split)
                i++;
            while (split < x[j])
                j--;
            if (i <= j) {
                float moved = x[i];
                x[i++] = x[j];
                x[j--] = moved;
            }
        }
        if (j < at)
            low = i;
        if (at < i)
            high = j;
    }
    return x[k];
}

static double quantile(float *x, size_t n, double q)
{
    double at = q * (double)(n - 1), low = floor(at), share = at - low;
    size_t i = (size_t)low;
    float a = find(x, n, i), b = i + 1 < n ? x[i + 1] : a;
    for (size_t k = i + 2; k < n; k++)
        b = x[k] < b ? x[k] : b;
    double step = (double)b - (double)a;
    return share < 0.5 ? (double)a + step * share : (double)b - step * (1 - share);
}

static void extremes(const float *m, size_t rows, size_t d, bool most, float *restrict x)
{
    memcpy(x, m, d * sizeof *x);
    for (size_t t = 1; t < rows; t++)
        for (size_t c = 0; c < d; c++) {
            float v = m[t * d + c];
            x[c] = (most ? v > x[c] : v < x[c]) ? v : x[c];
        }
}

/* Whether a column of this mean and variance is one number, but for rounding. */
static bool constant(double mean, double m2)
{
    return m2 <= 1e-30 * mean * mean;
}

/* Those of the stats that are of deltas, or those that are not. */
static void some(const struct stat_of *s, size_t n, bool delta, const float *m, size_t rows, size_t d, float *x,
                 struct stats_room *room)
{
    bool any = false, moment = false, higher = false, order = false;
    for (size_t i = 0; i < n; i++)
        if (s[i].delta == delta) {
            any = true;
            order |= s[i].kind == STAT_QUANTILE;
            higher |= s[i].kind == STAT_SKEW || s[i].kind == STAT_KURTOSIS;
            moment |= s[i].kind <= STAT_VAR;
        }
    if (!any)
        return;
    mem_grow(&room->sums, &room->sums_cap, mem_mul(4, d), sizeof *room->sums);
    double *mean = room->sums, *m2 = mean + d, *m3 = m2 + d, *m4 = m3 + d;
    if (moment || higher)
        moments(m, rows, d, higher, mean, m2, m3, m4);
    if (order) {
        mem_grow(&room->turned, &room->turned_cap, mem_mul(rows, d), sizeof *room->turned);
        turn(m, rows, d, room->turned);
    }
    for (size_t i = 0; i < n; i++, x += d) {
        if (s[i].delta != delta)
            continue;
        if (s[i].kind == STAT_MIN || s[i].kind == STAT_MAX)
            extremes(m, rows, d, s[i].kind == STAT_MAX, x);
        for (size_t c = 0; c < d; c++) {
            switch (s[i].kind) {
            case STAT_MEAN:     x[c] = (float)mean[c]; break;
            case STAT_VAR:      x[c] = (float)m2[c]; break;
            case STAT_STD:      x[c] = (float)sqrt(m2[c]); break;
            case STAT_SKEW:     x[c] = constant(mean[c], m2[c]) ? 0 : (float)(m3[c] / (m2[c] * sqrt(m2[c]))); break;
            case STAT_KURTOSIS: x[c] = constant(mean[c], m2[c]) ? 0 : (float)(m4[c] / (m2[c] * m2[c]) - 3); break;
            case STAT_QUANTILE: x[c] = (float)quantile(room->turned + c * rows, rows, s[i].q); break;
            }
        }
    }
}

void stats_columns(const struct stat_of *s, size_t n, const float *m, size_t rows, size_t d, float *x,
                   struct stats_room *room)
{
    some(s, n, false, m, rows, d, x, room);
    bool delta = false;
    for (size_t i = 0; i < n; i++)
        delta |= s[i].delta;
    if (!delta || rows < 2)
        return;
    size_t count = mem_mul(rows - 1, d);
    mem_grow(&room->delta, &room->delta_cap, count, sizeof *room->delta);
    for (size_t i = 0; i < count; i++)
        room->delta[i] = m[i + d] - m[i];
    some(s, n, true, room->delta, rows - 1, d, x, room);
}

void stats_room_free(struct stats_room *room)
{
    free(room->sums);
    free(room->turned);
    free(room->delta);
    *room = (struct stats_room){ 0 };
}
