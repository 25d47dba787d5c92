/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/near.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "math/dist.h"
#include "math/vec.h"

/* A leaf is up to GROUPS groups of LANES points; in a group, column j of all its points
 * lies together: lane[group][j][LANES]. Lanes without a point hold FAR. */
enum { LANES = 32, GROUPS = 4, LEAF = LANES * GROUPS };
#define FAR 1e18f           /* its square is finite in float */

struct near {
    const float *x;         /* as given, or with rows of length 1: what distances are of */
    const float *y;         /* what float compares: x, or x / unit */
    float *scaled;          /* the copy among them, or NULL */
    size_t n, d, leaves;
    enum near_metric metric;
    uint32_t *order;        /* [n] rows in the order of the leaves */
    size_t *start;          /* [leaves + 1] */
    float *lane;            /* [leaves][GROUPS][d][LANES] */
    double *centre;         /* [leaves][d] */
    double *radius;         /* [leaves] */
    double slack, lost;     /* relative error of a squared distance in float; absolute one: underflow */
    double unit;            /* 1, or the power of 2 that rows too large to square in float are divided by */
};

/* ---- the tree's order ---- */

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t t = *a;
    *a = *b;
    *b = t;
}

/* Partial sort: the rows below `middle` have no larger value in column j than the others;
 * equal values are ordered by row, so that the result is one. */
static void split(const struct near *t, uint32_t *rows, size_t n, size_t middle, size_t j)
{
#define LESS(A, B) (t->x[(A) * t->d + j] < t->x[(B) * t->d + j] || \
                    (t->x[(A) * t->d + j] == t->x[(B) * t->d + j] && (A) < (B)))
    size_t low = 0, high = n - 1;
    while (low < high) {
        size_t pivot = rows[low + (high - low) / 2], a = low, b = high;
        for (;;) {
            while (LESS((size_t)rows[a], pivot))
                a++;
            while (LESS(pivot, (size_t)rows[b]))
                b--;
            if (a >= b)
                break;
            swap(rows + a++, rows + b--);
        }
        if (middle <= b)
            high = b;
        else
            low = b + 1;
    }
#undef LESS
}

static size_t widest(const struct near *t, const uint32_t *rows, size_t n)
{
    size_t best = 0;
    float most = -1;
    for (size_t j = 0; j < t->d; j++) {
        float lo = INFINITY, hi = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            float v = t->x[rows[i] * t->d + j];
            lo = v < lo ? v : lo;
            hi = v > hi ? v : hi;
        }
        if (hi - lo > most) {
            most = hi - lo;
            best = j;
        }
    }
    return best;
}

static void arrange(struct near *t, size_t begin, size_t end)
{
    size_t n = end - begin;
    if (n <= LEAF) {
        t->start[t->leaves++] = begin;
        return;
    }
    size_t half = (n / 2 + LEAF - 1) / LEAF * LEAF;     /* full leaves on the left */
    split(t, t->order + begin, n, half, widest(t, t->order + begin, n));
    arrange(t, begin, begin + half);
    arrange(t, begin + half, end);
}

static void fill_leaf(struct near *t, size_t leaf)
{
    size_t d = t->d, begin = t->start[leaf], n = t->start[leaf + 1] - begin;
    float *to = t->lane + leaf * LEAF * d;
    double *centre = t->centre + leaf * d, most = 0;
    for (size_t i = 0; i < LEAF; i++)
        for (size_t j = 0; j < d; j++)
            to[(i / LANES * d + j) * LANES + i % LANES] = i < n ? t->y[t->order[begin + i] * d + j] : FAR;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            centre[j] += (double)t->x[t->order[begin + i] * d + j] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double far = dist_sq_f64(t->x + t->order[begin + i] * d, centre, d);
        most = far > most ? far : most;
    }
    t->radius[leaf] = sqrt(most) * (1 + 1e-12);
}

/* Rows scaled to length 1, or (unit > 0) all divided by unit. */
static float *scale_rows(const float *x, size_t n, size_t d, double unit)
{
    float *y = mem_aligned(mem_mul(n, d), sizeof *y);
    for (size_t i = 0; i < n; i++) {
        double by = unit > 0 ? unit : vec_l2(x + i * d, d), scale = by > 0 ? 1 / by : 0;
        for (size_t j = 0; j < d; j++)
            y[i * d + j] = (float)((double)x[i * d + j] * scale);
    }
    return y;
}

