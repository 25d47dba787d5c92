/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layout/tour.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/heap.h"
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

/* The rows that are left, in chains: the places of an artist's from first[artist] on by next[place], and those of TOUR_ALONE,
 * number `artists`. The heap has the first place of each, and some that are taken already. */
struct left { uint32_t artists; size_t n, *first, *next, *count, *with, largest; struct heap heap; };
#define NOWHERE SIZE_MAX

static void offer(struct left *l, uint32_t chain)
{
    if (l->first[chain] != NOWHERE)
        heap_push(&l->heap, (struct heap_item){ (double)l->first[chain], chain, 0 });
}

/* The chain that begins first, other than `not`, if there is another. */
static uint32_t foremost(struct left *l, uint32_t not)
{
    uint32_t chain = not;
    bool had = false;
    while (chain == not && l->heap.n) {
        struct heap_item i = heap_pop(&l->heap);
        bool there = l->first[i.a] != NOWHERE && i.key >= (double)l->first[i.a];
        had |= there && i.a == not;
        chain = there ? i.a : not;
    }
    if (had)
        offer(l, not);
    return chain;
}

/* Take the first row of a chain: its place. */
static size_t take(struct left *l, uint32_t chain)
{
    size_t place = l->first[chain];
    l->first[chain] = l->next[place];
    offer(l, chain);
    l->n--;
    if (chain < l->artists) {
        l->with[l->count[chain]--]--;           /* so many artists have so many left */
        l->with[l->count[chain]]++;
        l->largest -= l->largest && !l->with[l->largest];
    }
    return place;
}

/* The artist who has over half of what is left, rounded up; TOUR_ALONE if nobody has. */
static uint32_t pressing(const struct left *l, uint32_t before)
{
    uint32_t a = 0;
    if (l->largest <= l->n / 2)
        return TOUR_ALONE;
    if (before != TOUR_ALONE && l->count[before] > l->n / 2)
        return before;
    while (l->count[a] <= l->n / 2)
        a++;
    return a;
}

static struct left *left_new(const uint32_t *artist, uint32_t artists, const size_t *order, size_t n)
{
    struct left *l = mem_zero(1, sizeof *l);
    size_t chains = (size_t)artists + 1;
    *l = (struct left){ .artists = artists, .n = n, .first = mem_new(chains, sizeof *l->first) };
    l->next = mem_new(n, sizeof *l->next);
    l->count = mem_zero(chains, sizeof *l->count);
    l->with = mem_zero(n + 1, sizeof *l->with);
    for (size_t i = 0; i < chains; i++)
        l->first[i] = NOWHERE;
    for (size_t i = n; i-- > 0; ) {
        uint32_t a = artist[order[i]], chain = a == TOUR_ALONE ? artists : a;
        l->next[i] = l->first[chain];
        l->first[chain] = i;
        l->largest += a != TOUR_ALONE && ++l->count[a] > l->largest;
    }
    for (uint32_t a = 0; a <= artists; a++) {
        l->with[a < artists ? l->count[a] : 0]++;
        offer(l, a);
    }
    return l;
}

static void left_free(struct left *l)
{
    free(l->first);
    free(l->next);
    free(l->count);
    free(l->with);
    free(l->heap.v);
    free(l);
}

void tour_apart(const uint32_t *artist, uint32_t artists, size_t *order, size_t n)
{
    struct left *l = left_new(artist, artists, order, n);
    size_t *old = mem_new(n, sizeof *old);
    uint32_t last = TOUR_ALONE, most = TOUR_ALONE;
    for (size_t k = 0; k < n; k++)
        old[k] = order[k];
    for (size_t k = 0; k < n; k++) {
        most = pressing(l, most);
        order[k] = old[take(l, most != TOUR_ALONE && most != last ? most : foremost(l, last))];
        last = artist[order[k]];
    }
    left_free(l);
    free(old);
}
