/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/external.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "score/match.h"

__extension__ typedef unsigned __int128 wide;

const char *const external_names[EXTERNAL_SCORES] = {
    "nmi", "ami", "ari", "homogeneity", "completeness", "v_measure", "fowlkes_mallows", "purity", "matched_accuracy",
};

/* Sums of a table's rows or columns. */
struct margin { uint64_t *count; size_t n; };

static int ascending(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static double entropy(const struct margin *m, double n)
{
    double h = 0;
    for (size_t i = 0; i < m->n; i++)
        h -= (double)m->count[i] / n * log((double)m->count[i] / n);
    return m->n > 1 ? h : 0;
}

/* Twice the number of pairs within the counts. */
static wide pairs(const uint64_t *count, size_t n)
{
    wide sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (wide)count[i] * (count[i] - 1);
    return sum;
}

/* Mean of x log(n x / (a b)) over x, the overlap of a random a and a random b of n rows. The
 * chances are followed from the likeliest x to both sides by their ratios, and their sum
 * taken for 1, so that no factorial is needed. */
static double mean_overlap(double a, double b, double n)
{
    double low = a + b > n ? a + b - n : 0, high = a < b ? a : b;
    double mode = floor((a + 1) / (n + 2) * (b + 1)), part = n / a / b;
    mode = mode < low ? low : mode > high ? high : mode;
    double chances = 0, sum = 0, p = 1;
    for (double x = mode; x <= high && p > 1e-22; x++) {
        chances += p;
        sum += x > 0 ? p * x * log(part * x) : 0;
        p *= (a - x) / (x + 1) * ((b - x) / (n - a - b + x + 1));
    }
    p = mode > low ? mode / (a - mode + 1) * ((n - a - b + mode) / (b - mode + 1)) : 0;
    for (double x = mode - 1; x >= low && p > 1e-22; x--) {
        chances += p;
        sum += x > 0 ? p * x * log(part * x) : 0;
        p *= x / (a - x + 1) * ((n - a - b + x) / (b - x + 1));
    }
    return sum / chances;
}

/* Mean mutual information of partitions with these sums (Vinh, Epps and Bailey 2010, equation
 * 24a). Equal sums are done once. */
static double expected_information(struct margin *a, struct margin *b, double n)
{
    double sum = 0;
    qsort(a->count, a->n, sizeof *a->count, ascending);
    qsort(b->count, b->n, sizeof *b->count, ascending);
    for (size_t i = 0, next_i; i < a->n; i = next_i) {
        for (next_i = i + 1; next_i < a->n && a->count[next_i] == a->count[i]; )
            next_i++;
        double row = 0;
        for (size_t j = 0, next_j; j < b->n; j = next_j) {
            for (next_j = j + 1; next_j < b->n && b->count[next_j] == b->count[j]; )
                next_j++;
            row += (double)(next_j - j) * mean_overlap((double)a->count[i], (double)b->count[j], n);
        }
        sum += (double)(next_i - i) * row;
    }
    return sum / n;
}

/* 1 where one is all that can be had; x / y otherwise. */
static double share(double x, double y)
{
    return y > 0 ? x / y : 1;
}

/* Rows on the best one-to-one matching of classes and clusters; NaN if they are too many. */
static double matched(const struct cell *cells, size_t n_cells, size_t classes, size_t clusters)
{
    double small = (double)(classes < clusters ? classes : clusters), table = (double)classes * (double)clusters, sum = 0;
    if (table > 0x1p26 || small * table > 1e11)
        return NAN;
    double *count = mem_zero(classes * clusters, sizeof *count);
    size_t *column = mem_new(classes, sizeof *column);
    for (size_t i = 0; i < n_cells; i++)
        count[cells[i].truth * clusters + cells[i].cluster] = (double)cells[i].count;
    match_best(count, classes, clusters, column);
    for (size_t i = 0; i < classes; i++)
        sum += column[i] == SIZE_MAX ? 0 : count[i * clusters + column[i]];
    free(count);
    free(column);
    return sum;
}

static struct external from_margins(const struct cell *cells, size_t n_cells, struct margin *a, struct margin *b)
{
    struct external e = { .classes = a->n, .clusters = b->n };
    uint64_t total = 0, most = 0, *best = mem_zero(b->n, sizeof *best);
    wide within = 0, of_truth = pairs(a->count, a->n), of_clusters = pairs(b->count, b->n);
    double information = 0;
    for (size_t i = 0; i < n_cells; i++)
        total += cells[i].count;
    double n = (double)total;
    for (size_t i = 0; i < n_cells; i++) {
        const struct cell *c = cells + i;
        double count = (double)c->count;
        within += (wide)c->count * (c->count - 1);
        information += count / n * log(count / (double)a->count[c->truth] * (n / (double)b->count[c->cluster]));
        if (c->count > best[c->cluster])
            best[c->cluster] = c->count;
    }
    for (size_t j = 0; j < b->n; j++)
        most += best[j];
    free(best);
    e.purity = total ? (double)most / n : NAN;
    e.matched_accuracy = total ? matched(cells, n_cells, a->n, b->n) / n : NAN;

    /* Partitions are equal if each row of the table and each column has one cell. */
    bool equal = n_cells == a->n && n_cells == b->n;
    double ha = entropy(a, n), hb = entropy(b, n), mean = (ha + hb) / 2;
    information = information > 0 ? information : 0;
    information = fmin(information, fmin(ha, hb));     /* more is rounding */
    e.nmi = equal ? 1 : share(information, mean);
    e.homogeneity = equal ? 1 : share(information, ha);
    e.completeness = equal ? 1 : share(information, hb);
    double both = e.homogeneity + e.completeness;
    e.v_measure = both > 0 ? 2 * e.homogeneity * e.completeness / both : 0;

    long double s = (long double)within, t = (long double)of_truth, c = (long double)of_clusters;
    long double all = (long double)total * (long double)(total ? total - 1 : 0), chance = all > 0 ? t / all * c : 0;
    e.ari = equal ? 1 : (double)((s - chance) / ((t + c) / 2 - chance));
    e.fowlkes_mallows = !total ? NAN : equal ? 1 : within ? (double)(sqrtl(s / t) * sqrtl(s / c)) : 0;
    if (equal || a->n <= 1 || b->n <= 1) {
        e.ami = equal;          /* one of them tells nothing, nor would it at random */
    } else {
        double expected = expected_information(a, b, n), room = mean - expected;
        e.ami = (information - expected) / (room > 1e-15 ? room : 1e-15);
    }
    return e;
}

struct external external_table(const struct cell *cells, size_t n_cells)
{
    struct margin a = { NULL, 0 }, b = { NULL, 0 };
    for (size_t i = 0; i < n_cells; i++) {
        a.n = cells[i].truth >= a.n ? cells[i].truth + (size_t)1 : a.n;
        b.n = cells[i].cluster >= b.n ? cells[i].cluster + (size_t)1 : b.n;
    }
    a.count = mem_zero(a.n, sizeof *a.count);
    b.count = mem_zero(b.n, sizeof *b.count);
    for (size_t i = 0; i < n_cells; i++) {
        a.count[cells[i].truth] += cells[i].count;
        b.count[cells[i].cluster] += cells[i].count;
    }
    struct external e = from_margins(cells, n_cells, &a, &b);
    free(a.count);
    free(b.count);
    return e;
}

/* The rows by their truth: order[n], and where each class begins, start[classes + 1]. */
static size_t *by_truth(const uint32_t *truth, size_t n, size_t **order, size_t *classes)
{
    *classes = 0;
    for (size_t i = 0; i < n; i++)
        *classes = truth[i] >= *classes ? truth[i] + (size_t)1 : *classes;
    size_t *start = mem_zero(*classes + 2, sizeof *start);
    *order = mem_new(n, sizeof **order);
    for (size_t i = 0; i < n; i++)
        start[truth[i] + 2]++;
    for (size_t c = 2; c <= *classes; c++)
        start[c] += start[c - 1];
    for (size_t i = 0; i < n; i++)
        (*order)[start[truth[i] + 1]++] = i;
    return start;
}

struct cell *external_cells(const uint32_t *truth, const uint32_t *cluster, size_t n, uint32_t *cell, size_t *n_cells)
{
    size_t *order, classes, clusters = 0, cap = 0;
    size_t *start = by_truth(truth, n, &order, &classes);
    for (size_t i = 0; i < n; i++)
        clusters = cluster[i] >= clusters ? cluster[i] + (size_t)1 : clusters;
    size_t *at = mem_zero(clusters, sizeof *at);        /* 1 + cell of the cluster within this class */
    struct cell *cells = NULL;
    *n_cells = 0;
    for (size_t c = 0; c < classes; c++) {
        size_t first = *n_cells;
        for (size_t i = start[c]; i < start[c + 1]; i++) {
            uint32_t j = cluster[order[i]];
            if (!at[j]) {
                mem_grow(&cells, &cap, *n_cells + 1, sizeof *cells);
                cells[*n_cells] = (struct cell){ .truth = (uint32_t)c, .cluster = j };
                at[j] = ++*n_cells;
            }
            cells[at[j] - 1].count++;
            if (cell)
                cell[order[i]] = (uint32_t)(at[j] - 1);
        }
        for (size_t i = first; i < *n_cells; i++)
            at[cells[i].cluster] = 0;
    }
    free(at);
    free(start);
    free(order);
    return cells;
}

struct external external_scores(const uint32_t *truth, const uint32_t *cluster, size_t n)
{
    size_t n_cells;
    struct cell *cells = external_cells(truth, cluster, n, NULL, &n_cells);
    struct external e = external_table(cells, n_cells);
    free(cells);
    return e;
}
