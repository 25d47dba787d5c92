/* spectral - clusters of a similarity graph
 *
 * in      records with a vector x
 * out     the same records with cluster (int); with --save-embedding also embedding (f32[k])
 * memory  rbf: half the n x n matrix in double; knn: n x neighbours
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/kmeans.h"
#include "cluster/spectral.h"
#include "drive/scan.h"

enum { RBF, KNN };
enum { KMEANS };

#define BY SCAN_SCORES SCAN_DRAWS

static struct {
    const char *in, *out;
    struct scan scan;
    struct opt_or gamma;
    int64_t neighbours, n_init;
    int affinity, labels;
    bool embedding;
    uint64_t seed;
} arg = { .in = "x", .out = "cluster", .scan = { .k.text = "8", .words = BY },
          .gamma.text = "auto", .neighbours = 10, .n_init = 10 };

static const struct opt opts[] = {
    OPT_INT_RANGE('k', "n-clusters", &arg.scan.k, 1, 10000, "K|A:B", "number of clusters, or the best of A to B"),
    SCAN_OPTS(&arg.scan, BY),
    OPT_CHOICE('a', "affinity", &arg.affinity, "rbf|knn", "similarity of vectors"),
    OPT_F64_OR('g', "gamma", &arg.gamma, DBL_MIN, 1e300, "X|auto", "rbf: exp(-gamma d^2); auto: 1 / median distance^2"),
    OPT_INT(0, "n-neighbors", &arg.neighbours, 2, 1e6, "knn: nearest vectors of each, including itself"),
    OPT_CHOICE(0, "labels", &arg.labels, "kmeans|discretize", "how to cut the embedding into clusters"),
    OPT_INT(0, "n-init", &arg.n_init, 1, 10000, "number of k-means starts"),
    OPT_FLAG(0, "save-embedding", &arg.embedding, "also write the eigenvectors, to a field embedding"),
    OPT_SEED(&arg.seed),
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    NEEDS("n-neighbors", "affinity=knn"), NEEDS("gamma", "affinity=rbf"), NEEDS("n-init", "labels=kmeans"),
    OPT_END
};
static const struct prog prog = {
    .name = "spectral", .brief = "spectral clustering of a similarity graph",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label",
    .example = "-k 2", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

/* Who is joined to whom. NULL without rows. */
static struct graph *joined(const struct slurp *s, bool say)
{
    if (s->n == 0)
        return NULL;
    if (arg.affinity == KNN) {
        size_t k = (size_t)arg.neighbours;
        if (k > s->n) {
            if (say)
                warn("only %zu vectors: using --n-neighbors %zu", s->n, s->n);
            k = s->n;
        }
        return graph_knn(s->x, s->n, s->d, k - 1);
    }
    budget_need(graph_rbf_bytes(s->n), "the similarity matrix");
    double gamma = arg.gamma.word ? graph_rbf_gamma(s->x, s->n, s->d) : arg.gamma.x;
    if (arg.gamma.word && say)
        warn("gamma is %.6g", gamma);
    return graph_rbf(s->x, s->n, s->d, gamma);
}

/* The eigenvectors: embedding[n][k]. How many parts the graph has, up to k, to *parts. */
static double *embed(const struct graph *g, size_t k, size_t *parts)
{
    double *embedding = mem_new(mem_mul(g->n, k), sizeof *embedding), *values = mem_new(k, sizeof *values);
    enum spectral_end end = spectral_embedding(g, k, mem_limit, values, embedding);
    if (end == SPECTRAL_TOO_LARGE)
        budget_need(spectral_dense_bytes(g), "the matrix for LAPACK");
    if (end != SPECTRAL_DONE)
        die(ST_STOPPED, "the eigenvectors did not converge: the graph may fall into nearly separate parts; "
            "try another --gamma or --affinity knn");
    *parts = 0;
    for (size_t c = 0; c < k; c++)
        *parts += values[c] < 1e-12;
    free(values);
    return embedding;
}

