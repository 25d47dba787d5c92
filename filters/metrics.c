/* metrics - score clusters, alone and against a truth
 *
 * in      records with a cluster, a vector x (or none) and fields of truth
 * out     one record of scores; with --noise all three; with --per-cluster one for each cluster
 * memory  all vectors, 20 bytes a number for the silhouette, and 8 bytes for each pair of record
 *         and cluster, but no more than 256 MB for these
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/scored.h"
#include "score/bootstrap.h"
#include "score/centres.h"
#include "score/external.h"
#include "score/profile.h"
#include "score/silhouette.h"
#include "stream/value.h"

static struct {
    const char *in, *cluster, *id;
    struct opt_list truth, set;
    int64_t bootstrap;
    uint64_t seed;
    int noise;
    bool cosine, no_silhouette, per_cluster;
} arg = { .in = "x", .cluster = "cluster", .id = "metrics", .noise = NOISE_CLUSTER };

enum { NOISE_ALL = NOISE_SINGLETONS + 1, TOP = 10 };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "vectors that were clustered"),
    OPT_STR('c', "cluster", &arg.cluster, "FIELD", "clusters to score"),
    OPT_LIST('t', "truth", &arg.truth, "A,B,...", "fields to hold the clusters against"),
    OPT_CHOICE(0, "noise", &arg.noise, "cluster|drop|singletons|all",
               "what cluster -1 is: a cluster, left out, or each a cluster of its own; all: a record of each"),
    OPT_FLAG(0, "per-cluster", &arg.per_cluster, "write a record for each cluster instead of the scores"),
    OPT_INT(0, "bootstrap", &arg.bootstrap, 0, 1e6, "give 95 percent intervals from this many draws of the rows"),
    OPT_SEED(&arg.seed),
    OPT_FLAG(0, "cosine", &arg.cosine, "the silhouette by cosine distance, too"),
    OPT_FLAG(0, "no-silhouette", &arg.no_silhouette, "leave out the silhouette, which takes longest"),
    OPT_STR(0, "id", &arg.id, "NAME", "id of the record that is written"),
    OPT_LIST('s', "set", &arg.set, "NAME=VALUE", "put a field into it; may be given several times"),
    OPT_JOBS(0),
    BUDGET_OPT,
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "metrics", .brief = "score clusters, alone and against a truth",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector, cluster label", .writes = "silhouette number",
    .conv = "sklearn-1.9", .opts = opts, .also = also,
};

/* The record that is made, and why some scores are nil. */
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

static void put_interval(const char *name, const char *suffix, struct interval i)
{
    char full[512];
    snprintf(full, sizeof full, "%s.low", name);
    put(full, suffix, i.low);
    snprintf(full, sizeof full, "%s.high", name);
    put(full, suffix, i.high);
}

static struct clustered clustered(const struct scored *s)
{
    return (struct clustered){ s->x, s->n, s->d, s->cluster, s->k };
}

/* The mean silhouette; each row's to row[n] (or NULL). */
static double silhouette(const struct scored *s, bool cosine, double *row)
{
    struct clustered c = clustered(s);
    budget_need((double)s->n * (double)s->d * sizeof *s->x + silhouette_memory(&c), "the silhouette");
    progress_start(100, "percent of the silhouette");
    double mean = silhouette_score(&c, cosine, row, tick);
    progress_clear();
    return mean;
}

/* Whether inner scores are defined; if not, why. */
static bool has_inner(const struct scored *s)
{
    bool defined = !s->without_x && s->k >= 2 && s->k < s->n;
    if (s->without_x && s->n)
        because("no field ", arg.in);
    else if (!s->n)
        because("no rows left", "");
    else if (!defined)
        because(s->k < 2 ? "one cluster" : "every row its own cluster", ": inner scores need 2 <= clusters <= n-1");
    return defined;
}

static void score_silhouette(const struct scored *s, const char *name, bool cosine, bool defined)
{
    double *row = arg.bootstrap ? mem_new(s->n, sizeof *row) : NULL;
    struct interval i = { NAN, NAN };
    put(name, "", defined ? silhouette(s, cosine, row) : NAN);
    if (row && defined)
        i = bootstrap_mean(row, s->n, (size_t)arg.bootstrap, arg.seed);
    if (row)
        put_interval(name, "", i);
    free(row);
}