struct near *near_new(const float *x, size_t n, size_t d, enum near_metric metric)
{
    struct near *t = mem_zero(1, sizeof *t);
    *t = (struct near){ .x = x, .n = n, .d = d, .metric = metric, .unit = 1, .slack = 2.4e-7 * (double)(d + 8),
                        .lost = (double)d * 0x1p-140 };
    if (metric == NEAR_COSINE) {
        t->x = t->scaled = scale_rows(x, n, d, 0);
    } else if (vec_max(x, n * d) > 1e15) {
        t->unit = exp2(ilogb(vec_max(x, n * d)) + 1);
        t->scaled = scale_rows(x, n, d, t->unit);
    }
    t->y = t->scaled ? t->scaled : x;
    size_t most = 2 * n / LEAF + 2;
    t->order = mem_new(n, sizeof *t->order);
    t->start = mem_new(most + 1, sizeof *t->start);
    for (size_t i = 0; i < n; i++)
        t->order[i] = (uint32_t)i;
    if (n)
        arrange(t, 0, n);
    t->start[t->leaves] = n;
    t->lane = mem_aligned(mem_mul(mem_mul(t->leaves, LEAF), d), sizeof *t->lane);
    t->centre = mem_zero(mem_mul(t->leaves, d), sizeof *t->centre);
    t->radius = mem_new(t->leaves, sizeof *t->radius);
    for (size_t leaf = 0; leaf < t->leaves; leaf++)
        fill_leaf(t, leaf);
    return t;
}

void near_free(struct near *t)
{
    if (!t)
        return;
    free(t->scaled);
    free(t->order);
    free(t->start);
    free(t->lane);
    free(t->centre);
    free(t->radius);
    free(t);
}

size_t near_leaves(const struct near *t)
{
    return t->leaves;
}

size_t near_leaf(const struct near *t, size_t leaf, const uint32_t **rows)
{
    *rows = t->order + t->start[leaf];
    return t->start[leaf + 1] - t->start[leaf];
}

/* ---- comparing ---- */

/* Squared Euclidean distance that stands for a distance in the metric, and back. A zero
 * row under cosine is 1 from a unit row: both ways give that. */
static double to_squared(const struct near *t, double distance)
{
    return t->metric == NEAR_COSINE ? 2 * distance : distance * distance;
}

static double from_squared(const struct near *t, double squared)
{
    return t->metric == NEAR_COSINE ? squared / 2 : sqrt(squared);
}

/* The square in float, of rows divided by unit, that is at most `limit` for sure, or may be. */
struct bounds { float sure, maybe; };

static struct bounds bounds_of(const struct near *t, double limit)
{
    double s = limit / t->unit / t->unit;
    s = s < 9e35 ? s : 9e35;                /* more than any two rows are apart, less than FAR is */
    return (struct bounds){ (float)(s * (1 - t->slack) - t->lost), (float)(s * (1 + t->slack) + t->lost) };
}

double near_distance(const struct near *t, size_t i, size_t j)
{
    return from_squared(t, dist_sq(t->x + i * t->d, t->x + j * t->d, t->d));
}

/* Least distance that points of two leaves can have. */
static double apart(const struct near *t, size_t a, size_t b)
{
    double sum = 0;
    const double *x = t->centre + a * t->d, *y = t->centre + b * t->d;
    for (size_t j = 0; j < t->d; j++)
        sum += (x[j] - y[j]) * (x[j] - y[j]);
    double gap = sqrt(sum) * (1 - 1e-12) - t->radius[a] - t->radius[b];
    return gap > 0 ? gap : 0;
}

/* Squared distances of 4 rows q[4][d] from the points of a group. */
static void compare(const float *restrict lane, const float *const q[4], size_t d, float out[restrict 4][LANES])
{
    float s0[LANES] = { 0 }, s1[LANES] = { 0 }, s2[LANES] = { 0 }, s3[LANES] = { 0 };
    const float *restrict a = q[0], *restrict b = q[1], *restrict c = q[2], *restrict e = q[3];
    for (size_t j = 0; j < d; j++) {
        const float *p = lane + j * LANES;
        for (size_t i = 0; i < LANES; i++) {
            float u = p[i] - a[j], v = p[i] - b[j], w = p[i] - c[j], z = p[i] - e[j];
            s0[i] += u * u;
            s1[i] += v * v;
            s2[i] += w * w;
            s3[i] += z * z;
        }
    }
    memcpy(out[0], s0, sizeof s0);
    memcpy(out[1], s1, sizeof s1);
    memcpy(out[2], s2, sizeof s2);
    memcpy(out[3], s3, sizeof s3);
}

/* The rows of `leaf` from i on, four of them; the last is repeated where there are fewer. */
static size_t four(const struct near *t, const uint32_t *rows, size_t n, size_t i, const float *q[4])
{
    for (size_t k = 0; k < 4; k++)
        q[k] = t->y + (size_t)rows[i + k < n ? i + k : n - 1] * t->d;
    return n - i < 4 ? n - i : 4;
}

