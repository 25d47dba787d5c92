/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/resample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "score/external.h"

/* Streams of random numbers that no clusterer's starts use. */
#define UNIFORM_STREAM (1ULL << 40)
#define HALF_STREAM (1ULL << 41)

void resample_uniform(const float *x, size_t n, size_t d, uint64_t seed, size_t set, float *to)
{
    struct rng r;
    rng_init(&r, seed, UNIFORM_STREAM + set);
    for (size_t j = 0; j < d; j++) {
        double low = (double)x[j], high = low;
        for (size_t i = 1; i < n; i++) {
            double v = (double)x[i * d + j];
            low = v < low ? v : low;
            high = v > high ? v : high;
        }
        for (size_t i = 0; i < n; i++)
            to[i * d + j] = (float)(low + (high - low) * rng_uniform(&r));
    }
}

static int ascending(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

void resample_half(size_t n, uint64_t seed, size_t set, size_t *half)
{
    struct rng r;
    size_t *all = mem_new(n, sizeof *all), m = (n + 1) / 2;
    rng_init(&r, seed, HALF_STREAM + set);
    for (size_t i = 0; i < n; i++)
        all[i] = i;
    rng_shuffle(&r, all, n);
    for (size_t i = 0; i < m; i++)
        half[i] = all[i];
    free(all);
    qsort(half, m, sizeof *half, ascending);
}

double resample_gap(double within, const double *uniform, size_t sets, double *s)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < sets; i++)
        mean += log(uniform[i]) / (double)sets;
    for (size_t i = 0; i < sets; i++)
        square += (log(uniform[i]) - mean) * (log(uniform[i]) - mean) / (double)sets;
    *s = sqrt(square) * sqrt(1 + 1 / (double)sets);
    double gap = mean - log(within);
    return isfinite(gap) && isfinite(*s) ? gap : NAN;
}

size_t resample_gap_choice(const double *gap, const double *s, size_t n)
{
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (isnan(gap[i]))
            continue;
        if (i + 1 < n && gap[i] >= gap[i + 1] - s[i + 1])
            return i;
        last = i;
    }
    return last == SIZE_MAX ? 0 : last;
}

/* The labels number[] that occur in label[n], from 0 without gaps. */
static void close_gaps(uint32_t *label, size_t n, size_t k)
{
    uint32_t *to = mem_zero(k, sizeof *to), used = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t *number = to + label[i];
        *number = *number ? *number : ++used;
        label[i] = *number - 1;
    }
    free(to);
}

/* The share of pairs of label[n] that are together. */
static double together(const uint32_t *label, size_t n, size_t k)
{
    double *size = mem_zero(k, sizeof *size), pairs = 0;
    for (size_t i = 0; i < n; i++)
        size[label[i]]++;
    for (size_t j = 0; j < k; j++)
        pairs += size[j] * (size[j] - 1);
    free(size);
    return pairs / ((double)n * (double)(n - 1));
}

double resample_agreement(const size_t *a, const int32_t *la, size_t na, const size_t *b, const int32_t *lb, size_t nb,
                          size_t k, double *chance)
{
    uint32_t *x = mem_new(na, sizeof *x), *y = mem_new(na, sizeof *y);
    size_t n = 0;
    double ari = *chance = NAN;
    for (size_t i = 0, j = 0; i < na && j < nb; ) {
        if (a[i] == b[j]) {
            x[n] = (uint32_t)la[i];
            y[n++] = (uint32_t)lb[j];
        }
        size_t one = a[i], other = b[j];
        i += one <= other;
        j += other <= one;
    }
    if (n > 1) {
        double p = together(x, n, k), q = together(y, n, k);
        *chance = p * q + (1 - p) * (1 - q);
        close_gaps(x, n, k);
        close_gaps(y, n, k);
        ari = external_scores(x, y, n).ari;
    }
    free(x);
    free(y);
    return ari;
}
