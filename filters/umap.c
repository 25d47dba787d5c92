/* umap - put records on a map that keeps neighbours together, by UMAP
 *
 * in      records with a vector x
 * out     the same records with xy (f32[2] or f32[3])
 * memory  the vectors twice, and 70 bytes for each of n-neighbors neighbours of each
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/progress.h"
#include "cluster/spectral.h"
#include "drive/about.h"
#include "drive/chart.h"
#include "layout/umap.h"

static struct chart chart = {
    .in = "x", .out = "xy", .init = "spectral", .ways = "spectral, pca, random", .components = 2, .exact = ABOUT_ABOVE,
};
static struct {
    int64_t n_neighbors, n_epochs, negatives;
    double min_dist, spread, rate;
} arg = { .n_neighbors = 15, .min_dist = 0.1, .spread = 1, .rate = 1, .negatives = 5 };

static const struct opt opts[] = {
    OPT_INT('k', "n-neighbors", &arg.n_neighbors, 2, 1e6, "how many neighbours count, the vector itself among them"),
    OPT_F64(0, "min-dist", &arg.min_dist, 0, 1e6, "how close together places may lie"),
    OPT_F64(0, "spread", &arg.spread, 1e-3, 1e6, "how far they lie apart"),
    OPT_INT(0, "n-epochs", &arg.n_epochs, 0, 1e6, "number of steps; 0: 500, or 200 for more than 10000 vectors"),
    OPT_F64(0, "learning-rate", &arg.rate, 1e-3, 1e3, "length of the first steps"),
    OPT_INT(0, "negative-sample-rate", &arg.negatives, 1, 1000, "places that push, for each that pulls"),
    CHART_OPTS(&chart, "spectral, pca, random"),
    EXCLUDES_WHY("model", "save|init|n-neighbors|min-dist|spread|n-epochs|learning-rate|negative-sample-rate",
                 "the model is a map"),
    OPT_END
};
static const struct prog prog = {
    .name = "umap", .brief = "put records on a map that keeps neighbours together, by UMAP",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "xy vector", .conv = "umap-learn-0.5.12",
    .opts = opts, .also = slurp_also,
};
static const struct model_part parts[] = {
    MODEL_INT("n_neighbors", &arg.n_neighbors, 2, 1e6),
    MODEL_REAL("min_dist", &arg.min_dist, 0, 1e6),
    MODEL_REAL("spread", &arg.spread, 1e-3, 1e6),
    MODEL_REAL("learning_rate", &arg.rate, 1e-3, 1e3),
    MODEL_INT("negative_sample_rate", &arg.negatives, 1, 1000),
    CHART_PARTS(&chart),
    MODEL_END
};

static void tick(size_t epoch)
{
    progress_at(epoch, NULL);
}

static struct umap_options options(int64_t n_epochs)
{
    struct umap_options o = { .dims = (size_t)chart.components, .n_epochs = (size_t)n_epochs, .learning_rate = arg.rate,
                              .negative_sample_rate = (size_t)arg.negatives, .seed = chart.seed, .tick = tick };
    umap_curve(arg.min_dist, arg.spread, &o.a, &o.b);
    return o;
}

/* Places by the first eigenvectors of the graph; false if it has several parts, or they are not found. */
static bool start_spectral(const struct graph *g)
{
    size_t n = g->n, dims = (size_t)chart.components, k = dims + 1;
    budget_need(8 * 45 * (double)n, "the spectral start");
    size_t *part = mem_new(n, sizeof *part);
    double value[4], *vector = mem_new(mem_mul(n, k), sizeof *vector);
    bool good = n > k && graph_parts(g, 0, NULL, part) == 1 &&
        spectral_embedding(g, k, mem_limit, value, vector) == SPECTRAL_DONE;
    for (size_t i = 0; good && i < n; i++)
        for (size_t c = 0; c < dims; c++)
            chart.xy[i * dims + c] = (float)vector[i * k + c + 1];      /* the first vector is the same for all */
    free(part);
    free(vector);
    return good;
}

static void make_map(void)
{
    size_t n = chart.s->n, dims = (size_t)chart.components;
    if (n < 2)
        die(ST_STOPPED, "%zu vector%s no map: at least 2 are needed", n, n == 1 ? " makes" : "s make");
    if ((size_t)arg.n_neighbors >= n && arg.n_neighbors > 2) {
        size_t most = n > 2 ? n - 1 : 2;
        if (!progress_quiet)
            warn("--n-neighbors %d is too large for %zu vectors: %zu taken", (int)arg.n_neighbors, n, most);
        arg.n_neighbors = (int64_t)most;
    }
    bool spectral = strcmp(chart.init, "spectral") == 0;
    if (!spectral)
        chart_begin(&chart, chart.init, 1);
    size_t k = (size_t)arg.n_neighbors - 1;         /* others */
    budget_need(12 * (double)n * (double)k + graph_join_bytes(n, k), "the neighbours of all vectors");
    struct neighbours found = chart_neighbours(&chart, k);
    struct graph *g = umap_graph(found.index, found.distance, n, found.k);
    free(found.index);
    free(found.distance);
    budget_need(umap_bytes(g, dims), "the map");
    if (spectral && !start_spectral(g))
        chart_begin(&chart, "pca", 1);
    umap_begin(chart.xy, n, dims, chart.seed);
    struct umap_options o = options(arg.n_epochs ? arg.n_epochs : n > 10000 ? 200 : 500);
    progress_start(o.n_epochs, "epochs");
    umap_fit(g, chart.xy, &o);
    progress_clear();
    graph_free(g);
    chart_save(&chart, &prog, parts);
    if (!progress_quiet && n > 2 * CHART_NEAREST)       /* else it is not defined */
        warn("trustworthiness %.4f (k = %d)", chart_trust(&chart), CHART_NEAREST);
}

static void place_points(void)
{
    struct neighbours found = chart_neighbours(&chart, (size_t)arg.n_neighbors);
    struct umap_options o = options(0);
    float *map = chart_old(&chart);
    umap_place(map, chart.old.n, found.index, found.distance, chart.s->n, found.k, chart.xy, &o);
    free(map);
    free(found.index);
    free(found.distance);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (!chart.model.path && arg.min_dist > arg.spread)
        opt_misuse(&prog, "--min-dist %g is more than --spread %g", arg.min_dist, arg.spread);
    return chart_run(&chart, &prog, parts, operands, make_map, place_points);
}
