/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "cluster/dbscan.h"
#include "score/resample.h"
#include "score/silhouette.h"

enum { INERTIA, SILHOUETTE, CALINSKI_HARABASZ, DAVIES_BOULDIN, BIC, AIC, GAP, STABILITY, SCORES };

/* What each score is called in --by and in a record, and in a message; whether the least of it is the best. */
static const struct { const char *word, *field, *title; bool least; } scores[SCORES] = {
    [INERTIA] = { "inertia-knee", "inertia", "inertia", true },
    [SILHOUETTE] = { "silhouette", "silhouette", "silhouette", false },
    [CALINSKI_HARABASZ] = { "calinski_harabasz", "calinski_harabasz", "Calinski-Harabasz", false },
    [DAVIES_BOULDIN] = { "davies_bouldin", "davies_bouldin", "Davies-Bouldin", true },
    [BIC] = { "bic", "bic", "BIC", true },
    [AIC] = { "aic", "aic", "AIC", true },
    [GAP] = { "gap", "gap", "gap", false },
    [STABILITY] = { "stability", "stability", "stability", false },
};

enum { UNIFORM = 10, PAIRS = 10 };      /* draws for the gap, pairs of halves for the stability */

static size_t at;               /* how many clusterings are done */

/* One scan. */
struct work {
    const struct scan *s;
    const struct slurp *rows;
    size_t first, n;            /* numbers of clusters */
    struct scanned (*cluster)(const struct slurp *rows, size_t k, void *state);
    void *state;
    double (*v)[SCORES];        /* [n] */
    double *uniform;            /* [n][UNIFORM]: sums of squares within clusters, or NULL */
    double *deviation, *chance; /* [n]: the gap's s, and the agreement that chance gives */
    struct found { size_t clusters, noise; } *found;    /* [n], of values */
};

static bool by_given(const struct scan *s, const struct prog *prog)
{
    const struct opt *o = prog->opts;
    while (o->type != OPT_T_END && o->to.choice != &s->by)
        o++;
    return opt_given(o);
}

bool scan_wanted(const struct scan *s, const struct prog *prog)
{
    bool several = s->k.last > s->k.first || (s->k.text && strchr(s->k.text, ':'));
    const char *of_several = s->file ? "scan" : s->also.n ? "also" : by_given(s, prog) ? "by" : NULL;
    if (of_several && !several)
        opt_misuse(prog, "--%s needs a range of numbers of clusters, as in -k 2:20", of_several);
    for (size_t i = 0; i < s->also.n; i++)
        if (strcmp(s->also.v[i], "gap") != 0 && strcmp(s->also.v[i], "stability") != 0)
            opt_misuse(prog, "--also '%s' is neither gap nor stability", s->also.v[i]);
    return several;
}

void scan_possible(const struct slurp *rows, size_t k)
{
    if (k > rows->n || k == 0)
        die(ST_STOPPED, "%zu vectors cannot make %zu clusters: give a smaller -k", rows->n, k);
}

void scan_note(const char *note)
{
    progress_at(at, note);
}

static void silhouette_tick(double share)
{
    char note[64];
    snprintf(note, sizeof note, "silhouette %.0f %%", 100 * share);
    scan_note(note);
}

/* The labels of one clustering, lowest ... lowest + k-1, numbered without gaps, in label[n]. */
static struct clustered clusters_of(const struct slurp *rows, size_t k, int32_t lowest, const int32_t *from, uint32_t *label)
{
    uint32_t *number = mem_zero(k, sizeof *number), used = 0;
    for (size_t i = 0; i < rows->n; i++) {      /* clusters without members do not count */
        uint32_t *to = number + (from[i] - lowest);
        *to = *to ? *to : ++used;
        label[i] = *to - 1;
    }
    free(number);
    return (struct clustered){ rows->x, rows->n, rows->d, label, used };
}

static struct scanned cluster_k(struct work *w, const struct slurp *rows, size_t k)
{
    struct scanned one = w->cluster(rows, k, w->state);
    progress_at(++at, NULL);
    return one;
}

