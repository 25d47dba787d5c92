/* agglo - agglomerative clustering: Ward, single, average, complete
 *
 * in      records with a vector x
 * out     the same records with cluster (int, numbered by first appearance)
 * memory  n x d doubles; average and complete: half the distance matrix
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "cluster/linkage.h"
#include "drive/scan.h"

#define BY SCAN_SCORES SCAN_DRAWS

enum { WARD, SINGLE, AVERAGE, COMPLETE };

static struct {
    const char *in, *out, *tree, *connectivity;
    struct scan scan;
    double distance;
    int linkage;
} arg = { .in = "x", .out = "cluster", .scan = { .k.text = "0", .words = BY }, .distance = NAN };

static const struct opt opts[] = {
    OPT_INT_RANGE('k', "n-clusters", &arg.scan.k, 0, 1e9, "K|A:B",
                  "number of clusters, or the best from A to B; 0: 2, or as many as --distance gives"),
    SCAN_OPTS(&arg.scan, BY),
    OPT_F64('d', "distance", &arg.distance, 0, 1e300, "merge no clusters at this height or above, instead of -k"),
    OPT_CHOICE('l', "linkage", &arg.linkage, "ward|single|average|complete", "distance between clusters"),
    OPT_STR('c', "connectivity", &arg.connectivity, "knn:K",
            "with ward: merge only neighbours in the graph of K nearest neighbours"),
    OPT_OUTPUT(0, "tree", &arg.tree, "write the merges as records: left, right, height, size"),
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    EXCLUDES("n-clusters", "distance"),
    NEEDS("connectivity", "linkage=ward"),
    OPT_END
};
static const struct prog prog = {
    .name = "agglo", .brief = "agglomerative clustering: Ward, single, average, complete linkage",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "cluster label",
    .example = "-k 2", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};

static void write_tree(const struct merge *merges, size_t n, const char *path)
{
    struct rec_out *out = rec_create_file(&prog, NULL, path, IO_RECORDS);
    struct rec *r = rec_new();
    for (size_t i = 0; i + 1 < n; i++) {
        char id[24];
        rec_begin(r, id, (size_t)snprintf(id, sizeof id, "%zu", n + i));
        rec_set_int(r, "left", (int64_t)merges[i].left);
        rec_set_int(r, "right", (int64_t)merges[i].right);
        rec_set_f64(r, "height", merges[i].height);
        rec_set_int(r, "size", (int64_t)merges[i].size);
        rec_put(out, r);
    }
    rec_free(r);
    rec_finish(out);
}

/* Ward among the k nearest neighbours. */
static void ward_connected(const struct slurp *s, size_t k, struct merge *merges)
{
    if (s->n < 2)
        return;
    k = k < s->n ? k : s->n - 1;
    struct graph *g = graph_knn(s->x, s->n, s->d, k);
    if (!linkage_ward_graph(s->x, s->d, g, merges))
        die(ST_STOPPED, "the graph of %zu nearest neighbours falls into more than %d parts: give a larger K", k,
            LINKAGE_PARTS);
    graph_free(g);
}

/* The whole tree, of merges[n - 1]. `neighbours`: of --connectivity. */
static struct merge *grow(const struct slurp *s, size_t neighbours)
{
    if (arg.linkage == WARD || arg.linkage == SINGLE)
        budget_need((double)s->n * (12 * (double)s->d + 100), "the vectors, their clusters' centres and the tree");
    else
        budget_need(linkage_matrix_bytes(s->n), "the distance matrix");
    struct merge *merges = mem_new(s->n, sizeof *merges);
    if (arg.connectivity)
        ward_connected(s, neighbours, merges);
    else if (arg.linkage == WARD)
        linkage_ward(s->x, s->n, s->d, merges);
    else if (arg.linkage == SINGLE)
        linkage_single(s->x, s->n, s->d, merges);
    else
        linkage_matrix(s->x, s->n, s->d, arg.linkage == AVERAGE ? LINKAGE_AVERAGE : LINKAGE_COMPLETE, merges);
    return merges;
}

/* The tree of the rows seen last, and the labels of a cut. */
struct tree { size_t neighbours, n; struct merge *merges; int32_t *labels; };

static void grow_on(struct tree *t, const struct slurp *s)
{
    free(t->merges);
    t->merges = grow(s, t->neighbours);
    t->n = s->n;
}

/* A scan comes with all k of some rows, and then with other rows. */
static struct scanned cut(const struct slurp *s, size_t k, void *state)
{
    struct tree *t = state;
    if (k == (size_t)arg.scan.k.first)
        grow_on(t, s);
    linkage_cut(t->merges, t->n, k, t->labels);
    return (struct scanned){ .label = t->labels, .inertia = NAN };
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    bool by_distance = !isnan(arg.distance), several = scan_wanted(&arg.scan, &prog);
    if (several && arg.scan.k.first == 0)
        opt_misuse(&prog, "-k '%s' starts at 0 clusters", arg.scan.k.text);
    double neighbours = 0;
    if (arg.connectivity && !(strncmp(arg.connectivity, "knn:", 4) == 0 &&
                              opt_number(arg.connectivity + 4, 1, 1e6, &neighbours)))
        opt_misuse(&prog, "--connectivity '%s' is not knn:K with a K from 1 to 1000000", arg.connectivity);
    struct rec_out *out;
    struct slurp *s = slurp_open(&prog, operands, arg.in, arg.out, &out);
    slurp_note_scales(s);
    size_t k = arg.scan.k.last ? (size_t)arg.scan.k.last : 2;
    if (!by_distance && s->records)
        scan_possible(s, k);
    struct tree t = { .neighbours = (size_t)neighbours, .labels = mem_new(s->n, sizeof *t.labels) };
    if (several && s->records)
        k = scan_best(&arg.scan, &prog, s, cut, &t);
    else
        grow_on(&t, s);
    if (by_distance)
        k = linkage_count(t.merges, s->n, arg.distance);
    linkage_cut(t.merges, s->n, k, t.labels);
    if (arg.tree)
        write_tree(t.merges, s->n, arg.tree);
    int status = slurp_annotate(s, out, (struct column[]){ { .field = arg.out, .type = COL_I4, .data = t.labels },
                                                           { .field = NULL } });
    free(t.merges);
    free(t.labels);
    return status;
}
