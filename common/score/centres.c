/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/centres.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "math/dist.h"

/* Rows by their cluster, and what is summed of each. */
struct centres {
    const float *x;
    size_t n, d, k;
    size_t *order, *start;      /* rows of cluster c: order[start[c]] ... order[start[c + 1] - 1] */
    double *centre;             /* [k][d] */
    double *squares, *spread;   /* [k]: sum of squared distances, mean of distances to the centre */
    double *ratio;              /* [k]: largest of Davies and Bouldin's */
};

static void sum_cluster(size_t c, void *state)
{
    struct centres *s = state;
    double *to = s->centre + c * s->d, size = (double)(s->start[c + 1] - s->start[c]);
    memset(to, 0, s->d * sizeof *to);
    for (size_t i = s->start[c]; i < s->start[c + 1]; i++)
        for (size_t j = 0; j < s->d; j++)
            to[j] += (double)s->x[s->order[i] * s->d + j];
    for (size_t j = 0; j < s->d; j++)
        to[j] /= size;
    s->squares[c] = s->spread[c] = 0;
    for (size_t i = s->start[c]; i < s->start[c + 1]; i++) {
        double ss = dist_sq_f64(s->x + s->order[i] * s->d, to, s->d);
        s->squares[c] += ss;
        s->spread[c] += sqrt(ss);
    }
    s->spread[c] /= size;
}

static struct centres centres_of(const struct clustered *of)
{
    size_t n = of->n, d = of->d, k = of->k;
    const uint32_t *label = of->label;
    struct centres s = { .x = of->x, .n = n, .d = d, .k = k };
    s.order = mem_new(n, sizeof *s.order);
    s.start = mem_zero(k + 2, sizeof *s.start);
    for (size_t i = 0; i < n; i++)
        s.start[label[i] + 2]++;
    for (size_t c = 2; c <= k; c++)
        s.start[c] += s.start[c - 1];
    for (size_t i = 0; i < n; i++)
        s.order[s.start[label[i] + 1]++] = i;
    s.centre = mem_new(mem_mul(k, d), sizeof *s.centre);
    s.squares = mem_new(k, sizeof *s.squares);
    s.spread = mem_new(k, sizeof *s.spread);
    s.ratio = mem_zero(k, sizeof *s.ratio);
    par_for(k, sum_cluster, &s);
    return s;
}

static void centres_free(struct centres *s)
{
    free(s->order);
    free(s->start);
    free(s->centre);
    free(s->squares);
    free(s->spread);
    free(s->ratio);
}

/* Squared distance of points in double. */
static double squared(const double *a, const double *b, size_t d)
{
    double ss = 0;
    for (size_t j = 0; j < d; j++)
        ss += (a[j] - b[j]) * (a[j] - b[j]);
    return ss;
}

double centres_calinski_harabasz(const struct clustered *of)
{
    size_t n = of->n, d = of->d, k = of->k;
    if (k < 2 || k >= n)
        return NAN;
    struct centres s = centres_of(of);
    double *mean = mem_zero(d, sizeof *mean), within = 0, between = 0;
    for (size_t c = 0; c < k; c++)
        for (size_t j = 0; j < d; j++)
            mean[j] += (double)(s.start[c + 1] - s.start[c]) / (double)n * s.centre[c * d + j];
    for (size_t c = 0; c < k; c++) {
        within += s.squares[c];
        between += (double)(s.start[c + 1] - s.start[c]) * squared(s.centre + c * d, mean, d);
    }
    free(mean);
    centres_free(&s);
    return within > 0 ? between / within * (double)(n - k) / (double)(k - 1) : 1;
}

double centres_within(const struct clustered *of)
{
    struct centres s = centres_of(of);
    double within = 0;
    for (size_t c = 0; c < of->k; c++)
        within += s.squares[c];
    centres_free(&s);
    return within;
}

static void largest_ratio(size_t i, void *state)
{
    struct centres *s = state;
    for (size_t j = 0; j < s->k; j++) {
        double apart = sqrt(squared(s->centre + i * s->d, s->centre + j * s->d, s->d));
        if (j != i && apart > 0 && (s->spread[i] + s->spread[j]) / apart > s->ratio[i])
            s->ratio[i] = (s->spread[i] + s->spread[j]) / apart;
    }
}

double centres_davies_bouldin(const struct clustered *of)
{
    size_t k = of->k;
    if (k < 2 || k >= of->n)
        return NAN;
    struct centres s = centres_of(of);
    double sum = 0;
    par_for(k, largest_ratio, &s);
    for (size_t c = 0; c < k; c++)
        sum += s.ratio[c];
    centres_free(&s);
    return sum / (double)k;
}
