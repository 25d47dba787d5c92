/* outliers - how odd each song is
 *
 * in      records with a vector x; for the centre also a cluster
 * out     the same records with outlier: the larger the odder
 * memory  n x d floats twice; for LOF also n x k neighbours
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "drive/slurp_labels.h"
#include "score/lof.h"

enum { LOF, KNN, CENTRE };

static struct {
    const char *in, *out, *cluster;
    int64_t k;
    int method, metric;
} arg = { .in = "x", .out = "outlier", .cluster = "cluster", .k = 20 };

static const struct opt opts[] = {
    OPT_CHOICE(0, "method", &arg.method, "lof|knn|centre",
               "sparser than around its neighbours, far from the k-th, or far from the mean of its cluster"),
    OPT_INT('k', "n-neighbors", &arg.k, 1, 1e6, "number of neighbours, not counting the song itself"),
    OPT_CHOICE(0, "metric", &arg.metric, "euclidean|cosine", "distance between vectors"),
    OPT_STR('c', "cluster", &arg.cluster, "FIELD", "with centre: cluster of each song"),
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    NEEDS("cluster", "method=centre"),
    EXCLUDES_WHY("method=centre", "n-neighbors|metric", "the distance is Euclidean, from one point"),
    OPT_END
};
static const struct prog prog = {
    .name = "outliers", .brief = "how odd each song is",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "outlier number",
    .example = "-k 2", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

/* By the neighbours: to[n]. */
static void by_neighbours(const struct slurp *s, double *to)
{
    size_t k = (size_t)arg.k;
    if (s->n && k >= s->n)
        die(ST_STOPPED, "%zu vectors are too few for %zu neighbours each: give a smaller -k", s->n, k);
    budget_need((double)s->n * ((arg.metric == 0 ? 8 : 12) * (double)s->d + (arg.method == LOF ? 12 * (double)k : 0)),
                "the vectors, a sorted copy and the neighbours");
    struct near *t = near_new(s->x, s->n, s->d, arg.metric == 0 ? NEAR_EUCLIDEAN : NEAR_COSINE);
    if (arg.method == LOF)
        lof(t, s->n, k, to);
    else
        near_kth_all(t, k, to);
    near_free(t);
}

static void by_centres(struct slurp *s, double *to)
{
    struct names names = { 0 };
    uint32_t *label = slurp_labels(s, arg.cluster, &names);
    budget_need(((double)s->n * 4 + (double)names.n * 8) * (double)s->d, "the vectors and the centres");
    lof_centre(s->x, s->n, s->d, label, names.n, to);
    names_free(&names);
    free(label);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_out *out;
    struct slurp *s = slurp_open(&prog, operands, arg.in, arg.out, &out);
    slurp_note_scales(s);
    double *odd = mem_new(s->n, sizeof *odd);
    if (arg.method == CENTRE)
        by_centres(s, odd);
    else
        by_neighbours(s, odd);
    int status = slurp_annotate(s, out, (struct column[]){
        { .field = arg.out, .type = COL_MADE, .make = slurp_make_number, .data = odd }, { .field = NULL } });
    free(odd);
    return status;
}
