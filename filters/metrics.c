/* metrics - score clusters, by themselves and against a truth
 *
 * in      records with a cluster, a vector x (or none) and fields of truth
 * out     one record of scores; with --noise all three; with --per-cluster one for each cluster;
 *         with --each the same records, each with its silhouette and next_cluster
 * memory  all vectors, 20 bytes a number for the silhouette, and 8 bytes for each pair of record
 *         and cluster, but no more than 256 MB for these
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/mem.h"
#include "drive/each.h"
#include "drive/profiles.h"
#include "drive/ranks.h"
#include "score/bootstrap.h"
#include "score/external.h"
#include "score/hubs.h"
#include "score/map_score.h"

static struct {
    const char *cluster, *map, *id;
    struct opt_words truth;
    struct opt_pairs set;
    int64_t bootstrap;
    uint64_t seed;
    int noise;
    bool per_cluster, each, hubness;
    struct profiles how;
} arg = { .cluster = "cluster", .id = "metrics", .noise = NOISE_CLUSTER, .how = { .input = "x" } };

enum { NOISE_ALL = NOISE_SINGLETONS + 1 };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.how.input, "FIELD", "vectors that were clustered"),
    OPT_STR('c', "cluster", &arg.cluster, "FIELD", "clusters to score"),
    OPT_WORDS_EACH('t', "truth", &arg.truth, "A,B,...", "fields to compare the clusters with"),
    OPT_CHOICE(0, "noise", &arg.noise, "cluster|drop|singletons|all",
               "what cluster -1 is: a cluster, left out, or each record a cluster of its own; all: a record for each way"),
    OPT_FLAG(0, "per-cluster", &arg.per_cluster, "write a record for each cluster instead of the scores, as profile does"),
    OPT_FLAG(0, "each", &arg.each, "write the records, each with its own silhouette and the next cluster to it"),
    OPT_STR(0, "map", &arg.map, "FIELD", "score this map of the vectors, too: are neighbours kept, and of one label?"),
    OPT_FLAG(0, "hubness", &arg.hubness, "tell whether a few records are everybody's neighbours, and by mutual proximity"),
    OPT_INT(0, "bootstrap", &arg.bootstrap, 0, 1e6, "give 95 percent intervals from this many bootstrap samples of the rows"),
    OPT_SEED(&arg.seed),
    OPT_FLAG(0, "cosine", &arg.how.cosine, "also compute the silhouette by cosine distance"),
    OPT_FLAG(0, "no-silhouette", &arg.how.no_silhouette, "skip the silhouette, which takes longest"),
    OPT_STR(0, "id", &arg.id, "NAME", "id of the output record"),
    OPT_PAIRS('s', "set", &arg.set, "NAME=VALUE", "id", "set a field of it; may be given several times"),
    OPT_JOBS(0),
    EXCLUDES("cosine", "no-silhouette"),
    EXCLUDES("per-cluster", "bootstrap|map|hubness|id"),
    EXCLUDES("each", "per-cluster|bootstrap|map|hubness|truth|noise|no-silhouette|id|set"),
    NEEDS("per-cluster", "noise=cluster|noise=drop"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "metrics", .brief = "score clusters, by themselves and against a truth",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector, cluster label", .writes = "silhouette number",
    .conv = "sklearn-1.9", .ranks = true, .opts = opts, .also = also,
};

static void put_interval(struct scores *to, const char *name, struct interval i)
{
    scores_put(to, name, ".low", i.low);
    scores_put(to, name, ".high", i.high);
}

static void score_silhouette(struct scores *to, const struct scored *s, const char *name, bool cosine, bool defined)
{
    double *row = arg.bootstrap ? mem_new(s->n, sizeof *row) : NULL;
    struct interval i = { NAN, NAN };
    scores_put(to, name, "", defined ? scores_silhouette(s, cosine, row) : NAN);
    if (row && defined)
        i = bootstrap_mean(row, s->n, (size_t)arg.bootstrap, arg.seed);
    if (row)
        put_interval(to, name, i);
    free(row);
}

/* The scores by the vectors. */
static void score_alone(struct scores *to, const struct scored *s)
{
    struct clustered c = scores_clustered(s);
    bool defined = scores_inner(to, s, arg.how.input);
    if (!arg.how.no_silhouette)
        score_silhouette(to, s, "silhouette", false, defined);
    if (arg.how.cosine)
        score_silhouette(to, s, "silhouette_cosine", true, defined);
    scores_put(to, "calinski_harabasz", "", defined ? centres_calinski_harabasz(&c) : NAN);
    scores_put(to, "davies_bouldin", "", defined ? centres_davies_bouldin(&c) : NAN);
}

enum { MAP_NEAREST = 12 };

/* The share of neighbours on the map that are of one label. */
static void score_hit(struct scores *to, const struct scored *s, const char *name, const uint32_t *label)
{
    if (arg.map)
        scores_put(to, name, "", map_neighbour_hit(s->map, s->n, s->map_d, label, SCORED_NONE, MAP_NEAREST));
}

/* The scores of the map. */
static void score_map(struct scores *to, const struct scored *s)
{
    double trust = NAN, continuity = NAN;
    if (s->d && s->n > 2 * MAP_NEAREST) {
        budget_need((double)s->n * (8 * (double)(s->d + s->map_d) + 4 * MAP_NEAREST), "the neighbours of all vectors");
        struct near *x = near_new(s->x, s->n, s->d, NEAR_EUCLIDEAN), *map = near_new(s->map, s->n, s->map_d, NEAR_EUCLIDEAN);
        trust = map_trustworthiness(x, map, s->n, MAP_NEAREST, 0);
        continuity = map_trustworthiness(map, x, s->n, MAP_NEAREST, 0);
        near_free(x);
        near_free(map);
    } else if (s->n && s->n <= 2 * MAP_NEAREST) {
        scores_because(to, "a map needs 25 rows", "");
    }
    scores_put(to, "trustworthiness", "", trust);
    scores_put(to, "continuity", "", continuity);
    score_hit(to, s, "neighbour_hit", s->cluster);
}

