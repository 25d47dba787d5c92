/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layout/repel.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

/* LEAF: cells of so many points are not cut; GROUP: most points that walk together; EXACT: up to so many points
 * in all, a tree is not worth its while. */
enum { LEAF = 8, GROUP = 64, EXACT = 512, DIGIT = 11, BUCKETS = 1 << DIGIT };

/* A vector of the processor; points are worked on by two of them. */
#if defined __AVX512F__
enum { LANES = 16 };
#elif defined __AVX__
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
enum { PAIR = 2 * LANES };
typedef float vec __attribute__((vector_size(LANES * sizeof(float))));

/* A cell of the tree; cells lie in the order of a walk from the root. */
struct cell {
    uint32_t begin, end;        /* its points, in the tree's order */
    uint32_t next;              /* the cell after all that lie in this one */
    bool leaf;
    float width_sq;             /* of its box, from corner to corner */
    float lo[3], hi[3], centre[3];
    double square;              /* sum over its points of their squared distance from its centre */
};

struct repel {
    size_t n, dims;
    double angle;
    uint32_t *code, *order;     /* [n] of each place in the order: which cell, which point */
    uint32_t *code2, *order2;   /* scratch of the sort */
    float *sorted;              /* [dims][n + PAIR] */
    struct cell *cell;
    size_t cells, cells_cap;
    uint32_t *group;            /* cells whose points walk together, or first points without a tree */
    size_t groups, groups_cap;
    double *sums;               /* [groups] */
    size_t sums_cap;
    struct sources { float *at[3], *mass, *spread; size_t n, cap; } *sources;     /* of each worker */
    int workers;
    float *force;               /* where the result goes */
};

struct repel *repel_new(size_t n, size_t dims, double angle)
{
    struct repel *r = mem_zero(1, sizeof *r);
    r->n = n;
    r->dims = dims;
    r->angle = n <= EXACT ? 0 : angle;
    r->code = mem_new(n, sizeof *r->code);
    r->code2 = mem_new(n, sizeof *r->code2);
    r->order = mem_new(n, sizeof *r->order);
    r->order2 = mem_new(n, sizeof *r->order2);
    r->sorted = mem_zero(dims * (n + PAIR), sizeof *r->sorted);
    r->workers = par_jobs;
    r->sources = mem_zero((size_t)r->workers, sizeof *r->sources);
    return r;
}

void repel_free(struct repel *r)
{
    if (!r)
        return;
    for (int w = 0; w < r->workers; w++) {
        for (size_t c = 0; c < r->dims; c++)
            free(r->sources[w].at[c]);
        free(r->sources[w].mass);
        free(r->sources[w].spread);
    }
    free(r->sources);
    free(r->code);
    free(r->code2);
    free(r->order);
    free(r->order2);
    free(r->sorted);
    free(r->cell);
    free(r->group);
    free(r->sums);
    free(r);
}

double repel_bytes(size_t n)
{
    return (double)n * (4 * 4 + 3 * 4 + (double)sizeof(struct cell) / 2) + 64 * (double)EXACT;
}

/* ---- the tree ---- */

/* Bits of v (16, or 10) with one or two zeros between them. */
static uint32_t spread(uint32_t v, size_t dims)
{
    if (dims == 2) {
        v = (v | v << 8) & 0x00ff00ff;
        v = (v | v << 4) & 0x0f0f0f0f;
        v = (v | v << 2) & 0x33333333;
        return (v | v << 1) & 0x55555555;
    }
    v = (v | v << 16) & 0x030000ff;
    v = (v | v << 8) & 0x0300f00f;
    v = (v | v << 4) & 0x030c30c3;
    return (v | v << 2) & 0x09249249;
}