static struct found find(const int32_t *label, size_t n)
{
    struct found f = { 0, 0 };
    for (size_t i = 0; i < n; i++) {
        f.noise += label[i] < 0;
        f.clusters = label[i] >= (int64_t)f.clusters ? (size_t)label[i] + 1 : f.clusters;
    }
    return f;
}

/* The scores of one k, NAN where they are not defined. */
static struct scanned score(struct work *w, size_t i, bool silhouette)
{
    const struct slurp *rows = w->rows;
    double *v = w->v[i];
    struct scanned one = cluster_k(w, rows, w->first + i);
    uint32_t *label = mem_new(rows->n, sizeof *label);
    if (w->s->value)
        w->found[i] = find(one.label, rows->n);
    struct clustered c = w->s->value ? clusters_of(rows, w->found[i].clusters + 1, -1, one.label, label)
                                     : clusters_of(rows, w->first + i, 0, one.label, label);
    v[SILHOUETTE] = NAN;
    if (silhouette) {
        budget_need((double)rows->n * (double)rows->d * sizeof *rows->x + silhouette_memory(&c), "the silhouette");
        v[SILHOUETTE] = silhouette_score(&c, false, NULL, silhouette_tick);
    }
    v[CALINSKI_HARABASZ] = centres_calinski_harabasz(&c);
    v[DAVIES_BOULDIN] = centres_davies_bouldin(&c);
    v[INERTIA] = one.inertia;
    v[BIC] = one.bic;
    v[AIC] = one.aic;
    if (w->uniform)
        v[GAP] = resample_gap(centres_within(&c), w->uniform + i * UNIFORM, UNIFORM, w->deviation + i);
    free(label);
    return one;
}

/* The sums of squares of uniform draws. */
static void cluster_uniform(struct work *w)
{
    struct slurp drawn = *w->rows;
    uint32_t *label = mem_new(drawn.n, sizeof *label);
    budget_need((double)drawn.n * (double)drawn.d * sizeof *drawn.x, "rows that are drawn");
    drawn.x = mem_new(mem_mul(drawn.n, drawn.d), sizeof *drawn.x);
    for (size_t set = 0; set < UNIFORM; set++) {
        resample_uniform(w->rows->x, drawn.n, drawn.d, w->s->seed, set, drawn.x);
        for (size_t i = 0; i < w->n; i++) {
            struct clustered c = clusters_of(&drawn, w->first + i, 0, cluster_k(w, &drawn, w->first + i).label, label);
            w->uniform[i * UNIFORM + set] = centres_within(&c);
        }
    }
    free(drawn.x);
    free(label);
}

/* Cluster the set-th half: its rows, and labels[n][rows]. Numbers of clusters that it cannot make are left out. */
static void cluster_half(struct work *w, struct slurp *half, size_t set, size_t *row, int32_t *labels)
{
    size_t d = half->d;
    resample_half(w->rows->n, w->s->seed, set, row);
    for (size_t i = 0; i < half->n; i++)
        memcpy(half->x + i * d, w->rows->x + row[i] * d, d * sizeof *half->x);
    for (size_t i = 0; i < w->n; i++)
        if (w->first + i <= half->n)
            memcpy(labels + i * half->n, cluster_k(w, half, w->first + i).label, half->n * sizeof *labels);
}