/* How many of a leaf's points are at most `limit` from a row, by exact distances where float
 * cannot tell. */
static uint32_t recount(const struct near *t, size_t leaf, size_t row, double limit, struct bounds b)
{
    const float *q = t->y + row * t->d, *x = t->x + row * t->d;
    const uint32_t *others;
    size_t m = near_leaf(t, leaf, &others);
    const float *const four_times[4] = { q, q, q, q };
    uint32_t inside = 0;
    for (size_t g = 0; g * LANES < m; g++) {
        float sq[4][LANES];
        compare(t->lane + (leaf * GROUPS + g) * LANES * t->d, four_times, t->d, sq);
        for (size_t l = 0; l < LANES && g * LANES + l < m; l++)
            inside += sq[0][l] <= b.sure ||
                (sq[0][l] <= b.maybe && dist_sq(x, t->x + (size_t)others[g * LANES + l] * t->d, t->d) <= limit);
    }
    return inside;
}

void near_count(const struct near *t, size_t leaf, double eps, uint32_t *count)
{
    const uint32_t *rows, *others;
    size_t n = near_leaf(t, leaf, &rows);
    double limit = to_squared(t, eps), reach = sqrt(limit);
    struct bounds b = bounds_of(t, limit);
    for (size_t o = 0; o < t->leaves; o++) {
        if (apart(t, leaf, o) > reach)
            continue;
        size_t m = near_leaf(t, o, &others);
        for (size_t i = 0; i < n; i += 4) {
            const float *q[4];
            size_t some = four(t, rows, n, i, q);
            uint32_t inside[4][LANES] = { { 0 } }, near[4][LANES] = { { 0 } };
            for (size_t g = 0; g * LANES < m; g++) {
                float sq[4][LANES];
                compare(t->lane + (o * GROUPS + g) * LANES * t->d, q, t->d, sq);
                for (size_t k = 0; k < 4; k++)
                    for (size_t l = 0; l < LANES; l++) {
                        inside[k][l] += sq[k][l] <= b.sure;
                        near[k][l] += sq[k][l] <= b.maybe;
                    }
            }
            for (size_t k = 0; k < some; k++) {
                uint32_t in = 0, all = 0;
                for (size_t l = 0; l < LANES; l++) {
                    in += inside[k][l];
                    all += near[k][l];
                }
                count[rows[i + k]] += in == all ? in : recount(t, o, rows[i + k], limit, b);
            }
        }
    }
}

void near_range(const struct near *t, size_t leaf, const struct near_search *s)
{
    const uint32_t *rows, *others;
    uint32_t asked[LEAF];
    size_t n = near_leaf(t, leaf, &rows), ask = 0;
    for (size_t i = 0; i < n; i++)
        if (!s->wanted || s->wanted(rows[i], s->state))
            asked[ask++] = rows[i];
    double limit = to_squared(t, s->eps), reach = sqrt(limit);
    struct bounds b = bounds_of(t, limit);
    for (size_t o = 0; ask && o < t->leaves; o++) {
        if (apart(t, leaf, o) > reach || (s->worth && !s->worth(leaf, o, s->state)))
            continue;
        size_t m = near_leaf(t, o, &others);
        const float *lane = t->lane + o * LEAF * t->d;
        for (size_t i = 0; i < ask; i += 4) {
            const float *q[4];
            size_t some = four(t, asked, ask, i, q);
            for (size_t g = 0; g * LANES < m; g++) {
                float sq[4][LANES];
                compare(lane + g * LANES * t->d, q, t->d, sq);
                for (size_t k = 0; k < some; k++) {
                    uint32_t any = 0;
                    for (size_t l = 0; l < LANES; l++)
                        any |= sq[k][l] <= b.maybe;
                    for (size_t l = 0; any && l < LANES && g * LANES + l < m; l++) {
                        size_t other = others[g * LANES + l];
                        if (sq[k][l] <= b.maybe && other != asked[i + k] &&
                            (sq[k][l] <= b.sure || dist_sq(t->x + asked[i + k] * t->d, t->x + other * t->d, t->d) <= limit))
                            s->found(asked[i + k], other, s->state);
                    }
                }
            }
        }
    }
}

/* ---- nearest neighbours ---- */

struct candidate { double squared; uint32_t row; };

static int after(struct candidate a, struct candidate b)
{
    return a.squared > b.squared || (a.squared == b.squared && a.row > b.row);
}

/* Put c in place of the worst of heap[k], a binary heap with the worst on top. */
static void replace_worst(struct candidate *heap, size_t k, struct candidate c)
{
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < k; at = child) {
        if (child + 1 < k && after(heap[child + 1], heap[child]))
            child++;
        if (!after(heap[child], c))
            break;
        heap[at] = heap[child];
    }
    heap[at] = c;
}

