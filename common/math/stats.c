/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/stats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* A float's bits as a number whose order is that of the floats, and back. */
static uint32_t key_of(uint32_t bits) { return bits >> 31 ? ~bits : bits | 0x80000000u; }
static uint32_t bits_of(uint32_t key) { return key >> 31 ? key & 0x7fffffffu : ~key; }

/* Byte by byte, from the lowest: in O(n), whatever they are. */
void stats_sort(float *x, float *spare, size_t n)
{
    size_t count[4][256] = { { 0 } };
    uint32_t key;
    for (size_t i = 0; i < n; i++) {
        memcpy(&key, x + i, sizeof key);
        key = key_of(key);
        memcpy(x + i, &key, sizeof key);
        for (int b = 0; b < 4; b++)
            count[b][key >> 8 * b & 255]++;
    }
    for (int b = 0; b < 4; b++) {               /* four times to and fro: it ends in x */
        const float *from = b % 2 ? spare : x;
        float *to = b % 2 ? x : spare;
        for (size_t v = 0, at = 0; v < 256; v++) {
            size_t here = count[b][v];
            count[b][v] = at;
            at += here;
        }
        for (size_t i = 0; i < n; i++) {
            memcpy(&key, from + i, sizeof key);
            uint32_t placed = b < 3 ? key : bits_of(key);
            memcpy(to + count[b][key >> 8 * b & 255]++, &placed, sizeof placed);
        }
    }
}

double stats_quantile(const float *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1), low = floor(at), share = at - low;
    size_t i = (size_t)low;
    double a = (double)sorted[i], b = (double)sorted[i + 1 < n ? i + 1 : i];
    return share < 0.5 ? a + (b - a) * share : b - (b - a) * (1 - share);
}

/* Every column of m sorted: sorted[d][rows], and room for one more. */
static void sort_columns(const float *m, size_t rows, size_t d, float *sorted)
{
    for (size_t c = 0; c < d; c++) {
        for (size_t t = 0; t < rows; t++)
            sorted[c * rows + t] = m[t * d + c];
        stats_sort(sorted + c * rows, sorted + d * rows, rows);
    }
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

/* The upper triangle of the covariances, diagonal by diagonal. sums[d + d (d + 1) / 2] is scratch. */
static void covariance(const float *m, size_t rows, size_t d, const double *mean, double *sums, float *x)
{
    size_t n = d * (d + 1) / 2;
    double *v = sums, *sum = sums + d;
    memset(sum, 0, n * sizeof *sum);
    for (size_t t = 0; t < rows; t++) {
        double *to = sum;
        for (size_t c = 0; c < d; c++)
            v[c] = (double)m[t * d + c] - mean[c];
        for (size_t k = 0; k < d; to += d - k++)
            for (size_t i = 0; i + k < d; i++)
                to[i] += v[i] * v[i + k];
    }
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(sum[i] / (double)(rows - 1));
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
    bool any = false, moment = false, higher = false, order = false, pairs = false;
    for (size_t i = 0; i < n; i++)
        if (s[i].delta == delta) {
            any = true;
            order |= s[i].kind == STAT_QUANTILE;
            higher |= s[i].kind == STAT_SKEW || s[i].kind == STAT_KURTOSIS;
            pairs |= s[i].kind == STAT_COV;
            moment |= s[i].kind <= STAT_VAR || s[i].kind == STAT_COV;
        }
    if (!any)
        return;
    mem_grow(&room->sums, &room->sums_cap, mem_mul(4, d) + (pairs ? d + mem_mul(d, d + 1) / 2 : 0), sizeof *room->sums);
    double *mean = room->sums, *m2 = mean + d, *m3 = m2 + d, *m4 = m3 + d;
    if (moment || higher)
        moments(m, rows, d, higher, mean, m2, m3, m4);
    if (order) {
        mem_grow(&room->sorted, &room->sorted_cap, mem_mul(rows, d + 1), sizeof *room->sorted);
        sort_columns(m, rows, d, room->sorted);
    }
    for (size_t i = 0; i < n; x += stats_width(s + i++, d)) {
        if (s[i].delta != delta)
            continue;
        if (s[i].kind == STAT_COV) {
            covariance(m, rows, d, mean, m4 + d, x);
            continue;
        }
        if (s[i].kind == STAT_MIN || s[i].kind == STAT_MAX)
            extremes(m, rows, d, s[i].kind == STAT_MAX, x);
        for (size_t c = 0; c < d; c++) {
            switch (s[i].kind) {
            case STAT_MEAN:     x[c] = (float)mean[c]; break;
            case STAT_VAR:      x[c] = (float)m2[c]; break;
            case STAT_STD:      x[c] = (float)sqrt(m2[c]); break;
            case STAT_SKEW:     x[c] = constant(mean[c], m2[c]) ? 0 : (float)(m3[c] / (m2[c] * sqrt(m2[c]))); break;
            case STAT_KURTOSIS: x[c] = constant(mean[c], m2[c]) ? 0 : (float)(m4[c] / (m2[c] * m2[c]) - 3); break;
            case STAT_QUANTILE: x[c] = (float)stats_quantile(room->sorted + c * rows, rows, s[i].q); break;
            }
        }
    }
}

size_t stats_width(const struct stat_of *s, size_t d)
{
    return s->kind == STAT_COV ? mem_mul(d, d + 1) / 2 : d;
}

size_t stats_least(const struct stat_of *s)
{
    return (size_t)1 + (s->kind == STAT_COV) + s->delta;
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
    free(room->sorted);
    free(room->delta);
    *room = (struct stats_room){ 0 };
}