static void score_alone(const struct scored *s)
{
    struct clustered c = clustered(s);
    bool defined = has_inner(s);
    if (!arg.no_silhouette)
        score_silhouette(s, "silhouette", false, defined);
    if (arg.cosine)
        score_silhouette(s, "silhouette_cosine", true, defined);
    put("calinski_harabasz", "", defined ? centres_calinski_harabasz(&c) : NAN);
    put("davies_bouldin", "", defined ? centres_davies_bouldin(&c) : NAN);
}

/* What the names of all that belongs to a truth end in. */
static void truth_suffix(const struct scored *s, const struct scored_truth *t, char suffix[256])
{
    suffix[0] = 0;
    if (s->n_truths > 1)
        snprintf(suffix, 256, ".%s", t->field);
    else
        rec_set_str(to, "truth", t->field, strlen(t->field));
}

static void score_truth(const struct scored *s, const struct scored_truth *t)
{
    char suffix[256];
    truth_suffix(s, t, suffix);
    uint32_t *truth = mem_new(s->n, sizeof *truth), *cluster = mem_new(s->n, sizeof *cluster);
    size_t n = scored_pairs(s, t, truth, cluster);
    struct external e = external_scores(truth, cluster, n);
    struct interval interval[EXTERNAL_SCORES];
    if (arg.bootstrap)
        bootstrap_external(truth, cluster, n, (size_t)arg.bootstrap, arg.seed, interval);
    if (!n && s->n)
        because("no record has a ", t->field);
    else if (n && !isfinite(e.matched_accuracy))
        because("too many clusters to match with each ", t->field);
    put_count("with_truth", suffix, n);
    put_count("classes", suffix, e.classes);
    for (size_t i = 0; i < EXTERNAL_SCORES; i++) {
        put(external_names[i], suffix, n ? e.score[i] : NAN);
        if (arg.bootstrap)
            put_interval(external_names[i], suffix, interval[i]);
    }
    free(truth);
    free(cluster);
}

static void begin(const char *id)
{
    reason[0] = 0;
    rec_begin(to, id, strlen(id));
    for (size_t i = 0; i < arg.set.n; i++) {
        const char *value;
        char *name = mem_text(arg.set.v[i], opt_pair(arg.set.v[i], &value));
        struct value v = value_word(value);
        rec_set_value(to, name, &v);
        free(name);
    }
}

static void end(struct rec_out *out)
{
    if (reason[0])
        rec_set_str(to, "reason", reason, strlen(reason));
    else
        rec_set_nil(to, "reason");
    rec_put(out, to);
}

static void score(struct scored *s, const char *id, struct rec_out *out)
{
    begin(id);
    put_count("n", "", s->all);
    put_count("scored", "", s->n);
    put("coverage", "", s->all ? (double)s->n / (double)s->all : NAN);
    put("noise", "", s->all ? (double)s->noise / (double)s->all : NAN);
    put_count("clusters", "", s->k);
    score_alone(s);
    for (size_t t = 0; t < s->n_truths; t++)
        score_truth(s, s->truths + t);
    end(out);
}

/* Noise as a cluster, as singletons, and, last as it leaves rows out, dropped. */
static void score_all_ways(struct scored *s, struct rec_out *out)
{
    const enum scored_noise what[] = { NOISE_CLUSTER, NOISE_SINGLETONS, NOISE_DROP };
    const char *const names[] = { "cluster", "singletons", "drop" };
    uint32_t *raw = mem_new(s->n, sizeof *raw);
    memcpy(raw, s->cluster, s->n * sizeof *raw);
    for (size_t i = 0; i < 3; i++) {
        char id[512];
        snprintf(id, sizeof id, "%s.%s", arg.id, names[i]);
        memcpy(s->cluster, raw, s->n * sizeof *raw);
        scored_noise(s, what[i]);
        score(s, id, out);
    }
    free(raw);
}

static void set_name(const char *field, const struct name *n)
{
    struct value v = { .type = V_STR, .s = { n->text, n->len } };
    if (n->kind != NAME_TEXT)
        v = value_word(n->text);
    rec_set_value(to, field, &v);
}

/* What is said of each cluster. */
struct about {
    struct profile *profile;
    double *silhouette[2];      /* [k]: Euclidean, cosine; NULL: not wanted or not defined */
    struct { uint32_t *major; double *share; } *truths;
};

static void put_majority(const struct scored *s, const struct about *a, size_t t, size_t c)
{
    char suffix[256], name[300];
    truth_suffix(s, s->truths + t, suffix);
    snprintf(name, sizeof name, "majority%s", suffix);
    if (a->truths[t].major[c] == SCORED_NONE)
        rec_set_nil(to, name);
    else
        set_name(name, s->truths[t].names.v + a->truths[t].major[c]);
    put("majority_share", suffix, a->truths[t].share[c]);
}

