/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/silhouette.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/world.h"
#include "math/dist.h"

/* Rows are sorted by cluster, and laid out so that the processor's vectors hold one column of
 * many rows. A strip of ROWS rows meets columns, GROUP at a time. Blocks of BLOCK rows meet
 * in rounds as teams in a tournament, so that each pair of rows is measured once and no two
 * threads add to the same row; where the sums of n x k would be too many, each strip by
 * itself meets all rows. Which of the two depends on n and k alone. */
#if defined __AVX512F__
enum { LANES = 8, GROUP = 8 };
#elif defined __AVX__
enum { LANES = 4, GROUP = 4 };
#else
enum { LANES = 2, GROUP = 4 };
#endif
enum { ROWS = 16, PAIR = 2 * LANES, BLOCK = 512, SLICE = 128, MOST_SUMS = 32 << 20 };
typedef double vec __attribute__((vector_size(LANES * sizeof(double))));

struct work {
    const float *x;
    size_t n, d, k;
    bool cosine;
    size_t *order;              /* row at each place */
    uint32_t *label;            /* [padded n] of each place, ascending */
    size_t *size;               /* [k] */
    double *packed;             /* [strips][d][ROWS]: rows less mean, or unit rows */
    double *plain;              /* [padded n][d]: the same by rows */
    double *half;               /* [padded n]: half the squared length; 0 for cosine */
    double *sum;                /* [n][k] distances to the rows of each cluster */
    double *result;             /* [n] of each place */
    uint32_t *next;             /* [n] of each place, or NULL */
    double *scratch;            /* [threads][...] */
    size_t blocks, round, teams;
    size_t first;               /* strip that the part's strips begin at */
    bool alone;                 /* strips by themselves */
};

static void lay_out(struct work *w)
{
    size_t d = w->d, padded = par_blocks(w->n, ROWS) * ROWS;
    double *mean = mem_zero(d, sizeof *mean);
    w->packed = mem_aligned(mem_mul(padded, d), sizeof *w->packed);
    w->plain = mem_aligned(mem_mul(padded + GROUP, d), sizeof *w->plain);
    w->half = mem_zero(padded + GROUP, sizeof *w->half);
    memset(w->plain + w->n * d, 0, (padded + GROUP - w->n) * d * sizeof *w->plain);
    for (size_t i = 0; i < w->n && !w->cosine; i++)
        for (size_t j = 0; j < d; j++)
            mean[j] += (double)w->x[i * d + j] / (double)w->n;
    for (size_t p = 0; p < padded; p++) {
        double *to = w->plain + p * d, ss = 0;
        for (size_t j = 0; j < d && p < w->n; j++) {
            to[j] = (double)w->x[w->order[p] * d + j] - mean[j];
            ss += to[j] * to[j];
        }
        double length = w->cosine && ss > 0 ? sqrt(ss) : 1;
        for (size_t j = 0; j < d; j++) {
            to[j] /= length;
            w->packed[p / ROWS * ROWS * d + j * ROWS + p % ROWS] = to[j];
        }
        w->half[p] = w->cosine ? 0 : ss / 2;
    }
    free(mean);
}

/* product[g][ROWS] = x.y - half_x - half_y of a strip and GROUP rows y[GROUP][d]. */
static void products(const double *x, const double *half_x, const double *y, const double *half_y, size_t d,
                     double *product)
{
    for (size_t r = 0; r < ROWS; r += PAIR) {
        vec a[GROUP], b[GROUP], h0, h1;
        memcpy(&h0, half_x + r, sizeof h0);
        memcpy(&h1, half_x + r + LANES, sizeof h1);
        for (int g = 0; g < GROUP; g++) {
            a[g] = -half_y[g] - h0;
            b[g] = -half_y[g] - h1;
        }
        for (size_t i = 0; i < d; i++) {
            vec x0, x1;
            memcpy(&x0, x + i * ROWS + r, sizeof x0);
            memcpy(&x1, x + i * ROWS + r + LANES, sizeof x1);
            for (int g = 0; g < GROUP; g++) {
                double c = y[(size_t)g * d + i];
                a[g] += x0 * c;
                b[g] += x1 * c;
            }
        }
        for (int g = 0; g < GROUP; g++) {
            memcpy(product + g * ROWS + r, a + g, sizeof a[g]);
            memcpy(product + g * ROWS + r + LANES, b + g, sizeof b[g]);
        }
    }
}

