/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/lda.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/eig.h"

struct lda {
    size_t k, n, groups, sum_cap, count_cap;
    double *all;                /* [k][k], upper half: sum of p p' */
    double *sum;                /* [groups][k] */
    size_t *count;              /* [groups] */
};

struct lda *lda_new(size_t k)
{
    struct lda *l = mem_zero(1, sizeof *l);
    l->k = k;
    l->all = mem_zero(mem_mul(k, k), sizeof *l->all);
    return l;
}

void lda_free(struct lda *l)
{
    if (!l)
        return;
    free(l->all);
    free(l->sum);
    free(l->count);
    free(l);
}

/* a[k][k] += f p p', upper half. */
static void add_square(double *restrict a, const double *restrict p, size_t k, double f)
{
    for (size_t i = 0; i < k; i++)
        for (size_t j = i; j < k; j++)
            a[i * k + j] += f * p[i] * p[j];
}

void lda_add(struct lda *l, const double *p, size_t group)
{
    size_t k = l->k;
    if (group == l->groups) {
        l->groups++;
        mem_grow(&l->sum, &l->sum_cap, mem_mul(l->groups, k), sizeof *l->sum);
        mem_grow(&l->count, &l->count_cap, l->groups, sizeof *l->count);
        memset(l->sum + group * k, 0, k * sizeof *l->sum);
        l->count[group] = 0;
    }
    for (size_t i = 0; i < k; i++)
        l->sum[group * k + i] += p[i];
    l->count[group]++;
    l->n++;
    add_square(l->all, p, k, 1);
}

bool lda_solve(const struct lda *l, double *w, double *v)
{
    size_t k = l->k;
    memcpy(v, l->all, k * k * sizeof *v);
    for (size_t g = 0; g < l->groups; g++)
        add_square(v, l->sum + g * k, k, -1 / (double)l->count[g]);
    for (size_t i = 0; i < k; i++)
        for (size_t j = i; j < k; j++)
            v[j * k + i] = v[i * k + j] /= (double)l->n;
    if (!eig_sym(v, k, w))
        return false;
    for (size_t i = 0; i < k; i++) {
        double *row = v + i * k, *most = row;
        w[i] = fmax(w[i], 0);
        for (double *x = row; x < row + k; x++)
            most = fabs(*x) > fabs(*most) ? x : most;
        for (size_t j = 0, flip = *most < 0; j < k && flip; j++)
            row[j] = -row[j];
    }
    return true;
}
