/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/profile.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "math/dist.h"
#include "score/external.h"

struct profile *profile_new(const float *x, size_t n, size_t d, const uint32_t *label, size_t k)
{
    struct profile *p = mem_zero(1, sizeof *p);
    double *least = mem_new(k, sizeof *least);
    p->k = k;
    p->d = d;
    p->size = mem_zero(k, sizeof *p->size);
    p->centre = mem_zero(mem_mul(k, d), sizeof *p->centre);
    p->distance = mem_zero(k, sizeof *p->distance);
    p->medoid = mem_zero(k, sizeof *p->medoid);
    for (size_t i = 0; i < n; i++) {
        p->size[label[i]]++;
        for (size_t j = 0; j < d; j++)
            p->centre[label[i] * d + j] += (double)x[i * d + j];
    }
    for (size_t c = 0; c < k; c++) {
        least[c] = INFINITY;
        for (size_t j = 0; j < d; j++)
            p->centre[c * d + j] /= (double)p->size[c];
    }
    for (size_t i = 0; i < n; i++) {
        size_t c = label[i];
        double ss = dist_sq_f64(x + i * d, p->centre + c * d, d);
        p->distance[c] += sqrt(ss) / (double)p->size[c];
        if (ss < least[c]) {
            least[c] = ss;
            p->medoid[c] = i;
        }
    }
    free(least);
    return p;
}

void profile_free(struct profile *p)
{
    if (!p)
        return;
    free(p->size);
    free(p->centre);
    free(p->distance);
    free(p->medoid);
    free(p);
}

size_t profile_top(const struct profile *p, size_t c, size_t most, size_t *column)
{
    const double *centre = p->centre + c * p->d;
    size_t n = 0;
    for (size_t j = 0; j < p->d; j++) {
        if (!(centre[j] > 0) || most == 0 || (n == most && centre[j] <= centre[column[n - 1]]))
            continue;
        size_t at = n < most ? n++ : n - 1;
        for (; at > 0 && centre[column[at - 1]] < centre[j]; at--)
            column[at] = column[at - 1];
        column[at] = j;
    }
    return n;
}

void profile_against(const struct profile *p, size_t c, const size_t *among, size_t n, double *apart)
{
    size_t rows = 0;
    for (size_t j = 0; j < p->d; j++)
        apart[j] = 0;
    for (size_t i = 0; i < n; i++)
        if (among[i] != c) {
            rows += p->size[among[i]];
            for (size_t j = 0; j < p->d; j++)
                apart[j] -= p->centre[among[i] * p->d + j] * (double)p->size[among[i]];
        }
    for (size_t j = 0; j < p->d; j++)
        apart[j] = p->size[c] ? p->centre[c * p->d + j] + (rows ? apart[j] / (double)rows : 0) : 0;
}

void profile_means(const double *value, const uint32_t *label, size_t n, size_t k, double *mean)
{
    size_t *size = mem_zero(k, sizeof *size);
    for (size_t c = 0; c < k; c++)
        mean[c] = 0;
    for (size_t i = 0; i < n; i++) {
        size[label[i]]++;
        mean[label[i]] += value[i];
    }
    for (size_t c = 0; c < k; c++)
        mean[c] /= (double)size[c];
    free(size);
}

void profile_majority(const uint32_t *truth, uint32_t none, const uint32_t *label, size_t n, size_t k,
                      uint32_t *major, double *share)
{
    uint32_t *t = mem_new(n, sizeof *t), *l = mem_new(n, sizeof *l);
    uint64_t *all = mem_zero(k, sizeof *all), *most = mem_zero(k, sizeof *most);
    size_t left = 0, n_cells;
    for (size_t i = 0; i < n; i++)
        if (truth[i] != none) {
            t[left] = truth[i];
            l[left++] = label[i];
        }
    for (size_t c = 0; c < k; c++)
        major[c] = none;
    struct cell *cells = external_cells(t, l, left, NULL, &n_cells);
    for (size_t i = 0; i < n_cells; i++) {              /* in the order of the classes */
        uint32_t c = cells[i].cluster;
        all[c] += cells[i].count;
        if (cells[i].count > most[c]) {
            most[c] = cells[i].count;
            major[c] = cells[i].truth;
        }
    }
    for (size_t c = 0; c < k; c++)
        share[c] = (double)most[c] / (double)all[c];
    free(t);
    free(l);
    free(all);
    free(most);
    free(cells);
}