/* Measure again, from differences, what is so close that the product has lost digits. */
static void correct(const struct work *w, size_t strip, size_t col, double *distance)
{
    for (size_t r = 0; r < ROWS && strip * ROWS + r < w->n; r++) {
        size_t p = strip * ROWS + r;
        if (distance[r] * distance[r] <= 2e-5 * (w->half[p] + w->half[col]))
            distance[r] = sqrt(dist_sq(w->x + w->order[p] * w->d, w->x + w->order[col] * w->d, w->d));
    }
}

/* distance[g][ROWS] of a strip from the rows at col ... col + GROUP - 1. */
static void measure(const struct work *w, size_t strip, size_t col, double *distance)
{
    const double *half = w->half + strip * ROWS;
    products(w->packed + strip * ROWS * w->d, half, w->plain + col * w->d, w->half + col, w->d, distance);
    for (size_t g = 0; g < GROUP; g++) {
        double *to = distance + g * ROWS;
        if (w->cosine) {
            for (size_t r = 0; r < ROWS; r++) {
                double e = 1 - to[r];
                to[r] = e < 0 || strip * ROWS + r == col + g ? 0 : e;
            }
            continue;
        }
        int close = 0;
        for (size_t r = 0; r < ROWS; r++) {
            double ss = -2 * to[r];
            close |= ss <= 2e-5 * (half[r] + w->half[col + g]);
            to[r] = sqrt(ss > 0 ? ss : 0);
        }
        if (close && col + g < w->n)
            correct(w, strip, col + g, to);
    }
}

static double total(const double *v)
{
    double s[4] = { 0 };
    for (size_t i = 0; i < ROWS; i += 4)
        for (size_t l = 0; l < 4; l++)
            s[l] += v[i + l];
    return (s[0] + s[2]) + (s[1] + s[3]);
}

static void add_rows(double *to, const double *from)
{
    for (size_t r = 0; r < ROWS; r++)
        to[r] += from[r];
}

/* Columns' sums over strips of one cluster: add them to their rows and begin anew. */
static void flush_columns(struct work *w, double (*column)[ROWS], size_t from, size_t to, size_t cluster)
{
    for (size_t c = from; c < to; c++) {
        w->sum[c * w->k + cluster] += total(column[c - from]);
        memset(column[c - from], 0, sizeof column[0]);
    }
}

/* Add a strip's distances from the rows from ... to-1 to sum[ROWS][k] of the strip's rows; and,
 * if the strip is of one cluster, to column; else, with `both`, to the sums of those rows. */
static void meet(struct work *w, size_t strip, size_t from, size_t to, double *sum, double (*column)[ROWS], bool both)
{
    double distance[GROUP * ROWS], run[ROWS] = { 0 };
    size_t rows = w->n - strip * ROWS < ROWS ? w->n - strip * ROWS : ROWS;
    for (size_t col = from; col < to; col += GROUP) {
        size_t count = to - col < GROUP ? to - col : GROUP;
        measure(w, strip, col, distance);
        for (size_t g = 0; g < count; g++) {
            size_t c = col + g;
            add_rows(run, distance + g * ROWS);
            if (column)
                add_rows(column[c - from], distance + g * ROWS);
            for (size_t r = 0; both && !column && r < rows; r++)
                w->sum[c * w->k + w->label[strip * ROWS + r]] += distance[g * ROWS + r];
            if (c + 1 == to || w->label[c + 1] != w->label[c]) {
                for (size_t r = 0; r < rows; r++)
                    sum[r * w->k + w->label[c]] += run[r];
                memset(run, 0, sizeof run);
            }
        }
    }
}

