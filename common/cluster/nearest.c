/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/world.h"
#include "math/dist.h"

/* A vector of the processor, how many of them hold NEAREST_ROWS rows, and how many
 * centres it works on at once: sums of those stay in registers. */
#if defined __AVX512F__
enum { LANES = 16, GROUP = 12 };
#elif defined __AVX__
enum { LANES = 8, GROUP = 6 };
#else
enum { LANES = 4, GROUP = 6 };
#endif
enum { ROWS = NEAREST_ROWS, PAIR = 2 * LANES };
typedef float vec __attribute__((vector_size(LANES * sizeof(float))));

struct nearest {
    const float *x;             /* x[n][d] as given */
    size_t n, d, blocks;
    float *packed;              /* [blocks][d][ROWS]: rows less mean */
    float *norm;                /* [blocks][ROWS]: at least the length of each */
    double *squares;            /* [blocks]: sum of their squared lengths */
    const double *mean;
    double scale;               /* a power of two that keeps squares within float */
    const double *centre;       /* [k][d] as given */
    size_t k, groups;
    float *group;               /* [groups][d][GROUP]: centres less mean, times -1 */
    float *half;                /* [groups][GROUP]: half their squared lengths; inf behind the last */
    double longest, error;      /* length of the longest; see nearest_centres */
};

static void pack_block(size_t b, void *state)
{
    struct nearest *s = state;
    size_t d = s->d;
    float *to = s->packed + b * d * ROWS;
    s->squares[b] = 0;
    for (size_t r = 0; r < ROWS; r++) {
        size_t i = b * ROWS + r;
        double ss = 0;
        for (size_t j = 0; j < d; j++) {
            double e = i < s->n ? ((double)s->x[i * d + j] - s->mean[j]) * s->scale : 0;
            to[j * ROWS + r] = (float)e;
            ss += e * e;
        }
        s->squares[b] += ss;
        s->norm[b * ROWS + r] = (float)(sqrt(ss) * (1 + 1e-6));
    }
}

/* The largest of all ranks. */
static float most_of_all(float most)
{
    float *all = world_all(&most, sizeof most, NULL);
    for (size_t i = 0; i < world.size; i++)
        most = all[i] > most ? all[i] : most;
    free(all);
    return most;
}

struct nearest *nearest_new(const float *x, size_t n, size_t d, const double *mean)
{
    struct nearest *s = mem_zero(1, sizeof *s);
    s->x = x;
    s->n = n;
    s->d = d;
    s->mean = mean;
    s->blocks = par_blocks(n, ROWS);
    s->packed = mem_aligned(mem_mul(s->blocks * ROWS, d), sizeof *s->packed);
    s->norm = mem_aligned(s->blocks * ROWS, sizeof *s->norm);
    s->squares = mem_new(s->blocks, sizeof *s->squares);
    s->scale = 1;
    par_for(s->blocks, pack_block, s);
    float most = 0;
    for (size_t i = 0; i < s->blocks * ROWS; i++)
        most = s->norm[i] > most ? s->norm[i] : most;
    most = most_of_all(most);
    if (most > 0x1p50f || (most > 0 && most < 0x1p-50f)) {
        s->scale = isinf(most) ? 0x1p-140 : exp2(-ilogb((double)most));
        par_for(s->blocks, pack_block, s);
    }
    return s;
}

void nearest_free(struct nearest *s)
{
    if (!s)
        return;
    free(s->packed);
    free(s->norm);
    free(s->squares);
    free(s->group);
    free(s->half);
    free(s);
}

double nearest_total(const struct nearest *s)
{
    size_t *bytes = mem_new(world.size, sizeof *bytes), n = 0;
    double *squares = world_all(s->squares, s->blocks * sizeof *s->squares, bytes), total = 0;
    for (size_t i = 0; i < world.size; i++)
        n += bytes[i] / sizeof *squares;
    for (size_t b = 0; b < n; b++)
        total += squares[b];
    free(bytes);
    free(squares);
    return total / s->scale / s->scale;
}

void nearest_centres(struct nearest *s, const double *centre, size_t k)
{
    size_t d = s->d, groups = par_blocks(k, GROUP);
    if (groups != s->groups) {
        free(s->group);
        free(s->half);
        s->group = mem_aligned(mem_mul(groups * GROUP, d), sizeof *s->group);
        s->half = mem_aligned(groups * GROUP, sizeof *s->half);
    }
    s->centre = centre;
    s->k = k;
    s->groups = groups;
    s->longest = 0;
    for (size_t j = 0; j < groups * GROUP; j++) {
        float *to = s->group + j / GROUP * GROUP * d + j % GROUP;
        double ss = 0;
        for (size_t i = 0; i < d; i++) {
            double e = j < k ? (centre[j * d + i] - s->mean[i]) * s->scale : 0;
            to[i * GROUP] = (float)-e;
            ss += e * e;
        }
        s->half[j] = j < k ? (float)(ss / 2) : INFINITY;
        if (sqrt(ss) > s->longest)
            s->longest = sqrt(ss);
    }
    /* A score is half |c|^2 - x.c from x, c rounded to u = 2^-24 and d sums rounded to u:
     * wrong by at most (d + 4) u (|x| + |c| / 2) |c| or so; two scores are compared. */
    s->error = 2 * ((double)d + 8) * 0x1p-24 * s->longest;
}