enum { HUBNESS_NEAREST = 10 };

/* How uneven it is whose neighbour each record is. */
static void score_hubness(struct scores *to, const struct scored *s)
{
    double plain = NAN, mutual = NAN;
    size_t n = s->n, k = HUBNESS_NEAREST;
    if (s->d && n > k) {
        budget_need((double)n * (4 * (double)s->d + 4 * (double)k + 16), "the neighbours of all vectors");
        struct near *t = near_new(s->x, n, s->d, NEAR_EUCLIDEAN);
        uint32_t *index = mem_new(n * k, sizeof *index);
        near_knn_all(t, k, index, NULL);
        plain = hubs_skewness(index, n, k);
        hubs_mutual(t, n, k, index, NULL);
        mutual = hubs_skewness(index, n, k);
        free(index);
        near_free(t);
    } else if (n && n <= k) {
        scores_because(to, "hubness needs 11 rows", "");
    }
    scores_put(to, "hubness", "", plain);
    scores_put(to, "hubness_mutual", "", mutual);
}

static void score_truth(struct scores *to, const struct scored *s, const struct scored_truth *t)
{
    uint32_t *truth = mem_new(s->n, sizeof *truth), *cluster = mem_new(s->n, sizeof *cluster);
    size_t n = scored_pairs(s, t, truth, cluster);
    struct external e = external_scores(truth, cluster, n);
    struct interval interval[EXTERNAL_SCORES];
    if (arg.bootstrap)
        bootstrap_external(truth, cluster, n, (size_t)arg.bootstrap, arg.seed, interval);
    if (!n && s->n)
        scores_because(to, "no record has a ", t->field);
    else if (n && !isfinite(e.matched_accuracy))
        scores_because(to, "too many clusters to match with those of ", t->field);
    scores_truth(to, s, t);
    scores_count(to, "with_truth", "", n);
    scores_count(to, "classes", "", e.classes);
    for (size_t i = 0; i < EXTERNAL_SCORES; i++) {
        scores_put(to, external_names[i], "", n ? e.score[i] : NAN);
        if (arg.bootstrap)
            put_interval(to, external_names[i], interval[i]);
    }
    score_hit(to, s, "neighbour_hit_truth", t->label);
    free(truth);
    free(cluster);
}

/* Write the record of scores, its id ending in ".PART" (or NULL). */
static void score(struct scores *to, const struct scored *s, const char *part, struct rec_out *out)
{
    size_t n = strlen(arg.id);
    char *id = mem_new(n + (part ? strlen(part) : 0) + 2, 1);
    strcpy(id, arg.id);
    if (part)
        strcat(strcat(id, "."), part);
    scores_begin(to, id, strlen(id));
    free(id);
    scores_count(to, "n", "", s->all);
    scores_count(to, "scored", "", s->n);
    scores_put(to, "coverage", "", s->all ? (double)s->n / (double)s->all : NAN);
    scores_put(to, "noise", "", s->all ? (double)s->noise / (double)s->all : NAN);
    scores_count(to, "clusters", "", s->k);
    score_alone(to, s);
    if (arg.map)
        score_map(to, s);
    if (arg.hubness)
        score_hubness(to, s);
    for (size_t t = 0; t < s->n_truths; t++)
        score_truth(to, s, s->truths + t);
    scores_reason(to);
    rec_put(out, to->r);
}

/* Noise as a cluster, as singletons, and, last as it leaves rows out, dropped. */
static void score_all_ways(struct scores *to, struct scored *s, struct rec_out *out)
{
    const enum scored_noise what[] = { NOISE_CLUSTER, NOISE_SINGLETONS, NOISE_DROP };
    const char *const names[] = { "cluster", "singletons", "drop" };
    uint32_t *raw = mem_new(s->n, sizeof *raw);
    memcpy(raw, s->cluster, s->n * sizeof *raw);
    for (size_t i = 0; i < 3; i++) {
        memcpy(s->cluster, raw, s->n * sizeof *raw);
        scored_noise(s, what[i]);
        score(to, s, names[i], out);
    }
    free(raw);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.each && world_wanted())
        opt_misuse(&prog, "mpirun gives scores: leave --each out");
    bool ranks = ranks_begin(&prog, &operands, "-");
    struct rec_in *in = rec_open(&prog, operands, arg.each);
    if (ranks)
        ranks_same_columns(in);
    if (arg.each)
        return each_silhouette(in, rec_create(&prog, in), arg.how.input, arg.cluster, arg.how.cosine);
    struct scored *s = scored_read(in, arg.how.input, arg.map, arg.cluster, &arg.truth, arg.per_cluster);
    struct rec_out *out = rec_create(&prog, in);
    struct scores to = { .set = &arg.set };
    head_clear_columns(rec_out_head(out));
    arg.how.columns = head_columns(rec_head(in), arg.how.input);
    if (arg.noise != NOISE_ALL)
        scored_noise(s, (enum scored_noise)arg.noise);
    if (arg.per_cluster)
        profiles_write(&arg.how, s, &to, out);
    else if (arg.noise == NOISE_ALL)
        score_all_ways(&to, s, out);
    else
        score(&to, s, NULL, out);
    scores_free(&to);
    rec_finish(out);
    rec_close(in);
    scored_free(s);
    return world_end(item_status());
}