/* The strip's rows are all of one cluster. */
static bool uniform(const struct work *w, size_t strip)
{
    return (strip + 1) * ROWS <= w->n && w->label[strip * ROWS] == w->label[strip * ROWS + ROWS - 1];
}

/* All pairs of a row of block a and one of block b; within one block, both ways. */
static void match(struct work *w, size_t a, size_t b)
{
    double column[SLICE][ROWS];
    size_t first = a * BLOCK / ROWS, last = par_blocks(par_end(a, BLOCK, w->n), ROWS);
    memset(column, 0, sizeof column);
    for (size_t from = b * BLOCK; from < par_end(b, BLOCK, w->n); from += SLICE) {
        size_t to = from + SLICE < par_end(b, BLOCK, w->n) ? from + SLICE : par_end(b, BLOCK, w->n);
        for (size_t s = first; s < last; s++) {
            bool both = a != b, one = both && uniform(w, s);
            meet(w, s, from, to, w->sum + s * ROWS * w->k, one ? column : NULL, both);
            size_t cluster = w->label[s * ROWS];
            if (one && (s + 1 == last || !uniform(w, s + 1) || w->label[(s + 1) * ROWS] != cluster))
                flush_columns(w, column, from, to, cluster);
        }
    }
}

/* The i-th match of a round: team `teams - 1` stays, the others go round it. False: its second team is none. */
static bool pairing(const struct work *w, size_t i, size_t *a, size_t *b)
{
    size_t around = w->teams - 1;
    size_t one = i ? (w->round + i) % around : around, other = i ? (w->round + around - i) % around : w->round;
    *a = one < other ? one : other;
    *b = one < other ? other : one;
    return *b < w->blocks;
}

static void play(size_t i, void *state)
{
    struct work *w = state;
    size_t a, b;
    if (pairing(w, i, &a, &b))
        match(w, a, b);
}

/* The sums of both blocks of each match of a round, which one rank (base/world) has made: to all. */
static void tell_round(struct work *w)
{
    size_t first, end, n = 0, at = 0, a, b, block = BLOCK * w->k;
    if (world.size == 1)
        return;
    world_share(w->teams / 2, &first, &end);
    double *own = mem_new(mem_mul(2 * (end - first), block), sizeof *own), *all;
    for (size_t i = first; i < end; i++)
        if (pairing(w, i, &a, &b)) {
            memcpy(own + block * n++, w->sum + a * block, block * sizeof *own);
            memcpy(own + block * n++, w->sum + b * block, block * sizeof *own);
        }
    all = world_all(own, n * block * sizeof *own, NULL);
    for (size_t i = 0; i < w->teams / 2; i++)
        if (pairing(w, i, &a, &b)) {
            memcpy(w->sum + a * block, all + block * at++, block * sizeof *all);
            memcpy(w->sum + b * block, all + block * at++, block * sizeof *all);
        }
    free(own);
    free(all);
}

static void play_alone(size_t a, void *state)
{
    match(state, a, a);
}

/* (b - a) / max(a, b) of the row at a place, from its sums. */
static double of_row(const struct work *w, size_t place, const double *sum)
{
    size_t own = w->label[place];
    double b = INFINITY;
    size_t next = own == 0;
    for (size_t c = 0; c < w->k; c++)
        if (c != own && sum[c] / (double)w->size[c] < b) {
            b = sum[c] / (double)w->size[c];
            next = c;
        }
    if (w->next)
        w->next[place] = (uint32_t)next;
    if (w->size[own] == 1)
        return 0;
    double a = sum[own] / (double)(w->size[own] - 1), most = a > b ? a : b;
    return most > 0 ? (b - a) / most : 0;
}

/* A strip meets all rows; nothing is kept of the sums. */
static void strip_alone(size_t i, void *state)
{
    struct work *w = state;
    size_t strip = w->first + i;
    double *sum = w->scratch + (size_t)par_worker() * ROWS * w->k;
    memset(sum, 0, ROWS * w->k * sizeof *sum);
    meet(w, strip, 0, w->n, sum, NULL, false);
    for (size_t r = 0; r < ROWS && strip * ROWS + r < w->n; r++)
        w->result[strip * ROWS + r] = of_row(w, strip * ROWS + r, sum + r * w->k);
}

