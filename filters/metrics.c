/* metrics - score clusters, alone and against a truth
 *
 * in      records with a cluster, a vector x (or none) and fields of truth
 * out     one record of scores
 * memory  all vectors, 20 bytes a number for the silhouette, and 8 bytes for each pair of record
 *         and cluster, but no more than 256 MB for these
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/progress.h"
#include "score/external.h"
#include "score/internal.h"
#include "stream/scored.h"
#include "stream/word.h"

static struct {
    const char *in, *cluster, *id;
    struct opt_list truth, set;
    int64_t jobs;
    int noise;
    bool cosine, no_silhouette;
} arg = { .in = "x", .cluster = "cluster", .id = "metrics", .noise = NOISE_CLUSTER };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "vectors that were clustered"),
    OPT_STR('c', "cluster", &arg.cluster, "FIELD", "clusters to score"),
    OPT_LIST('t', "truth", &arg.truth, "A,B,...", "fields to hold the clusters against"),
    OPT_CHOICE(0, "noise", &arg.noise, "cluster|drop|singletons",
               "what cluster -1 is: a cluster, left out, or each a cluster of its own"),
    OPT_FLAG(0, "cosine", &arg.cosine, "the silhouette by cosine distance, too"),
    OPT_FLAG(0, "no-silhouette", &arg.no_silhouette, "leave out the silhouette, which takes longest"),
    OPT_STR(0, "id", &arg.id, "NAME", "id of the record that is written"),
    OPT_LIST('s', "set", &arg.set, "NAME=VALUE", "put a field into it; may be given several times"),
    OPT_JOBS(&arg.jobs),
    OPT_SIZE(0, "max-memory", &mem_limit, "stop rather than hold more data than this"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "metrics", .brief = "score clusters, alone and against a truth",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector, cluster label", .writes = "silhouette number",
    .conv = "sklearn-1.9", .opts = opts, .also = also,
};

/* The record of scores, and why some are nil. */
static struct rec *to;
static char reason[1024];

static void put(const char *name, const char *suffix, double v)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", name, suffix);
    if (isfinite(v))
        rec_set_f64(to, full, v);
    else
        rec_set_nil(to, full);
}

static void put_count(const char *name, const char *suffix, size_t n)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", name, suffix);
    rec_set_int(to, full, (int64_t)n);
}

static void because(const char *what, const char *word)
{
    size_t n = strlen(reason);
    snprintf(reason + n, sizeof reason - n, "%s%s%s", n ? "; " : "", what, word);
}

static void tick(double share)
{
    progress_at((size_t)(100 * share), NULL);
}

static double silhouette(const struct scored *s, bool cosine)
{
    mem_need((double)s->n * (double)s->d * sizeof *s->x + internal_silhouette_memory(s->n, s->d, s->k),
             "the silhouette");
    progress_start(100, "percent of the silhouette");
    double mean = internal_silhouette(s->x, s->n, s->d, s->cluster, s->k, cosine, NULL, tick);
    progress_clear();
    return mean;
}

static void score_alone(const struct scored *s)
{
    bool defined = !s->without_x && s->k >= 2 && s->k < s->n;
    if (s->without_x && s->n)
        because("no field ", arg.in);
    else if (!s->n)
        because("no rows left", "");
    else if (!defined)
        because(s->k < 2 ? "one cluster" : "every row its own cluster", ": inner scores need 2 <= clusters <= n-1");
    if (!arg.no_silhouette)
        put("silhouette", "", defined ? silhouette(s, false) : NAN);
    if (arg.cosine)
        put("silhouette_cosine", "", defined ? silhouette(s, true) : NAN);
    put("calinski_harabasz", "", defined ? internal_calinski_harabasz(s->x, s->n, s->d, s->cluster, s->k) : NAN);
    put("davies_bouldin", "", defined ? internal_davies_bouldin(s->x, s->n, s->d, s->cluster, s->k) : NAN);
}

static void score_truth(const struct scored *s, const struct scored_truth *t)
{
    char suffix[256] = "";
    if (s->n_truths > 1)
        snprintf(suffix, sizeof suffix, ".%s", t->field);
    else
        rec_set_str(to, "truth", t->field, strlen(t->field));
    uint32_t *truth = mem_new(s->n, sizeof *truth), *cluster = mem_new(s->n, sizeof *cluster);
    size_t n = scored_pairs(s, t, truth, cluster);
    struct external e = external_scores(truth, cluster, n);
    if (!n && s->n)
        because("no record has a ", t->field);
    put_count("with_truth", suffix, n);
    put_count("classes", suffix, e.classes);
    const struct { const char *name; double v; } scores[] = {
        { "nmi", e.nmi }, { "ami", e.ami }, { "ari", e.ari }, { "homogeneity", e.homogeneity },
        { "completeness", e.completeness }, { "v_measure", e.v_measure }, { "fowlkes_mallows", e.fowlkes_mallows },
        { "purity", e.purity },
    };
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
        put(scores[i].name, suffix, n ? scores[i].v : NAN);
    free(truth);
    free(cluster);
}

static void score(struct scored *s)
{
    for (size_t i = 0; i < arg.set.n; i++) {
        const char *value;
        char *name = mem_text(arg.set.v[i], opt_pair(arg.set.v[i], &value));
        word_set(to, name, value);
        free(name);
    }
    scored_noise(s, (enum scored_noise)arg.noise);
    put_count("n", "", s->all);
    put_count("scored", "", s->n);
    put("coverage", "", s->all ? (double)s->n / (double)s->all : NAN);
    put("noise", "", s->all ? (double)s->noise / (double)s->all : NAN);
    put_count("clusters", "", s->k);
    score_alone(s);
    for (size_t t = 0; t < s->n_truths; t++)
        score_truth(s, s->truths + t);
    if (reason[0])
        rec_set_str(to, "reason", reason, strlen(reason));
    else
        rec_set_nil(to, "reason");
}

static void check_options(void)
{
    const char *value;
    for (size_t i = 0; i < arg.set.n; i++) {
        size_t n = opt_pair(arg.set.v[i], &value);
        if (!n || (n == 2 && memcmp(arg.set.v[i], "id", 2) == 0))
            opt_misuse(&prog, "--set '%s' is no NAME=VALUE of a field other than id", arg.set.v[i]);
    }
    for (size_t i = 0; i < arg.truth.n; i++) {
        const char *t = arg.truth.v[i];
        if (!*t || *t == ',' || t[strlen(t) - 1] == ',' || strstr(t, ",,"))
            opt_misuse(&prog, "--truth '%s' has an empty name", t);
    }
    if (arg.cosine && arg.no_silhouette)
        opt_misuse(&prog, "--cosine and --no-silhouette exclude each other");
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    check_options();
    par_jobs = (int)(arg.jobs ? arg.jobs : par_available());
    struct rec_in *in = rec_open(&prog, operands, false);
    struct scored *s = scored_read(in, arg.in, arg.cluster, &arg.truth);
    struct rec_out *out = rec_create(&prog, in);
    for (size_t i = rec_out_head(out)->n_columns; i-- > 0; )
        head_set_columns(rec_out_head(out), rec_out_head(out)->columns[i].field, NULL, 0);
    to = rec_new();
    rec_begin(to, arg.id, strlen(arg.id));
    score(s);
    rec_put(out, to);
    rec_free(to);
    rec_finish(out);
    rec_close(in);
    scored_free(s);
    return item_status();
}