/* The stability: how well pairs of random halves agree. One cluster always does: no score. */
static void cluster_halves(struct work *w)
{
    struct slurp half = *w->rows;
    half.n = (half.n + 1) / 2;
    budget_need((double)half.n * ((double)half.d * sizeof *half.x + 8 * (double)w->n), "halves of the rows");
    half.x = mem_new(mem_mul(half.n, half.d), sizeof *half.x);
    size_t *row[2];
    int32_t *labels[2];
    for (int side = 0; side < 2; side++) {
        row[side] = mem_new(half.n, sizeof *row[side]);
        labels[side] = mem_new(mem_mul(half.n, w->n), sizeof *labels[side]);
    }
    for (size_t pair = 0; pair < PAIRS; pair++) {
        for (size_t side = 0; side < 2; side++)
            cluster_half(w, &half, 2 * pair + side, row[side], labels[side]);
        for (size_t i = 0; i < w->n; i++) {
            size_t k = w->first + i;
            double chance = NAN, same = k < 2 || k > half.n ? NAN :
                resample_agreement(row[0], labels[0] + i * half.n, half.n, row[1], labels[1] + i * half.n, half.n, k, &chance);
            w->v[i][STABILITY] = (pair ? w->v[i][STABILITY] : 0) + same / PAIRS;
            w->chance[i] += chance / PAIRS;
        }
    }
    free(half.x);
    for (int side = 0; side < 2; side++) {
        free(row[side]);
        free(labels[side]);
    }
}

/* Whether the clusterer has it. */
static bool has(const struct scan *s, int score)
{
    size_t n = strlen(scores[score].word);
    for (const char *w = s->words; w; w = strchr(w, '|')) {
        w += *w == '|';
        if (strncmp(w, scores[score].word, n) == 0 && (w[n] == '|' || !w[n]))
            return true;
    }
    return false;
}

/* The score that --by names. */
static int criterion(const struct scan *s)
{
    const char *word = s->words;
    for (int i = 0; i < s->by; i++)
        word = strchr(word, '|') + 1;
    for (int i = 0; i < SCORES; i++)
        if (strncmp(word, scores[i].word, strcspn(word, "|")) == 0)
            return i;
    return SILHOUETTE;
}

/* Whether it is computed. */
static bool wanted(const struct scan *s, int score)
{
    if (score == GAP || score == STABILITY)
        return criterion(s) == score || opt_words_have(&s->also, scores[score].word, strlen(scores[score].word));
    return has(s, score);
}

static void put_score(struct rec *r, const char *field, double v)
{
    if (isfinite(v))
        rec_set_f64(r, field, v);
    else
        rec_set_nil(r, field);
}

static void put_scores(const struct work *w, struct rec_out *out, struct rec *r, size_t i, const struct scanned *one)
{
    char id[32];
    const char *name = w->s->name ? w->s->name : "k";
    rec_begin(r, id, (size_t)snprintf(id, sizeof id, "%s%zu", name, w->first + i));
    if (w->s->value) {
        rec_set_f64(r, name, w->s->value[i]);
        rec_set_int(r, "clusters", (int64_t)w->found[i].clusters);
        rec_set_f64(r, "noise", (double)w->found[i].noise / (double)w->rows->n);
    } else {
        rec_set_int(r, name, (int64_t)(w->first + i));
    }
    for (int score = 0; score < SCORES; score++)
        if (wanted(w->s, score))
            put_score(r, scores[score].field, w->v[i][score]);
    if (wanted(w->s, GAP))
        put_score(r, "gap_s", w->deviation[i]);
    if (wanted(w->s, STABILITY))
        put_score(r, "stability_chance", w->chance[i]);
    if (one->n_iter) {
        rec_set_int(r, "n_iter", (int64_t)one->n_iter);
        rec_set_bool(r, "converged", one->converged);
    }
    rec_put(out, r);
}

/* Where the inertia stops falling steeply: dbscan_knee wants it rising. */
static size_t knee(const double *inertia, size_t n)
{
    double *rising = mem_new(n, sizeof *rising);
    for (size_t i = 0; i < n; i++)
        rising[i] = inertia[n - 1 - i];
    double value = dbscan_knee(rising, n);
    size_t i = 0;
    while (inertia[i] > value)
        i++;
    free(rising);
    return i;
}

/* A score to choose by: NAN if it is not defined, or there are less than two clusters. */
static double to_choose(const struct work *w, size_t i, int by)
{
    return w->s->value && w->found[i].clusters < 2 ? (double)NAN : w->v[i][by];
}