/* The first k columns of embedding[n][wide], and the labels that they make. */
struct result { size_t n, wide; const double *embedding; float *some; int32_t *labels; };

static void label(size_t k, struct result *to)
{
    size_t n = to->n;
    double *exact = mem_new(mem_mul(n, k), sizeof *exact);
    for (size_t i = 0; i < n * k; i++) {
        exact[i] = to->embedding[i / k * to->wide + i % k];
        to->some[i] = (float)exact[i];
    }
    if (arg.labels == KMEANS) {
        struct kmeans *m = kmeans_fit(to->some, n, k, &(struct kmeans_options){
            .k = k, .n_init = (size_t)arg.n_init, .max_iter = 300, .tol = 1e-4, .seed = arg.seed });
        memcpy(to->labels, m->label, n * sizeof *to->labels);
        kmeans_free(m);
    } else if (!spectral_discretize(exact, n, k, arg.seed, to->labels)) {
        die(ST_STOPPED, "the discretization did not converge; try --labels kmeans");
    }
    free(exact);
}

/* What a scan clusters: the rows themselves, whose graph is known, and rows that are drawn. */
struct scanning { const struct slurp *rows; const struct graph *g; struct result *to; double *embedding; };

/* A scan comes with all k of some rows, and then with other rows. The eigenvectors of a smaller k are the first of the
 * largest. */
static struct scanned try_k(const struct slurp *s, size_t k, void *state)
{
    struct scanning *w = state;
    size_t parts, most = (size_t)arg.scan.k.last;
    if (k == (size_t)arg.scan.k.first) {
        bool own = s->x == w->rows->x;
        struct graph *drawn = own ? NULL : joined(s, false);
        free(w->embedding);
        w->to->n = s->n;
        w->to->wide = most < s->n ? most : s->n;
        w->to->embedding = w->embedding = embed(own ? w->g : drawn, w->to->wide, &parts);
        graph_free(drawn);
    }
    label(k, w->to);
    return (struct scanned){ .label = w->to->labels, .inertia = NAN };
}

static size_t best_k(const struct slurp *s, const struct graph *g, struct result *to)
{
    struct scanning w = { s, g, to, NULL };
    arg.scan.seed = arg.seed;
    size_t k = scan_best(&arg.scan, &prog, s, try_k, &w);
    free(w.embedding);
    return k;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    bool several = scan_wanted(&arg.scan, &prog);
    struct rec_out *out;
    struct slurp *s = slurp_open(&prog, operands, arg.in, arg.out, &out);
    slurp_note_scales(s);
    size_t k = (size_t)arg.scan.k.last, parts = 0;
    if (s->records && s->n < 2)
        die(ST_STOPPED, "%zu vectors have no graph: at least 2 are needed", s->n);
    if (s->records)
        scan_possible(s, k);
    struct result to = { .n = s->n, .wide = k, .some = mem_new(mem_mul(s->n, k), sizeof *to.some),
                         .labels = mem_new(s->n, sizeof *to.labels) };
    struct graph *g = joined(s, !progress_quiet);
    if (g && several)
        to.wide = k = best_k(s, g, &to);
    if (g) {
        double *embedding = embed(g, k, &parts);
        to.embedding = embedding;
        label(k, &to);
        free(embedding);
    }
    graph_free(g);
    if (parts > 1 && !progress_quiet)
        warn("the graph has %zu or more separate parts", parts);
    char *side = item_side(arg.out, "cluster", "embedding");
    int status = slurp_annotate(s, out, (struct column[]){
        { .field = arg.out, .type = COL_I4, .data = to.labels },
        { .field = arg.embedding ? side : NULL, .type = COL_VECTOR, .data = to.some, .d = k, .side = true },
        { .field = NULL },
    });
    free(to.some);
    free(to.labels);
    free(side);
    return status;
}