struct visit { double gap; size_t leaf; };

static int by_gap(const void *a, const void *b)
{
    const struct visit *x = a, *y = b;
    if (x->gap != y->gap)
        return x->gap < y->gap ? -1 : 1;
    return x->leaf < y->leaf ? -1 : x->leaf > y->leaf;
}

static int by_distance(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return after(*x, *y) ? 1 : after(*y, *x) ? -1 : 0;
}

/* A square in float above this is more than `squared` for sure. */
static double too_far(const struct near *t, double squared)
{
    return squared / t->unit / t->unit * (1 + 2 * t->slack) + t->lost;
}

/* The k nearest of each row of the leaf, in heaps[rows][k], freed by the caller. */
static struct candidate *nearest(const struct near *t, size_t leaf, size_t k)
{
    const uint32_t *rows, *others;
    size_t n = near_leaf(t, leaf, &rows);
    struct candidate *heaps = mem_new(mem_mul(n, k), sizeof *heaps);
    for (size_t i = 0; i < n * k; i++)
        heaps[i] = (struct candidate){ INFINITY, UINT32_MAX };
    struct visit *visits = mem_new(t->leaves, sizeof *visits);
    for (size_t o = 0; o < t->leaves; o++)
        visits[o] = (struct visit){ apart(t, leaf, o), o };
    qsort(visits, t->leaves, sizeof *visits, by_gap);
    for (size_t v = 0; v < t->leaves; v++) {
        double worst = 0;                   /* of all rows of the leaf */
        for (size_t i = 0; i < n; i++)
            worst = heaps[i * k].squared > worst ? heaps[i * k].squared : worst;
        if (visits[v].gap * visits[v].gap > worst)
            break;
        size_t o = visits[v].leaf, m = near_leaf(t, o, &others);
        const float *lane = t->lane + o * LEAF * t->d;
        for (size_t i = 0; i < n; i += 4) {
            const float *q[4];
            size_t some = four(t, rows, n, i, q);
            for (size_t g = 0; g * LANES < m; g++) {
                float sq[4][LANES];
                compare(lane + g * LANES * t->d, q, t->d, sq);
                for (size_t c = 0; c < some; c++) {
                    struct candidate *heap = heaps + (i + c) * k;
                    const float *x = t->x + (size_t)rows[i + c] * t->d;
                    double bar = too_far(t, heap->squared);
                    for (size_t l = 0; l < LANES && g * LANES + l < m; l++) {
                        uint32_t other = others[g * LANES + l];
                        if ((double)sq[c][l] > bar || other == rows[i + c])
                            continue;
                        struct candidate fresh = { dist_sq(x, t->x + (size_t)other * t->d, t->d), other };
                        if (after(*heap, fresh)) {
                            replace_worst(heap, k, fresh);
                            bar = too_far(t, heap->squared);
                        }
                    }
                }
            }
        }
    }
    free(visits);
    return heaps;
}

/* What near_knn_all and near_kth_all look for. */
struct wanted { const struct near *t; size_t k; uint32_t *index; double *distance; };

static void knn_leaf(size_t leaf, void *state)
{
    const struct wanted *w = state;
    const uint32_t *rows;
    size_t n = near_leaf(w->t, leaf, &rows), k = w->k;
    struct candidate *heaps = nearest(w->t, leaf, k);
    for (size_t i = 0; i < n; i++) {
        struct candidate *heap = heaps + i * k;
        qsort(heap, k, sizeof *heap, by_distance);
        for (size_t j = 0; j < k; j++) {
            w->index[(size_t)rows[i] * k + j] = heap[j].row;
            if (w->distance)
                w->distance[(size_t)rows[i] * k + j] = from_squared(w->t, heap[j].squared);
        }
    }
    free(heaps);
}

void near_knn_all(const struct near *t, size_t k, uint32_t *index, double *distance)
{
    if (k)
        par_for(t->leaves, knn_leaf, &(struct wanted){ t, k, index, distance });
}

static void kth_leaf(size_t leaf, void *state)
{
    const struct wanted *w = state;
    const uint32_t *rows;
    size_t n = near_leaf(w->t, leaf, &rows);
    struct candidate *heaps = nearest(w->t, leaf, w->k);
    for (size_t i = 0; i < n; i++)
        w->distance[rows[i]] = from_squared(w->t, heaps[i * w->k].squared);
    free(heaps);
}

void near_kth_all(const struct near *t, size_t k, double *distance)
{
    par_for(t->leaves, kth_leaf, &(struct wanted){ t, k, NULL, distance });
}
