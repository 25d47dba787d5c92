/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/about.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/progress.h"

/* Say how many of the neighbours of some vectors are right. */
static void note_recall(const struct near *t, const struct slurp *s, size_t k, size_t exact, const double *found)
{
    enum { SOME = 100 };
    size_t d = s->d, step = s->n / SOME, right = 0;
    float *x = mem_new(mem_mul(SOME, d), sizeof *x);
    uint32_t *index = mem_new(SOME * (k + 1), sizeof *index);
    double *distance = mem_new(SOME * (k + 1), sizeof *distance);
    for (size_t i = 0; i < SOME; i++)
        memcpy(x + i * d, s->x + i * step * d, d * sizeof *x);
    near_knn_of(t, x, SOME, k + 1, index, distance);            /* itself is one of them */
    for (size_t i = 0; i < SOME; i++)
        for (size_t j = 0; j < k; j++)
            right += found[i * step * k + j] <= distance[i * (k + 1) + k];
    warn("%.1f %% of the neighbours of %d vectors are right: above %zu, they are looked for by NN-descent",
         100 * (double)right / (double)(SOME * k), SOME, exact);
    free(x);
    free(index);
    free(distance);
}

void about_knn(const struct near *t, const struct slurp *s, size_t k, size_t exact, uint32_t *index, double *distance)
{
    bool about = exact && s->n > exact && k <= NEAR_ABOUT_MOST;
    if (about)
        budget_need(near_knn_about_bytes(s->n, s->d, k), "looking for neighbours");
    (about ? near_knn_about : near_knn_all)(t, k, index, distance);
    if (about && !progress_quiet)
        note_recall(t, s, k, exact, distance);
}

/* Neighbours of each vector whose edges make a tree: enough that few parts of a cluster have none in common. */
enum { KEPT = 15 };

bool about_reach(const struct near *t, const struct slurp *s, size_t min_samples, struct about *a)
{
    size_t k = min_samples > KEPT + 1 ? min_samples - 1 : KEPT, n = s->n;
    if (n <= ABOUT_ABOVE || k > NEAR_ABOUT_MOST)
        return false;
    budget_need(12 * (double)n * (double)k, "the neighbours of all vectors");
    uint32_t *index = mem_new(mem_mul(n, k), sizeof *index);
    double *distance = mem_new(mem_mul(n, k), sizeof *distance);
    about_knn(t, s, k, ABOUT_ABOVE, index, distance);
    budget_need(reach_about_bytes(n, k), "the tree of their edges");
    *a = (struct about){ { n, k, index, distance }, mem_new(n, sizeof *a->core), mem_new(n, sizeof *a->edges) };
    reach_core(&a->g, min_samples, a->core);
    reach_about(t, &a->g, a->core, a->edges);
    return true;
}

void about_free(struct about *a)
{
    free((void *)a->g.index);
    free((void *)a->g.distance);
    free(a->core);
    free(a->edges);
}