/* Each point's cell on the finest grid, by Morton's order. */
static void encode(struct repel *r, const float *y)
{
    size_t n = r->n;
    uint32_t most = r->dims == 2 ? 65535 : 1023;
    float lo[3], side = 0;
    for (size_t c = 0; c < r->dims; c++) {
        float least = INFINITY, largest = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            least = y[i * r->dims + c] < least ? y[i * r->dims + c] : least;
            largest = y[i * r->dims + c] > largest ? y[i * r->dims + c] : largest;
        }
        lo[c] = least;
        side = largest - least > side ? largest - least : side;
    }
    double scale = side > 0 ? most / (double)side : 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t code = 0;
        for (size_t c = 0; c < r->dims; c++) {
            double place = (double)(y[i * r->dims + c] - lo[c]) * scale;
            code |= spread(place < most ? (uint32_t)place : most, r->dims) << c;
        }
        r->code[i] = code;
        r->order[i] = (uint32_t)i;
    }
}

/* Radix sort by code; points of one cell stay in their order. */
static void sort(struct repel *r)
{
    for (unsigned shift = 0; shift < 32; shift += DIGIT) {
        uint32_t place[BUCKETS + 1] = { 0 };
        for (size_t i = 0; i < r->n; i++)
            place[(r->code[i] >> shift) % BUCKETS + 1]++;
        for (size_t b = 0; b < BUCKETS; b++)
            place[b + 1] += place[b];
        for (size_t i = 0; i < r->n; i++) {
            uint32_t at = place[(r->code[i] >> shift) % BUCKETS]++;
            r->code2[at] = r->code[i];
            r->order2[at] = r->order[i];
        }
        uint32_t *code = r->code, *order = r->order;
        r->code = r->code2;
        r->order = r->order2;
        r->code2 = code;
        r->order2 = order;
    }
}

