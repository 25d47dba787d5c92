/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/lof.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "math/dist.h"

void lof(const struct near *t, size_t n, size_t k, double *factor)
{
    uint32_t *index = mem_new(mem_mul(n, k), sizeof *index);
    double *distance = mem_new(mem_mul(n, k), sizeof *distance), *reach = mem_zero(n, sizeof *reach), mean = 0;
    near_knn_all(t, k, index, distance);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < k; j++) {
            double own = distance[i * k + j], its = distance[(size_t)index[i * k + j] * k + k - 1];
            reach[i] += (own > its ? own : its) / (double)k;
        }
        mean += reach[i] / (double)n;
    }
    double least = mean > 0 ? 1e-10 * mean : 1;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < k; j++)
            sum += (reach[i] + least) / (reach[index[i * k + j]] + least);
        factor[i] = sum / (double)k;
    }
    free(index);
    free(distance);
    free(reach);
}

void lof_centre(const float *x, size_t n, size_t d, const uint32_t *label, size_t labels, double *distance)
{
    double *centre = mem_zero(mem_mul(labels, d), sizeof *centre);
    size_t *size = mem_zero(labels, sizeof *size);
    for (size_t i = 0; i < n; i++)
        if (label[i] != LOF_NONE)
            size[label[i]]++;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; label[i] != LOF_NONE && j < d; j++)
            centre[label[i] * d + j] += (double)x[i * d + j] / (double)size[label[i]];
    for (size_t i = 0; i < n; i++)
        distance[i] = label[i] == LOF_NONE ? NAN : sqrt(dist_sq_f64(x + i * d, centre + label[i] * d, d));
    free(centre);
    free(size);
}
