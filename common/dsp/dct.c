/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dsp/dct.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const double pi = 3.14159265358979323846;

enum { LANES = 8, ROWS = 4, GROUP = 16 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

double dct_entry(int type, bool ortho, size_t n, size_t k, size_t i)
{
    double N = (double)n, K = (double)k, I = (double)i;
    if (type == 1) {
        bool ends = i == 0 || i == n - 1;
        double b = (ends ? 1 : 2) * cos(pi * K * I / (N - 1));
        if (ortho)
            b *= (ends ? sqrt(2) : 1) * 0.5 * sqrt((k == 0 || k == n - 1 ? 1 : 2) / (N - 1));
        return b;
    }
    if (type == 2) {
        double b = 2 * cos(pi * K * (2 * I + 1) / (2 * N));
        return ortho ? b * sqrt((k == 0 ? 1 : 2) / (4 * N)) : b;
    }
    double b = (i == 0 ? 1 : 2) * cos(pi * I * (2 * K + 1) / (2 * N));
    return ortho ? b * sqrt((i == 0 ? 2 : 1) / (2 * N)) : b;
}

struct dct *dct_new(int type, bool ortho, double lifter, size_t n, size_t count)
{
    struct dct *d = mem_new(1, sizeof *d);
    size_t blocks = (count + LANES - 1) / LANES;
    *d = (struct dct){ n, count, mem_aligned(mem_mul(blocks * LANES, n), sizeof *d->basis) };
    for (size_t k = 0; k < blocks * LANES; k++) {
        double lift = lifter > 0 ? 1 + lifter / 2 * sin(pi * (double)(k + 1) / lifter) : 1;
        for (size_t i = 0; i < n; i++)
            d->basis[(k / LANES * n + i) * LANES + k % LANES] =
                k < count ? (float)(lift * dct_entry(type, ortho, n, k, i)) : 0;
    }
    return d;
}

void dct_free(struct dct *d)
{
    if (d)
        free(d->basis);
    free(d);
}

/* Eight coefficients, from `basis`, of four rows that x points to, into y. */
static void block(const float *basis, const float *const x[ROWS], size_t n, float y[ROWS][LANES])
{
    lanes total[ROWS] = { { 0 } };
    for (size_t i = 0; i < n; ) {
        lanes sum[ROWS] = { { 0 } }, b;
        for (size_t end = i + GROUP < n ? i + GROUP : n; i < end; i++, basis += LANES) {
            memcpy(&b, basis, sizeof b);
            for (int r = 0; r < ROWS; r++)
                sum[r] += x[r][i] * b;
        }
        for (int r = 0; r < ROWS; r++)
            total[r] += sum[r];
    }
    memcpy(y, total, sizeof total);
}

void dct_apply(const struct dct *d, const float *x, size_t rows, float *y)
{
    float part[ROWS][LANES];
    for (size_t t = 0; t < rows; t += ROWS) {
        size_t have = rows - t < ROWS ? rows - t : ROWS;
        const float *row[ROWS];
        for (size_t r = 0; r < ROWS; r++)
            row[r] = x + (t + (r < have ? r : 0)) * d->n;
        for (size_t k = 0; k < d->count; k += LANES) {
            block(d->basis + k * d->n, row, d->n, part);
            size_t width = d->count - k < LANES ? d->count - k : LANES;
            for (size_t r = 0; r < have; r++)
                memcpy(y + (t + r) * d->count + k, part[r], width * sizeof *y);
        }
    }
}
