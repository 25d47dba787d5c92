/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/info_nce.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/par.h"
#include "math/activate.h"
#include "math/gemm.h"
#include "math/vec.h"

enum { BLOCK = GEMM_COLS };     /* vectors of a task */

struct info_nce *info_nce_new(size_t most, size_t d, double temperature)
{
    struct info_nce *l = mem_zero(1, sizeof *l);
    *l = (struct info_nce){ .most = most, .d = d, .temperature = temperature };
    size_t blocks = par_blocks(most, BLOCK), room = mem_mul(blocks * BLOCK, d) + BLOCK;    /* products read BLOCK columns */
    l->a = mem_zero(room, sizeof *l->a);
    l->b = mem_zero(room, sizeof *l->b);
    l->turned_a = mem_zero(room, sizeof *l->turned_a);
    l->turned_b = mem_zero(room, sizeof *l->turned_b);
    l->da = mem_zero(mem_mul(most, d), sizeof *l->da);
    l->db = mem_zero(mem_mul(most, d), sizeof *l->db);
    l->norm = mem_new(2 * most, sizeof *l->norm);
    l->of_a = mem_new(mem_mul(most, most), sizeof *l->of_a);
    l->of_b = mem_new(mem_mul(most, most), sizeof *l->of_b);
    return l;
}

double info_nce_bytes(size_t most, size_t d)
{
    return 4 * (double)(most + BLOCK) * (6 * (double)d + 4 + 2 * (double)most);
}

void info_nce_free(struct info_nce *l)
{
    if (!l)
        return;
    free(l->a);
    free(l->b);
    free(l->turned_a);
    free(l->turned_b);
    free(l->da);
    free(l->db);
    free(l->norm);
    free(l->of_a);
    free(l->of_b);
    free(l);
}

/* A block of all a, or in the second half of the tasks of all b: x its vectors, y the other side's. */
struct side { size_t first, rows; float *x, *y, *turned_x, *turned_y, *dx, *norm, *of_x, *of_y; };

static struct side side_of(const struct info_nce *l, size_t task)
{
    size_t blocks = par_blocks(l->n, BLOCK), block = task % blocks, first = block * BLOCK;
    struct side s = { .first = first, .rows = par_end(block, BLOCK, l->n) - first, .x = l->a, .y = l->b,
                      .turned_x = l->turned_a, .turned_y = l->turned_b, .dx = l->da, .norm = l->norm, .of_x = l->of_a,
                      .of_y = l->of_b };
    if (task >= blocks)
        s = (struct side){ first, s.rows, l->b, l->a, l->turned_b, l->turned_a, l->db, l->norm + l->most, l->of_b, l->of_a };
    return s;
}

static void normalise(size_t task, void *state)
{
    const struct info_nce *l = state;
    struct side s = side_of(l, task);
    for (size_t i = s.first; i < s.first + s.rows; i++)
        s.norm[i] = vec_make_unit(s.x + i * l->d, l->d);
    gemm_turn_wide(s.x + s.first * l->d, l->d, s.rows, l->d, s.turned_x + s.first * l->d);
}

static void compare(size_t task, void *state)
{
    const struct info_nce *l = state;
    struct side s = side_of(l, task);
    size_t n = l->n, d = l->d;
    float *to = s.of_x + s.first * n, scale = (float)(1 / l->temperature);
    for (size_t j = 0; j < n; j += BLOCK)
        gemm_panel(s.rows, d, s.x + s.first * d, d, 1, s.turned_y + j * d, BLOCK, to + j, n, n - j < BLOCK ? n - j : BLOCK,
                   false, false);
    for (size_t i = 0; i < s.rows; i++, to += n) {
        for (size_t j = 0; j < n; j++)
            to[j] *= scale;
        activate_softmax(to, n);
    }
}

/* dx = (of_x y + of_y' y - 2 y) / (2 n t) through x / |x|. */
static void go_back(size_t task, void *state)
{
    const struct info_nce *l = state;
    struct side s = side_of(l, task);
    size_t n = l->n, d = l->d;
    float scale = (float)(1 / (2 * (double)n * l->temperature)), *dx = s.dx + s.first * d;
    for (size_t j = 0; j < d; j += BLOCK) {
        size_t cols = d - j < BLOCK ? d - j : BLOCK;
        gemm_panel(s.rows, n, s.of_x + s.first * n, n, 1, s.y + j, d, dx + j, d, cols, false, false);
        gemm_panel(s.rows, n, s.of_y + s.first, 1, n, s.y + j, d, dx + j, d, cols, true, false);
    }
    for (size_t i = s.first; i < s.first + s.rows; i++, dx += d) {
        const float *x = s.x + i * d, *y = s.y + i * d;
        float along = 0;
        for (size_t j = 0; j < d; j++) {
            dx[j] = (dx[j] - 2 * y[j]) * scale;
            along += dx[j] * x[j];
        }
        for (size_t j = 0; j < d; j++)
            dx[j] = (dx[j] - along * x[j]) / s.norm[i];
    }
}

double info_nce_loss(struct info_nce *l, double *found)
{
    size_t n = l->n, tasks = 2 * par_blocks(n, BLOCK), hits = 0;
    double loss = 0;
    par_for(tasks, normalise, l);
    par_for(tasks, compare, l);
    par_for(tasks, go_back, l);
    for (size_t i = 0; i < n; i++) {
        const float *row = l->of_a + i * n;
        bool best = true;
        for (size_t j = 0; j < n; j++)
            best &= row[j] < row[i] || j == i;
        hits += best;
        loss -= (log((double)row[i]) + log((double)l->of_b[i * n + i])) / (2 * (double)n);
    }
    if (found)
        *found = (double)hits / (double)n;
    return loss;
}

double info_nce_least(size_t n, double temperature)
{
    return log1p((double)(n - 1) * exp(-1 / temperature));
}
