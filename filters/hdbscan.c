/* hdbscan - clusters of any density, and noise
 *
 * in      records with a vector x
 * out     the same records with cluster (int, -1 is noise), probability (0 ... 1) and
 *         outlier (0 ... 1)
 * memory  n x d floats twice, and some 200 bytes a vector; above 100 000 vectors 15 neighbours of each
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/hdbscan.h"
#include "cluster/reach.h"
#include "drive/about.h"

static struct {
    const char *in, *out, *tree;
    int64_t min_size, min_samples;
    int method, metric;
    double epsilon;
    bool single;
} arg = { .in = "x", .out = "cluster", .min_size = 5 };

static const struct opt opts[] = {
    OPT_INT('c', "min-cluster-size", &arg.min_size, 2, 4e9, "fewer vectors than this are no cluster"),
    OPT_INT('m', "min-samples", &arg.min_samples, 0, 4e9,
            "neighbours, including the vector itself, that tell its density; 0: as --min-cluster-size"),
    OPT_CHOICE(0, "method", &arg.method, "eom|leaf", "take the clusters that last longest, or the smallest ones"),
    OPT_F64('e', "epsilon", &arg.epsilon, 0, 1e300, "do not part clusters that are closer than this"),
    OPT_FLAG(0, "allow-single", &arg.single, "allow that all is one cluster"),
    OPT_CHOICE(0, "metric", &arg.metric, "euclidean|cosine", "distance between vectors"),
    OPT_OUTPUT(0, "tree", &arg.tree, "write the condensed tree as records: parent, height, size, cluster"),
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    OPT_END
};
static const struct prog prog = {
    .name = "hdbscan", .brief = "clusters of any density, and noise",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector",
    .writes = "cluster label, probability number, outlier number",
    .example = "-c 2", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

static void put_node(struct rec_out *out, struct rec *r, size_t node, size_t parent, double height, size_t size, int32_t label)
{
    char id[24];
    rec_begin(r, id, (size_t)snprintf(id, sizeof id, "%zu", node));
    rec_set_int(r, "parent", (int64_t)parent);
    rec_set_f64(r, "height", height);
    rec_set_int(r, "size", (int64_t)size);
    rec_set_int(r, "cluster", label);
    rec_put(out, r);
}

/* Points are nodes 0 ... n-1, clusters n + 1, n + 2, ...; the root, n, has no record. */
static void write_tree(const struct condensed *c, const int32_t *labels)
{
    struct rec_out *out = rec_create_file(&prog, NULL, arg.tree, IO_RECORDS);
    struct rec *r = rec_new();
    for (size_t i = 0; i < c->n; i++)
        put_node(out, r, i, c->n + c->from[i], c->leaves[i], 1, labels[i]);
    for (size_t k = 1; k < c->clusters; k++) {
        const struct condensed_cluster *one = c->cluster + k;
        put_node(out, r, c->n + k, c->n + one->parent, one->height, one->size, one->label);
    }
    rec_free(r);
    rec_finish(out);
}

static void tick(size_t edges)
{
    progress_at(edges, "edges");
}

/* What a result that is of no use looks like, and what to try. */
static void red_flags(size_t n, size_t clusters, size_t noise)
{
    if (progress_quiet || n == 0)
        return;
    if (noise == n)
        warn("all %zu are noise: a smaller --min-cluster-size or --min-samples may find clusters%s", n,
             arg.single ? "" : "; --allow-single lets all be one");
    else if (noise * 2 > n)
        warn("%zu clusters, and %zu of %zu are noise: a smaller --min-samples leaves less", clusters, noise, n);
}

/* The tree of merges: exactly, or nearly. */
static struct merge *make_tree(const struct near *t, const struct slurp *s, size_t samples)
{
    struct about a;
    if (about_reach(t, s, samples, &a)) {
        struct merge *merges = a.edges;
        a.edges = NULL;
        about_free(&a);
        linkage_grow(merges, s->n);
        return merges;
    }
    struct merge *merges = mem_new(s->n, sizeof *merges);
    progress_start(s->n - 1, "edges");
    reach_tree(t, s->n, samples, merges, tick);
    progress_clear();
    return merges;
}

/* The condensed tree, its clusters chosen. */
static struct condensed *grow(const struct slurp *s)
{
    size_t size = (size_t)arg.min_size, samples = arg.min_samples ? (size_t)arg.min_samples : size;
    if (size > s->n)
        die(ST_STOPPED, "%zu vectors cannot make a cluster of %zu: give a smaller --min-cluster-size", s->n, size);
    if (samples > s->n)
        die(ST_STOPPED, "%zu vectors are too few for --min-samples %zu", s->n, samples);
    struct near *t = near_new(s->x, s->n, s->d, arg.metric == 0 ? NEAR_EUCLIDEAN : NEAR_COSINE);
    struct merge *merges = make_tree(t, s, samples);
    near_free(t);
    struct condensed *c = hdbscan_condense(merges, s->n, size);
    free(merges);
    hdbscan_choose(c, (enum hdbscan_method)arg.method, arg.epsilon, arg.single);
    return c;
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_out *out;
    struct slurp *s = slurp_open(&prog, operands, arg.in, arg.out, &out);
    slurp_note_scales(s);
    budget_need((double)s->n * ((arg.metric == 0 ? 8 : 12) * (double)s->d + 400), "the vectors, a sorted copy and the tree");
    int32_t *labels = mem_new(s->n, sizeof *labels);
    double *probability = mem_new(s->n, sizeof *probability), *outlier = mem_new(s->n, sizeof *outlier);
    size_t clusters = 0, noise = 0;
    if (s->n) {
        struct condensed *c = grow(s);
        clusters = hdbscan_label(c, arg.epsilon, labels, probability);
        hdbscan_outliers(c, outlier);
        if (arg.tree)
            write_tree(c, labels);
        condensed_free(c);
    }
    for (size_t i = 0; i < s->n; i++)
        noise += labels[i] < 0;
    red_flags(s->n, clusters, noise);
    char *sides[2] = { item_side(arg.out, "cluster", "probability"), item_side(arg.out, "cluster", "outlier") };
    int status = slurp_annotate(s, out, (struct column[]){
        { .field = arg.out, .type = COL_I4, .data = labels },
        { .field = sides[0], .type = COL_F8, .data = probability, .side = true },
        { .field = sides[1], .type = COL_F8, .data = outlier, .side = true },
        { .field = NULL },
    });
    free(labels);
    free(probability);
    free(outlier);
    free(sides[0]);
    free(sides[1]);
    return status;
}
