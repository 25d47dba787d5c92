/* dbscan - density-based clustering with noise
 *
 * in      records with a vector x
 * out     the same records with cluster (int, -1 is noise) and core (bool); with --kdist
 *         one record for each vector instead: rank, kdist; --scan: one for each eps tried, to a file
 * memory  n x d floats twice; of many vectors 15 neighbours of each
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/dbscan.h"
#include "drive/about.h"
#include "drive/scan.h"
#include "math/sort.h"

static struct {
    const char *in, *out;
    struct opt_or eps;
    int64_t min_samples;
    int metric;
    bool kdist;
    struct scan scan;
} arg = { .in = "x", .out = "cluster", .eps.text = "0.5", .min_samples = 5, .scan = { .name = "eps", .words = SCAN_SCORES } };

enum {
    TRIED = 20,                 /* values of A:B */
    MANY = 64 * ABOUT_ABOVE,    /* numbers: of fewer, eps bounds the search so well that what is exact is faster, too */
};

static const struct opt opts[] = {
    OPT_F64_OR('e', "eps", &arg.eps, DBL_MIN, 1e300, "X|A:B|auto",
               "largest distance between neighbours; the best from A to B; auto: the knee of the k-distances"),
    OPT_OUTPUT(0, "scan", &arg.scan.file, "write a record with the scores of each of 20 values in A:B to this file"),
    OPT_INT('m', "min-samples", &arg.min_samples, 1, 4e9, "neighbours, including the vector itself, that make a core"),
    OPT_CHOICE(0, "metric", &arg.metric, "euclidean|cosine", "distance between vectors"),
    OPT_FLAG(0, "kdist", &arg.kdist, "write the sorted distances to the min-samples-th neighbour instead"),
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    EXCLUDES("kdist", "eps|scan|output"),
    OPT_END
};
static const struct prog prog = {
    .name = "dbscan", .brief = "density-based clustering with noise",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label, core bool",
    .example = "--eps 1", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

/* What a result that is of no use looks like, and what to try. */
static void red_flags(const int32_t *labels, const bool *core, size_t n)
{
    size_t noise = 0, cores = 0;
    int32_t clusters = 0;
    for (size_t i = 0; i < n; i++) {
        noise += labels[i] < 0;
        cores += core[i];
        clusters = labels[i] >= clusters ? labels[i] + 1 : clusters;
    }
    if (progress_quiet || n == 0)
        return;
    if (noise == n)
        warn("all %zu are noise: no vector has %lld neighbours within eps; --kdist shows which --eps may do, "
             "hdbscan needs none", n, (long long)arg.min_samples);
    else if (clusters == 1)
        warn("one cluster of %zu, %zu noise: --kdist shows which smaller --eps may split it, hdbscan needs none",
             n - noise, noise);
    else if (cores * 10 < n)
        warn("only %zu of %zu are cores: --eps may be too small", cores, n);
}

/* k-distances as records instead of the clusters. */
static int write_kdist(struct slurp *s, struct rec_out *out, const double *kdist)
{
    struct head *h = rec_out_head(out);
    while (h->n_columns)
        head_set_columns(h, h->columns[0].field, NULL, 0);
    struct rec *r = rec_new();
    for (size_t i = 0; i < s->n; i++) {
        char id[24];
        rec_begin(r, id, (size_t)snprintf(id, sizeof id, "%zu", i));
        rec_set_int(r, "rank", (int64_t)i);
        rec_set_f64(r, "kdist", kdist[i]);
        rec_put(out, r);
    }
    rec_free(r);
    rec_finish(out);
    return slurp_done(s);
}

struct work { const struct near *t; struct about *about; size_t k; int32_t *labels; bool *core; double eps[TRIED]; };

static void cluster(const struct work *w, size_t n, double eps)
{
    if (w->about)
        dbscan_about(&w->about->g, w->about->core, w->about->edges, eps, w->labels, w->core);
    else
        dbscan(w->t, n, eps, w->k, w->labels, w->core);
}

static double *k_distances(const struct work *w, size_t n)
{
    double *kdist = mem_new(n, sizeof *kdist);
    if (w->about) {
        memcpy(kdist, w->about->core, n * sizeof *kdist);
        sort_f64(kdist, n);
    } else {
        dbscan_kdist(w->t, n, w->k, kdist);
    }
    return kdist;
}

static struct scanned try_eps(const struct slurp *s, size_t i, void *work)
{
    const struct work *w = work;
    cluster(w, s->n, w->eps[i]);
    return (struct scanned){ .label = w->labels, .inertia = NAN };
}

/* eps as given; the knee of the k-distances; or the best in A:B, of values that grow by the same factor. */
static double choose_eps(const struct slurp *s, struct work *w, const double *kdist)
{
    double a = kdist ? dbscan_knee(kdist, s->n) : arg.eps.x, b = arg.eps.last;
    if (kdist && !progress_quiet)
        warn("eps is %.6g, the knee of the %lld-distances", a, (long long)arg.min_samples);
    if (kdist || !(b > a) || !s->n)
        return a;
    for (size_t i = 0; i < TRIED; i++)
        w->eps[i] = i + 1 < TRIED ? a * pow(b / a, (double)i / (TRIED - 1)) : b;
    arg.scan.value = w->eps;
    arg.scan.k.last = TRIED - 1;
    return w->eps[scan_best(&arg.scan, &prog, s, try_eps, w)];
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.scan.file && !(arg.eps.last > arg.eps.x))
        opt_misuse(&prog, "--scan needs a range, as in --eps 0.5:2");
    struct rec_out *out;
    struct slurp *s = slurp_open(&prog, operands, arg.in, arg.out, &out);
    slurp_note_scales(s);
    size_t k = (size_t)arg.min_samples;
    budget_need((double)s->n * ((arg.metric == 0 ? 8 : 12) * (double)s->d + 32), "the vectors and a sorted copy");
    struct near *t = near_new(s->x, s->n, s->d, arg.metric == 0 ? NEAR_EUCLIDEAN : NEAR_COSINE);
    bool sorted = arg.eps.word || arg.kdist;
    if (sorted && (s->n < 2 || k > s->n))
        die(ST_STOPPED, "%zu vectors are too few for %zu-distances: give a smaller --min-samples", s->n, k);
    struct about about;
    bool many = sorted || s->n * s->d > MANY;
    struct work w = { .t = t, .about = many && about_reach(t, s, k, &about) ? &about : NULL, .k = k,
                      .labels = mem_new(s->n, sizeof *w.labels), .core = mem_new(s->n, sizeof *w.core) };
    double *kdist = sorted ? k_distances(&w, s->n) : NULL;
    if (!arg.kdist) {
        cluster(&w, s->n, choose_eps(s, &w, kdist));
        red_flags(w.labels, w.core, s->n);
    }
    near_free(t);
    if (w.about)
        about_free(w.about);
    char *side = item_side(arg.out, "cluster", "core");
    int status = arg.kdist ? write_kdist(s, out, kdist) : slurp_annotate(s, out, (struct column[]){
        { .field = arg.out, .type = COL_I4, .data = w.labels },
        { .field = side, .type = COL_BOOL, .data = w.core, .side = true },
        { .field = NULL },
    });
    free(kdist);
    free(w.labels);
    free(w.core);
    free(side);
    return status;
}