/* score[g][ROWS] of ROWS rows against the first `count` centres of a group. */
__attribute__((always_inline)) static inline void score_group(const float *x, const float *c, const float *half,
                                                              size_t d, const int count, float *score)
{
    for (size_t r = 0; r < ROWS; r += PAIR) {
        vec a[GROUP], b[GROUP];
        for (int g = 0; g < count; g++)
            a[g] = b[g] = half[g] - (vec){ 0 };
        for (size_t i = 0; i < d; i++) {
            vec x0, x1;
            memcpy(&x0, x + i * ROWS + r, sizeof x0);
            memcpy(&x1, x + i * ROWS + r + LANES, sizeof x1);
            for (int g = 0; g < count; g++) {
                a[g] += x0 * c[i * GROUP + (size_t)g];
                b[g] += x1 * c[i * GROUP + (size_t)g];
            }
        }
        for (int g = 0; g < count; g++) {
            memcpy(score + (size_t)g * ROWS + r, a + g, sizeof a[g]);
            memcpy(score + (size_t)g * ROWS + r + LANES, b + g, sizeof b[g]);
        }
    }
}

static void score(const float *x, const float *c, const float *half, size_t d, size_t count, float *to)
{
    switch (count) {            /* a number the compiler knows keeps the sums in registers */
    case 1: score_group(x, c, half, d, 1, to); break;
    case 2: score_group(x, c, half, d, 2, to); break;
    case 3: score_group(x, c, half, d, 3, to); break;
    case 4: score_group(x, c, half, d, 4, to); break;
    case 5: score_group(x, c, half, d, 5, to); break;
    case 6: score_group(x, c, half, d, 6, to); break;
#if defined __AVX512F__
    case 7: score_group(x, c, half, d, 7, to); break;
    case 8: score_group(x, c, half, d, 8, to); break;
    case 9: score_group(x, c, half, d, 9, to); break;
    case 10: score_group(x, c, half, d, 10, to); break;
    case 11: score_group(x, c, half, d, 11, to); break;
    case 12: score_group(x, c, half, d, 12, to); break;
#endif
    default: break;
    }
}

/* The nearest centre of row i by distances in double. */
static int32_t settle(const struct nearest *s, size_t i)
{
    double least = INFINITY;
    size_t best = 0;
    for (size_t j = 0; j < s->k; j++) {
        double e = dist_sq_f64(s->x + i * s->d, s->centre + j * s->d, s->d);
        if (e < least) {
            least = e;
            best = j;
        }
    }
    return (int32_t)best;
}

void nearest_find(const struct nearest *s, size_t begin, size_t end, int32_t *label)
{
    float scores[GROUP * ROWS], best[ROWS], second[ROWS];
    int32_t at[ROWS], close[ROWS];
    for (size_t row = begin; row < end; row += ROWS) {
        const float *x = s->packed + row * s->d;
        for (size_t r = 0; r < ROWS; r++) {
            best[r] = second[r] = INFINITY;
            at[r] = 0;
        }
        for (size_t g = 0; g < s->groups; g++) {
            size_t count = s->k - g * GROUP < GROUP ? s->k - g * GROUP : GROUP;
            score(x, s->group + g * GROUP * s->d, s->half + g * GROUP, s->d, count, scores);
            for (size_t c = 0; c < count; c++) {
                int32_t j = (int32_t)(g * GROUP + c);
                const float *v = scores + c * ROWS;
                for (size_t r = 0; r < ROWS; r++) {
                    float worse = v[r] < best[r] ? best[r] : v[r];
                    at[r] = v[r] < best[r] ? j : at[r];
                    best[r] = v[r] < best[r] ? v[r] : best[r];
                    second[r] = worse < second[r] ? worse : second[r];
                }
            }
        }
        float slope = (float)s->error, offset = (float)(s->error * s->longest / 2) + 0x1p-100f;
        int32_t any = 0;
        for (size_t r = 0; r < ROWS; r++) {
            close[r] = !(second[r] - best[r] > slope * s->norm[row + r] + offset);
            any |= close[r];
        }
        size_t rows = end - row < ROWS ? end - row : ROWS;
        for (size_t r = 0; any && r < rows; r++)
            if (close[r] && s->k > 1)
                at[r] = settle(s, row + r);
        memcpy(label + row, at, rows * sizeof *at);
    }
}

void nearest_squares(const struct nearest *s, size_t begin, size_t end, const float *c, float *to)
{
    for (size_t row = begin; row < end; row += ROWS, to += ROWS) {
        const float *x = s->packed + row * s->d;
        for (size_t r = 0; r < ROWS; r += PAIR) {
            vec a = { 0 }, b = { 0 };
            for (size_t i = 0; i < s->d; i++) {
                vec x0, x1;
                memcpy(&x0, x + i * ROWS + r, sizeof x0);
                memcpy(&x1, x + i * ROWS + r + LANES, sizeof x1);
                x0 -= c[i];
                x1 -= c[i];
                a += x0 * x0;
                b += x1 * x1;
            }
            memcpy(to + r, &a, sizeof a);
            memcpy(to + r + LANES, &b, sizeof b);
        }
    }
}

void nearest_row(const struct nearest *s, size_t i, float *c)
{
    for (size_t j = 0; j < s->d; j++)
        c[j] = s->packed[i / ROWS * ROWS * s->d + j * ROWS + i % ROWS];
}