static void tournament(struct work *w, void (*tick)(double))
{
    size_t cut = world.size > 1 ? BLOCK : ROWS;         /* whole blocks are told */
    w->sum = mem_zero(mem_mul(par_blocks(w->n, cut) * cut, w->k), sizeof *w->sum);
    w->blocks = par_blocks(w->n, BLOCK);
    w->teams = w->blocks + w->blocks % 2;
    world_for(w->blocks, play_alone, w);
    world_fill(w->sum, w->blocks, BLOCK * w->k * sizeof *w->sum);
    for (w->round = 0; w->round + 1 < w->teams; w->round++) {
        world_for(w->teams / 2, play, w);
        tell_round(w);
        if (tick)
            tick((double)(w->round + 1) / (double)w->teams);
    }
    for (size_t p = 0; p < w->n; p++)
        w->result[p] = of_row(w, p, w->sum + p * w->k);
}

static void strips(struct work *w, void (*tick)(double))
{
    enum { AT_ONCE = 256 };
    size_t all = par_blocks(w->n, ROWS), threads = (size_t)(par_jobs > 0 ? par_jobs : par_available());
    w->scratch = mem_new(mem_mul(threads * ROWS, w->k), sizeof *w->scratch);
    for (w->first = 0; w->first < all; w->first += AT_ONCE) {
        size_t now = all - w->first < AT_ONCE ? all - w->first : AT_ONCE;
        world_for(now, strip_alone, w);
        world_fill(w->result + w->first * ROWS, now, ROWS * sizeof *w->result);
        if (tick)
            tick((double)w->first / (double)all);
    }
}

double silhouette_memory(const struct clustered *of)
{
    double n = (double)of->n, k = (double)of->k, threads = par_jobs > 0 ? par_jobs : par_available();
    return 16 * n * ((double)of->d + 2) + 8 * (n * k <= MOST_SUMS ? n * k : threads * ROWS * k);
}

double silhouette_score(const struct clustered *of, bool cosine, double *row, void (*tick)(double share))
{
    return silhouette_each(of, cosine, row, NULL, tick);
}

double silhouette_each(const struct clustered *of, bool cosine, double *row, uint32_t *next, void (*tick)(double share))
{
    size_t n = of->n, k = of->k;
    const uint32_t *label = of->label;
    if (k < 2 || k >= n)
        return NAN;
    struct work w = { .x = of->x, .n = n, .d = of->d, .k = k, .cosine = cosine };
    size_t *start = mem_zero(k + 1, sizeof *start);
    w.order = mem_new(n, sizeof *w.order);
    w.label = mem_zero(n + ROWS, sizeof *w.label);
    w.size = mem_zero(k, sizeof *w.size);
    w.result = mem_new(n + ROWS, sizeof *w.result);
    w.next = next ? mem_new(n, sizeof *w.next) : NULL;
    for (size_t i = 0; i < n; i++)
        w.size[label[i]]++;
    for (size_t c = 0; c < k; c++)
        start[c + 1] = start[c] + w.size[c];
    for (size_t i = 0; i < n; i++) {
        size_t place = start[label[i]]++;
        w.order[place] = i;
        w.label[place] = label[i];
    }
    lay_out(&w);
    if ((double)n * (double)k <= MOST_SUMS)
        tournament(&w, tick);
    else
        strips(&w, tick);
    double *each = row ? row : mem_new(n, sizeof *each), sum = 0;
    for (size_t p = 0; p < n; p++)
        each[w.order[p]] = w.result[p];
    for (size_t p = 0; next && p < n; p++)
        next[w.order[p]] = w.next[p];
    for (size_t i = 0; i < n; i++)
        sum += each[i];
    void *const all[] = { start, w.order, w.label, w.size, w.packed, w.plain, w.half, w.sum, w.result, w.next, w.scratch,
                          row ? NULL : each };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    return sum / (double)n;
}
