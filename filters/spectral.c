/* spectral - clusters of a similarity graph
 *
 * in      records with a vector x
 * out     the same records with cluster (int); with --save-embedding also embedding (f32[k])
 * memory  rbf: half the n x n matrix in double; knn: n x neighbours
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/kmeans.h"
#include "cluster/spectral.h"
#include "drive/slurp.h"

enum { RBF, KNN };
enum { KMEANS, DISCRETIZE };

static struct {
    const char *in, *out, *gamma;
    int64_t k, neighbours, n_init;
    int affinity, labels;
    bool embedding;
    uint64_t seed;
} arg = { .in = "x", .out = "cluster", .gamma = "auto", .k = 8, .neighbours = 10, .n_init = 10 };

static const struct opt opts[] = {
    OPT_INT('k', "n-clusters", &arg.k, 1, 10000, "number of clusters"),
    OPT_CHOICE('a', "affinity", &arg.affinity, "rbf|knn", "how alike vectors are"),
    OPT_STR('g', "gamma", &arg.gamma, "X|auto", "rbf: exp(-gamma d^2); auto: 1 / median distance^2"),
    OPT_INT(0, "n-neighbors", &arg.neighbours, 2, 1e6, "knn: nearest vectors of each, itself counted"),
    OPT_CHOICE(0, "labels", &arg.labels, "kmeans|discretize", "how the embedding is cut into clusters"),
    OPT_INT(0, "n-init", &arg.n_init, 1, 10000, "starts of k-means"),
    OPT_FLAG(0, "save-embedding", &arg.embedding, "keep the eigenvectors, too, in a field embedding"),
    OPT_SEED(&arg.seed),
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_END
};
static const struct prog prog = {
    .name = "spectral", .brief = "clusters of a similarity graph",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label",
    .example = "-k 2", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

struct result { int32_t *labels; float *embedding; size_t k; char *embedding_field; };

static void annotate(struct rec *r, size_t row, void *state)
{
    const struct result *res = state;
    if (arg.embedding)
        item_note_side(r, res->embedding_field);
    if (row == SLURP_NONE) {
        rec_set_nil(r, arg.out);
        if (arg.embedding)
            rec_set_nil(r, res->embedding_field);
        return;
    }
    rec_set_int(r, arg.out, res->labels[row]);
    if (arg.embedding)
        rec_set_vector(r, res->embedding_field, res->embedding + row * res->k, res->k);
}

static struct graph *joined(const struct slurp *s)
{
    double gamma = 1;
    if (arg.affinity == KNN) {
        size_t k = (size_t)arg.neighbours;
        if (k > s->n) {
            if (!progress_quiet)
                warn("%zu vectors: --n-neighbors is taken as %zu", s->n, s->n);
            k = s->n;
        }
        return graph_knn(s->x, s->n, s->d, k - 1);
    }
    budget_need(graph_rbf_bytes(s->n), "the similarity matrix");
    if (strcmp(arg.gamma, "auto") == 0) {
        gamma = graph_rbf_gamma(s->x, s->n, s->d);
        if (!progress_quiet)
            warn("gamma is %.6g", gamma);
    } else {
        opt_number(arg.gamma, 0, 1e300, &gamma);
    }
    return graph_rbf(s->x, s->n, s->d, gamma);
}

static void label(const struct slurp *s, const double *embedding, struct result *res)
{
    size_t k = res->k;
    for (size_t i = 0; i < s->n * k; i++)
        res->embedding[i] = (float)embedding[i];
    if (arg.labels == DISCRETIZE) {
        if (!spectral_discretize(embedding, s->n, k, arg.seed, res->labels))
            die(ST_STOPPED, "the discretization did not converge; try --labels kmeans");
        return;
    }
    struct kmeans *m = kmeans_fit(res->embedding, s->n, k, &(struct kmeans_options){
        .k = k, .n_init = (size_t)arg.n_init, .max_iter = 300, .tol = 1e-4, .seed = arg.seed });
    memcpy(res->labels, m->label, s->n * sizeof *res->labels);
    kmeans_free(m);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    double gamma;
    if (strcmp(arg.gamma, "auto") != 0 && !(opt_number(arg.gamma, 0, 1e300, &gamma) && gamma > 0))
        opt_misuse(&prog, "--gamma '%s' is no number above 0, nor auto", arg.gamma);
    struct rec_in *in = rec_open(&prog, operands, true);
    struct rec_out *out = rec_create(&prog, in);
    struct slurp *s = slurp_read(in, arg.in, arg.out);
    struct result res = { .k = (size_t)arg.k, .embedding_field = item_side(arg.out, "cluster", "embedding") };
    if (s->records && s->n < 2)
        die(ST_STOPPED, "%zu vectors have no graph: 2 or more are needed", s->n);
    if (s->records && res.k > s->n)
        die(ST_STOPPED, "%zu vectors cannot make %zu clusters: give a smaller -k", s->n, res.k);
    res.labels = mem_zero(s->n, sizeof *res.labels);
    res.embedding = mem_new(mem_mul(s->n, res.k), sizeof *res.embedding);
    if (s->n) {
        double *embedding = mem_new(mem_mul(s->n, res.k), sizeof *embedding);
        double *values = mem_new(res.k, sizeof *values);
        struct graph *g = joined(s);
        enum spectral_end end = spectral_embedding(g, res.k, budget_limit, values, embedding);
        if (end == SPECTRAL_TOO_LARGE)
            budget_need(spectral_dense_bytes(g), "the matrix for LAPACK");
        if (end != SPECTRAL_DONE)
            die(ST_STOPPED, "the eigenvectors did not converge: the graph may fall into nearly separate parts; "
                "try another --gamma or --affinity knn");
        graph_free(g);
        size_t parts = 0;
        for (size_t c = 0; c < res.k; c++)
            parts += values[c] < 1e-12;
        if (parts > 1 && !progress_quiet)
            warn("the graph has %zu or more separate parts", parts);
        label(s, embedding, &res);
        free(values);
        free(embedding);
    }
    int status = slurp_write(s, out, annotate, &res);
    free(res.labels);
    free(res.embedding);
    free(res.embedding_field);
    return status;
}
