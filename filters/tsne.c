/* tsne - put records on a map that keeps neighbours together, by t-SNE
 *
 * in      records with a vector x
 * out     the same records with xy (f32[2] or f32[3])
 * memory  the vectors twice, and 60 bytes for each of 3 x perplexity neighbours of each
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/progress.h"
#include "drive/chart.h"
#include "layout/tsne.h"

static struct chart chart = { .in = "x", .out = "xy", .init = "pca", .ways = "pca, random", .components = 2 };
static struct {
    double perplexity, exaggeration, angle;
    struct opt_or rate;
    int64_t n_iter;
} arg = { .perplexity = 30, .exaggeration = 12, .angle = 0.5, .rate.text = "auto", .n_iter = 1000 };

static const struct opt opts[] = {
    OPT_F64('p', "perplexity", &arg.perplexity, 1, 1e6, "how many neighbours count, softly"),
    OPT_F64(0, "early-exaggeration", &arg.exaggeration, 1, 1000, "pull this much harder in the first 250 steps"),
    OPT_F64_OR(0, "learning-rate", &arg.rate, 1e-3, 1e9, "X|auto", "length of a step; auto: records / 48, at least 50"),
    OPT_INT(0, "n-iter", &arg.n_iter, 1, 1e9, "largest number of steps"),
    OPT_F64(0, "angle", &arg.angle, 0, 1, "open cells of the map that are wider than this times their distance; 0: exact"),
    CHART_OPTS(&chart, "pca, random"),
    EXCLUDES_WHY("model", "save|init|perplexity|early-exaggeration|learning-rate|n-iter|angle", "the model is a map"),
    OPT_END
};
static const struct prog prog = {
    .name = "tsne", .brief = "put records on a map that keeps neighbours together, by t-SNE",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector", .writes = "xy vector",
    .example = "--perplexity 1", .conv = "sklearn-1.9", .opts = opts, .also = slurp_also,
};
static const struct model_part parts[] = { CHART_PARTS(&chart), MODEL_END };

static void tick(size_t step, double kl)
{
    char note[64];
    snprintf(note, sizeof note, "KL %.4f", kl);
    progress_at(step, note);
    if (!progress_quiet && (progress_wanted || isatty(STDERR_FILENO)))
        warn("step %zu: %s", step, note);
}

static void make_map(void)
{
    size_t n = chart.s->n, dims = (size_t)chart.components;
    if (n < 2)
        die(ST_STOPPED, "%zu vector%s no map: at least 2 are needed", n, n == 1 ? " makes" : "s make");
    if (arg.perplexity >= (double)n)
        die(ST_STOPPED, "--perplexity %g is too large for %zu vectors: at most %zu", arg.perplexity, n, n - 1);
    chart_begin(&chart, chart.init, 1e-4);
    size_t k = tsne_neighbours(n, arg.perplexity);
    budget_need(12 * (double)n * (double)k + graph_join_bytes(n, k), "the neighbours of all vectors");
    struct neighbours found = chart_neighbours(&chart, k);
    struct graph *p = tsne_joint(found.index, found.distance, n, found.k, arg.perplexity);
    free(found.index);
    free(found.distance);
    budget_need(tsne_bytes(p, dims), "the map");
    progress_start((size_t)arg.n_iter, "steps");
    struct tsne_end end = tsne_fit(p, chart.xy, &(struct tsne_options){
        .dims = dims, .early_exaggeration = arg.exaggeration, .learning_rate = arg.rate.x, .angle = arg.angle,
        .n_iter = (size_t)arg.n_iter, .tick = tick });
    progress_clear();
    if (!isfinite(end.kl))
        die(ST_STOPPED, "the map flew apart: lower --learning-rate");
    chart_save(&chart, &prog, parts);
    char trust[64] = "";
    if (!progress_quiet && n > 2 * CHART_NEAREST)       /* else it is not defined */
        snprintf(trust, sizeof trust, "; trustworthiness %.4f (k = %d)", chart_trust(&chart), CHART_NEAREST);
    if (!progress_quiet)
        warn("KL divergence %.4f after %zu steps%s", fmax(end.kl, 0), end.steps, trust);
    graph_free(p);
}

static void place_points(void)
{
    struct neighbours found = chart_neighbours(&chart, tsne_neighbours(chart.old.n + 1, TSNE_PLACE_PERPLEXITY));
    float *map = chart_old(&chart);
    tsne_place(map, chart.old.n, chart.old.dims, found.index, found.distance, chart.s->n, found.k, chart.xy);
    free(map);
    free(found.index);
    free(found.distance);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    return chart_run(&chart, &prog, parts, operands, make_map, place_points);
}
