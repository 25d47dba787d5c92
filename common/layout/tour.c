/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layout/tour.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

enum { REACH = 1000, TIMES = 20 };

static double way(const float *x, size_t d, size_t a, size_t b)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        double difference = (double)x[a * d + i] - (double)x[b * d + i];
        sum += difference * difference;
    }
    return sqrt(sum);
}

/* The nearest of order[from … n) to `row`, the first of equal ones. */
static size_t nearest(const float *x, size_t d, const size_t *order, size_t from, size_t n, size_t row)
{
    size_t best = from;
    double least = INFINITY;
    for (size_t i = from; i < n; i++) {
        double w = way(x, d, row, order[i]);
        if (w < least) {
            least = w;
            best = i;
        }
    }
    return best;
}

static void turn(size_t *order, size_t i, size_t j)
{
    for (; i < j; i++, j--) {
        size_t row = order[i];
        order[i] = order[j];
        order[j] = row;
    }
}

/* Turn each stretch i … j round that shortens the way by it; whether there was one. */
static bool mend(const float *x, size_t d, size_t *order, size_t n)
{
    bool better = false;
    for (size_t i = 1; i + 1 < n; i++) {
        double into = way(x, d, order[i - 1], order[i]);
        for (size_t j = i + 1; j < n && j < i + REACH; j++) {
            double first = way(x, d, order[i - 1], order[j]), out = 0, second = 0;
            if (j + 1 < n) {
                out = way(x, d, order[j], order[j + 1]);
                second = way(x, d, order[i], order[j + 1]);
            }
            if (first + second < (into + out) * (1 - 1e-12)) {
                turn(order, i, j);
                into = first;
                better = true;
            }
        }
    }
    return better;
}

void tour_short(const float *x, size_t d, size_t *order, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t k = nearest(x, d, order, i, n, order[i - 1]), row = order[k];
        for (; k > i; k--)
            order[k] = order[k - 1];
        order[i] = row;
    }
    for (int i = 0; i < TIMES && mend(x, d, order, n); i++)
        ;
}

/* The artist who has over half of the `left` rows that are left, rounded up; TOUR_ALONE if nobody has. */
static uint32_t pressing(const size_t *count, uint32_t artists, size_t left, uint32_t before)
{
    if (before != TOUR_ALONE && count[before] > left / 2)
        return before;
    for (uint32_t a = 0; a < artists; a++)
        if (count[a] > left / 2)
            return a;
    return TOUR_ALONE;
}

void tour_apart(const uint32_t *artist, uint32_t artists, size_t *order, size_t n)
{
    size_t *count = mem_zero(artists, sizeof *count), *next = mem_new(n + 1, sizeof *next), *old = mem_new(n, sizeof *old);
    uint32_t last = TOUR_ALONE, most = TOUR_ALONE;
    size_t largest = 0;         /* no artist has more left */
    for (size_t i = 0; i < n; i++) {
        old[i] = order[i];
        if (artist[old[i]] != TOUR_ALONE && ++count[artist[old[i]]] > largest)
            largest++;
    }
    for (size_t i = 0; i <= n; i++)     /* next[i] leads from place i - 1 to the next one left; 0 is the beginning */
        next[i] = i + 1;
    for (size_t k = 0; k < n; k++) {
        size_t before = 0, left = n - k;
        if (largest > left / 2)
            most = pressing(count, artists, left, most);
        bool must = most != TOUR_ALONE && most != last && count[most] > left / 2;
        while (next[before] <= n) {
            uint32_t a = artist[old[next[before] - 1]];
            if (must ? a == most : a == TOUR_ALONE || a != last)
                break;
            before = next[before];
        }
        if (next[before] > n)
            before = 0;                 /* all that are left are the last one's */
        size_t row = old[next[before] - 1];
        next[before] = next[next[before]];
        order[k] = row;
        last = artist[row];
        if (last != TOUR_ALONE)
            count[last]--;
    }
    free(count);
    free(next);
    free(old);
}