/* The names of the columns whose mean is the largest, with ", " between. */
static void put_top(const struct profile *p, size_t c, const struct columns *names)
{
    size_t column[TOP], n = profile_top(p, c, TOP, column), len = 0, cap = 0;
    char *text = NULL;
    for (size_t i = 0; i < n; i++) {
        char number[300];
        const char *name = number;
        if (names && column[i] < names->n)
            name = names->names[column[i]];
        else
            snprintf(number, sizeof number, "%.250s%zu", arg.in, column[i]);
        mem_grow(&text, &cap, len + strlen(name) + 3, 1);
        len += (size_t)sprintf(text + len, "%s%s", i ? ", " : "", name);
    }
    rec_set_str(to, "top", text ? text : "", len);
    free(text);
}

static void describe(const struct scored *s, const struct about *a, size_t c, const struct columns *columns)
{
    static const struct name noise = { .text = "-1", .len = 2, .kind = NAME_NUMBER, .number = -1 };
    const struct name *name = s->origin[c] == SCORED_NONE ? &noise : s->clusters.v + s->origin[c];
    begin(name->text);
    set_name("cluster", name);
    put_count("size", "", a->profile->size[c]);
    put("share", "", (double)a->profile->size[c] / (double)s->n);
    if (!arg.no_silhouette)
        put("silhouette", "", a->silhouette[0] ? a->silhouette[0][c] : NAN);
    if (arg.cosine)
        put("silhouette_cosine", "", a->silhouette[1] ? a->silhouette[1][c] : NAN);
    if (!s->without_x) {
        const char *medoid = s->ids + s->id[a->profile->medoid[c]];
        put("distance", "", a->profile->distance[c]);
        rec_set_str(to, "medoid", medoid, strlen(medoid));
        put_top(a->profile, c, columns);
    }
    for (size_t t = 0; t < s->n_truths; t++)
        put_majority(s, a, t, c);
}

static void describe_all(struct scored *s, const struct columns *columns, struct rec_out *out)
{
    struct about a = { .truths = mem_zero(s->n_truths, sizeof *a.truths) };
    bool defined = has_inner(s);
    for (size_t i = 0; i < 2; i++)
        if (defined && (i ? arg.cosine : !arg.no_silhouette)) {
            double *row = mem_new(s->n, sizeof *row);
            silhouette(s, i, row);
            a.silhouette[i] = mem_new(s->k, sizeof *a.silhouette[i]);
            profile_means(row, s->cluster, s->n, s->k, a.silhouette[i]);
            free(row);
        }
    for (size_t t = 0; t < s->n_truths; t++) {
        a.truths[t].major = mem_new(s->k, sizeof *a.truths[t].major);
        a.truths[t].share = mem_new(s->k, sizeof *a.truths[t].share);
        profile_majority(s->truths[t].label, SCORED_NONE, s->cluster, s->n, s->k, a.truths[t].major, a.truths[t].share);
    }
    a.profile = profile_new(s->x, s->n, s->d, s->cluster, s->k);
    for (size_t c = 0; c < s->k; c++) {
        describe(s, &a, c, columns);
        rec_put(out, to);
    }
    profile_free(a.profile);
    for (size_t t = 0; t < s->n_truths; t++) {
        free(a.truths[t].major);
        free(a.truths[t].share);
    }
    free(a.truths);
    free(a.silhouette[0]);
    free(a.silhouette[1]);
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
    if (arg.per_cluster && (arg.noise > NOISE_DROP || arg.bootstrap))
        opt_misuse(&prog, "--per-cluster goes with --noise cluster or drop, and without --bootstrap");
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    check_options();
    struct rec_in *in = rec_open(&prog, operands, false);
    struct scored *s = scored_read(in, arg.in, arg.cluster, &arg.truth, arg.per_cluster);
    struct rec_out *out = rec_create(&prog, in);
    for (size_t i = rec_out_head(out)->n_columns; i-- > 0; )
        head_set_columns(rec_out_head(out), rec_out_head(out)->columns[i].field, NULL, 0);
    to = rec_new();
    if (arg.noise != NOISE_ALL)
        scored_noise(s, (enum scored_noise)arg.noise);
    if (arg.per_cluster) {
        describe_all(s, head_columns(rec_head(in), arg.in), out);
    } else if (arg.noise == NOISE_ALL) {
        score_all_ways(s, out);
    } else {
        score(s, arg.id, out);
    }
    rec_free(to);
    rec_finish(out);
    rec_close(in);
    scored_free(s);
    return item_status();
}