/* The first place in begin ... end whose code is no less than `code`. */
static uint32_t place_of(const struct repel *r, uint32_t begin, uint32_t end, uint64_t code)
{
    while (begin < end) {
        uint32_t middle = begin + (end - begin) / 2;
        if (r->code[middle] < code)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

static double squares_about(const float *y, size_t begin, size_t end, double centre)
{
    double sum = 0;
    for (size_t i = begin; i < end; i++)
        sum += ((double)y[i] - centre) * ((double)y[i] - centre);
    return sum;
}

/* Append the cell of begin ... end, whose codes agree above the lowest `bits`, and all within it; returns its
 * number. Adds the cells that walk together to the groups, unless it is `within` one. */
static uint32_t build(struct repel *r, uint32_t begin, uint32_t end, unsigned bits, bool within)
{
    uint32_t at = (uint32_t)r->cells;
    mem_grow(&r->cell, &r->cells_cap, ++r->cells, sizeof *r->cell);
    struct cell cell = { .begin = begin, .end = end, .leaf = end - begin <= LEAF || bits == 0 };
    if (!within && (end - begin <= GROUP || cell.leaf)) {
        mem_grow(&r->group, &r->groups_cap, r->groups + 1, sizeof *r->group);
        r->group[r->groups++] = at;
        within = true;
    }
    double sum[3] = { 0 };
    for (size_t c = 0; c < r->dims; c++) {
        cell.lo[c] = INFINITY;
        cell.hi[c] = -INFINITY;
    }
    if (cell.leaf) {
        for (size_t c = 0; c < r->dims; c++) {
            const float *y = r->sorted + c * (r->n + PAIR);
            for (size_t i = begin; i < end; i++) {
                sum[c] += (double)y[i];
                cell.lo[c] = y[i] < cell.lo[c] ? y[i] : cell.lo[c];
                cell.hi[c] = y[i] > cell.hi[c] ? y[i] : cell.hi[c];
            }
        }
    } else {
        unsigned fewer = bits - (unsigned)r->dims;
        uint64_t above = (uint64_t)r->code[begin] >> bits << bits;
        for (uint32_t child = 0, first = begin; child < 1u << r->dims; child++) {
            uint32_t last = place_of(r, first, end, above + ((uint64_t)(child + 1) << fewer));
            if (last == first)
                continue;
            uint32_t inner = build(r, first, last, fewer, within);     /* which may move r->cell */
            const struct cell *in = r->cell + inner;
            for (size_t c = 0; c < r->dims; c++) {
                sum[c] += (double)in->centre[c] * (last - first);
                cell.lo[c] = in->lo[c] < cell.lo[c] ? in->lo[c] : cell.lo[c];
                cell.hi[c] = in->hi[c] > cell.hi[c] ? in->hi[c] : cell.hi[c];
            }
            first = last;
        }
    }
    for (size_t c = 0; c < r->dims; c++) {
        float side = cell.hi[c] - cell.lo[c];
        double centre = sum[c] / (end - begin);
        cell.centre[c] = (float)centre;
        if (cell.leaf)
            cell.square += squares_about(r->sorted + c * (r->n + PAIR), begin, end, centre);
        for (uint32_t in = at + 1; !cell.leaf && in < r->cells; in = r->cell[in].next) {
            const struct cell *child = r->cell + in;
            double apart = (double)child->centre[c] - centre;
            cell.square += (c ? 0 : child->square) + apart * apart * (child->end - child->begin);
        }
        cell.width_sq += side * side;
    }
    cell.next = (uint32_t)r->cells;
    r->cell[at] = cell;
    return at;
}

/* ---- the forces ---- */

/* Room for `more` sources. */
static void grow_sources(struct sources *s, size_t dims, size_t more)
{
    if (s->n + more <= s->cap)
        return;
    s->cap = 2 * (s->n + more);
    for (size_t c = 0; c < dims; c++)
        s->at[c] = mem_resize(s->at[c], s->cap, sizeof *s->at[c]);
    s->mass = mem_resize(s->mass, s->cap, sizeof *s->mass);
    s->spread = mem_resize(s->spread, s->cap, sizeof *s->spread);
}

static void add_points(const struct repel *r, struct sources *s, size_t begin, size_t end)
{
    size_t m = end - begin;
    grow_sources(s, r->dims, m);
    for (size_t c = 0; c < r->dims; c++)
        memcpy(s->at[c] + s->n, r->sorted + c * (r->n + PAIR) + begin, m * sizeof *s->at[c]);
    for (size_t i = 0; i < m; i++) {
        s->mass[s->n + i] = 1;
        s->spread[s->n + i] = 0;
    }
    s->n += m;
}

/* What a group meets: points, and the centres of cells. */
static void walk(const struct repel *r, const struct cell *group, struct sources *s)
{
    float angle_sq = (float)(r->angle * r->angle);
    for (uint32_t i = 0; i < r->cells; ) {
        const struct cell *cell = r->cell + i;
        float gap_sq = 0;
        for (size_t c = 0; c < r->dims; c++) {
            float below = group->lo[c] - cell->centre[c], above = cell->centre[c] - group->hi[c];
            float gap = below > above ? below : above;
            gap_sq += gap > 0 ? gap * gap : 0;
        }
        bool holds = cell->begin <= group->begin && cell->end >= group->end;
        if (!holds && cell->width_sq < angle_sq * (gap_sq + 1)) {
            grow_sources(s, r->dims, 1);
            for (size_t c = 0; c < r->dims; c++)
                s->at[c][s->n] = cell->centre[c];
            s->mass[s->n] = (float)(cell->end - cell->begin);
            s->spread[s->n++] = (float)(cell->square / (double)r->dims / (cell->end - cell->begin));
            i = cell->next;
        } else if (cell->leaf) {
            add_points(r, s, cell->begin, cell->end);
            i = cell->next;
        } else {
            i++;
        }
    }
}

/* The forces on the points begin ... end; returns the sum of their q, that of each with itself left out. A cell is
 * Taylor's series about its centre: the first order is 0; of the second, half its variance times the Laplacian of q
 * and of q^2 (y_i - y_j) is taken, as if it were as wide in every direction. */
__attribute__((always_inline)) static inline double meet_in(const struct repel *r, size_t begin, size_t end,
                                                            const struct sources *s, const size_t dims)
{
    const float D = (float)dims;
    double total = 0;
    for (size_t i = begin; i < end; i += PAIR) {
        vec at[3][2], force[3][2] = { { { 0 } } }, sum[2] = { { 0 } };
        size_t some = end - i < PAIR ? end - i : PAIR;
        for (size_t c = 0; c < dims; c++)
            memcpy(at[c], r->sorted + c * (r->n + PAIR) + i, sizeof at[c]);
        for (size_t j = 0; j < s->n; j++)
            for (size_t h = 0; h < 2; h++) {
                vec apart[3], d = { 0 };
                for (size_t c = 0; c < dims; c++) {
                    apart[c] = at[c][h] - s->at[c][j];
                    d += apart[c] * apart[c];
                }
                vec q = 1 / (1 + d), mq = q * s->mass[j], qs = q * s->spread[j], dq = d * q;
                sum[h] += mq * (1 + qs * (4 * dq - D));
                mq *= q * (1 + qs * (12 * dq - (2 * D + 4)));
                for (size_t c = 0; c < dims; c++)
                    force[c][h] += mq * apart[c];
            }
        for (size_t l = 0; l < some; l++) {
            total += (double)sum[l / LANES][l % LANES] - 1;
            for (size_t c = 0; c < dims; c++)
                r->force[r->order[i + l] * dims + c] = force[c][l / LANES][l % LANES];
        }
    }
    return total;
}

static void meet_group(size_t g, void *state)
{
    struct repel *r = state;
    struct sources *s = r->sources + par_worker();
    size_t begin = g * GROUP, end = begin + GROUP < r->n ? begin + GROUP : r->n;
    s->n = 0;
    if (r->angle > 0) {
        const struct cell *cell = r->cell + r->group[g];
        begin = cell->begin;
        end = cell->end;
        walk(r, cell, s);
    } else {
        add_points(r, s, 0, r->n);
    }
    r->sums[g] = r->dims == 2 ? meet_in(r, begin, end, s, 2) : meet_in(r, begin, end, s, 3);
}

/* Of few points, in double, as they may lie so far apart that q is lost beside 1. */
static double forces_of_few(const float *y, size_t n, size_t dims, float *force)
{
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        double sum[3] = { 0 };
        for (size_t j = 0; j < n; j++) {
            double apart[3], d = 1;
            for (size_t c = 0; c < dims; c++) {
                apart[c] = (double)y[i * dims + c] - (double)y[j * dims + c];
                d += apart[c] * apart[c];
            }
            total += j == i ? 0 : 1 / d;
            for (size_t c = 0; c < dims; c++)
                sum[c] += apart[c] / d / d;
        }
        for (size_t c = 0; c < dims; c++)
            force[i * dims + c] = (float)sum[c];
    }
    return total;
}

double repel_forces(struct repel *r, const float *y, float *force)
{
    size_t n = r->n;
    if (n <= GROUP)
        return forces_of_few(y, n, r->dims, force);
    r->force = force;
    r->cells = r->groups = 0;
    encode(r, y);
    if (r->angle > 0)
        sort(r);
    for (size_t c = 0; c < r->dims; c++)
        for (size_t i = 0; i < n; i++)
            r->sorted[c * (n + PAIR) + i] = y[r->order[i] * r->dims + c];
    if (r->angle > 0)
        build(r, 0, (uint32_t)n, r->dims == 2 ? 32 : 30, false);
    else
        r->groups = par_blocks(n, GROUP);
    mem_grow(&r->sums, &r->sums_cap, r->groups, sizeof *r->sums);
    par_for(r->groups, meet_group, r);
    double total = 0;
    for (size_t g = 0; g < r->groups; g++)
        total += r->sums[g];
    return total;
}
