/* dbscan - density-based clusters, and what is noise
 *
 * in      records with a vector x
 * out     the same records with cluster (int, -1 is noise) and core (bool); with --kdist
 *         one record for each vector instead: rank, kdist
 * memory  n x d floats twice
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/dbscan.h"
#include "drive/slurp.h"

static struct {
    const char *in, *out, *eps;
    int64_t min_samples;
    int metric;
    bool kdist;
} arg = { .in = "x", .out = "cluster", .eps = "0.5", .min_samples = 5 };

static const struct opt opts[] = {
    OPT_STR('e', "eps", &arg.eps, "X|auto", "largest distance of neighbours; auto: the knee of the k-distances"),
    OPT_INT('m', "min-samples", &arg.min_samples, 1, 4e9, "neighbours, itself counted, that make a core"),
    OPT_CHOICE(0, "metric", &arg.metric, "euclidean|cosine", "how far vectors are apart"),
    OPT_FLAG(0, "kdist", &arg.kdist, "write the sorted distances to the min-samples-th neighbour instead"),
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_END
};
static const struct prog prog = {
    .name = "dbscan", .brief = "density-based clusters, and what is noise",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label, core bool",
    .example = "--eps 1", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

struct result { int32_t *labels; bool *core; char *core_field; };

static void annotate(struct rec *r, size_t row, void *state)
{
    const struct result *res = state;
    item_note_side(r, res->core_field);
    if (row == SLURP_NONE) {
        rec_set_nil(r, arg.out);
        rec_set_nil(r, res->core_field);
    } else {
        rec_set_int(r, arg.out, res->labels[row]);
        rec_set_bool(r, res->core_field, res->core[row]);
    }
}

/* What a result that is of no use looks like, and what to try. */
static void red_flags(const struct result *res, size_t n)
{
    size_t noise = 0, cores = 0;
    int32_t clusters = 0;
    for (size_t i = 0; i < n; i++) {
        noise += res->labels[i] < 0;
        cores += res->core[i];
        clusters = res->labels[i] >= clusters ? res->labels[i] + 1 : clusters;
    }
    if (progress_quiet || n == 0)
        return;
    if (noise == n)
        warn("all %zu are noise: no vector has %lld within eps; give a larger --eps", n, (long long)arg.min_samples);
    else if (clusters == 1)
        warn("one cluster of %zu, %zu noise: a smaller --eps may part it", n - noise, noise);
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

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    bool automatic = strcmp(arg.eps, "auto") == 0;
    double eps = 0;
    if (!automatic && !(opt_number(arg.eps, 0, 1e300, &eps) && eps > 0))
        opt_misuse(&prog, "--eps '%s' is no number above 0, nor auto", arg.eps);
    struct rec_in *in = rec_open(&prog, operands, true);
    struct rec_out *out = rec_create(&prog, in);
    struct slurp *s = slurp_read(in, arg.in, arg.out);
    budget_need((double)s->n * ((arg.metric == 0 ? 8 : 12) * (double)s->d + 32), "the vectors and their copy in order");
    struct near *t = near_new(s->x, s->n, s->d, arg.metric == 0 ? NEAR_EUCLIDEAN : NEAR_COSINE);
    size_t k = (size_t)arg.min_samples;
    if (automatic || arg.kdist) {
        if (s->n < 2 || k > s->n)
            die(ST_STOPPED, "%zu vectors have no %zu-distances: give a smaller --min-samples", s->n, k);
        double *kdist = mem_new(s->n, sizeof *kdist);
        dbscan_kdist(t, s->n, k, kdist);
        if (arg.kdist) {
            int status = write_kdist(s, out, kdist);
            near_free(t);
            free(kdist);
            return status;
        }
        eps = dbscan_knee(kdist, s->n);
        if (!progress_quiet)
            warn("eps is %.6g, the knee of the %zu-distances", eps, k);
        free(kdist);
    }
    struct result res = { mem_new(s->n, sizeof(int32_t)), mem_new(s->n, sizeof(bool)),
                          item_side(arg.out, "cluster", "core") };
    dbscan(t, s->n, eps, k, res.labels, res.core);
    red_flags(&res, s->n);
    near_free(t);
    int status = slurp_write(s, out, annotate, &res);
    free(res.labels);
    free(res.core);
    free(res.core_field);
    return status;
}