/* The index of the best by a score: the least of equals, by the stability the largest. */
static size_t best_by(const struct work *w, int by)
{
    double sign = scores[by].least ? -1 : 1, *v = mem_new(w->n, sizeof *v);
    size_t best = 0;
    for (size_t i = 0; i < w->n; i++)
        v[i] = to_choose(w, i, by);
    for (size_t i = 1; i < w->n; i++)
        if (sign * v[i] > sign * v[best] || !isfinite(v[best]) || (by == STABILITY && v[i] >= v[best]))
            best = i;
    best = by == INERTIA ? knee(v, w->n) : by == GAP ? resample_gap_choice(v, w->deviation, w->n) : best;
    best = isfinite(v[best]) ? best : 0;
    free(v);
    return best;
}

/* k, or the value, as text[24]. */
static const char *number(const struct work *w, size_t i, char *text)
{
    if (w->s->value)
        snprintf(text, 24, "%.6g", w->s->value[i]);
    else
        snprintf(text, 24, "%zu", w->first + i);
    return text;
}

/* Say which is the best, and what the other scores would choose. */
static void tell(const struct work *w, int by, size_t best, bool silhouette)
{
    char others[256] = "", text[24], last[24];
    const char *name = w->s->name ? w->s->name : "k";
    if (!isfinite(to_choose(w, best, by))) {
        warn("no %s from %s to %s %s: taking the first", name, number(w, 0, text), number(w, w->n - 1, last),
             w->s->value ? "gives two clusters" : "has a score");
        return;
    }
    for (int i = 0; i < SCORES; i++) {
        size_t other = wanted(w->s, i) && (i != SILHOUETTE || silhouette) ? best_by(w, i) : best, n = strlen(others);
        if (other != best && isfinite(to_choose(w, other, i)))
            snprintf(others + n, sizeof others - n, "%s%s %s", n ? ", " : "", scores[i].title, number(w, other, text));
    }
    if (progress_quiet)
        return;
    warn("%s = %s is the best: %s %.6g", name, number(w, best, text), scores[by].title, w->v[best][by]);
    if (others[0])
        warn("others choose otherwise: %s", others);
}

size_t scan_best(const struct scan *s, const struct prog *prog, const struct slurp *rows,
                 struct scanned (*cluster)(const struct slurp *rows, size_t k, void *state), void *state)
{
    size_t n = (size_t)s->k.last - (size_t)s->k.first + 1;
    struct work w = { .s = s, .rows = rows, .first = (size_t)s->k.first, .n = n, .cluster = cluster, .state = state };
    int by = criterion(s);
    bool gap = wanted(s, GAP), halves = wanted(s, STABILITY), silhouette = s->file || by == SILHOUETTE;
    if (!s->value)
        scan_possible(rows, (size_t)s->k.last);
    struct rec_out *out = s->file ? rec_create_file(prog, NULL, s->file, IO_RECORDS) : NULL;
    struct rec *r = rec_new();
    w.v = mem_zero(n, sizeof *w.v);
    w.deviation = mem_zero(n, sizeof *w.deviation);
    w.chance = mem_zero(n, sizeof *w.chance);
    w.found = mem_zero(n, sizeof *w.found);
    w.uniform = gap ? mem_new(mem_mul(n, UNIFORM), sizeof *w.uniform) : NULL;
    at = 0;
    size_t sets = 1 + (gap ? (size_t)UNIFORM : 0) + (halves ? (size_t)2 * PAIRS : 0);
    progress_start(n * sets, "clusterings");
    if (gap)
        cluster_uniform(&w);
    if (halves)
        cluster_halves(&w);
    for (size_t i = 0; i < n; i++) {
        struct scanned one = score(&w, i, silhouette);
        if (out)
            put_scores(&w, out, r, i, &one);
    }
    progress_clear();
    rec_free(r);
    if (out)
        rec_finish(out);
    size_t best = best_by(&w, by);
    tell(&w, by, best, silhouette);
    void *const all[] = { w.v, w.deviation, w.chance, w.uniform, w.found };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    return (size_t)s->k.first + best;
}
