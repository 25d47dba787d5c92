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
#include "score/silhouette.h"

enum { INERTIA, SILHOUETTE, CALINSKI_HARABASZ, DAVIES_BOULDIN, BIC, AIC, SCORES };

/* What each score is called in --by and in a record, and in a message; whether the least of it is the best. */
static const struct { const char *word, *field, *title; bool least; } scores[SCORES] = {
    [INERTIA] = { "inertia-knee", "inertia", "inertia", true },
    [SILHOUETTE] = { "silhouette", "silhouette", "silhouette", false },
    [CALINSKI_HARABASZ] = { "calinski_harabasz", "calinski_harabasz", "Calinski-Harabasz", false },
    [DAVIES_BOULDIN] = { "davies_bouldin", "davies_bouldin", "Davies-Bouldin", true },
    [BIC] = { "bic", "bic", "BIC", true },
    [AIC] = { "aic", "aic", "AIC", true },
};

static size_t at;               /* how many k are done */

bool scan_wanted(const struct scan *s, const struct prog *prog)
{
    bool several = s->k.last > s->k.first;
    if (s->file && !several)
        opt_misuse(prog, "--scan needs a range of numbers of clusters, as in -k 2:20");
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

/* The scores of one k, NAN where they are not defined. */
static void score(const struct slurp *rows, size_t k, const struct scanned *one, bool silhouette, double v[SCORES])
{
    uint32_t *label = mem_new(rows->n, sizeof *label), *number = mem_zero(k, sizeof *number), used = 0;
    for (size_t i = 0; i < rows->n; i++) {      /* clusters without members do not count */
        uint32_t *to = number + one->label[i];
        *to = *to ? *to : ++used;
        label[i] = *to - 1;
    }
    struct clustered c = { rows->x, rows->n, rows->d, label, used };
    v[SILHOUETTE] = NAN;
    if (silhouette) {
        budget_need((double)rows->n * (double)rows->d * sizeof *rows->x + silhouette_memory(&c), "the silhouette");
        v[SILHOUETTE] = silhouette_score(&c, false, NULL, silhouette_tick);
    }
    v[CALINSKI_HARABASZ] = centres_calinski_harabasz(&c);
    v[DAVIES_BOULDIN] = centres_davies_bouldin(&c);
    v[INERTIA] = one->inertia;
    v[BIC] = one->bic;
    v[AIC] = one->aic;
    free(label);
    free(number);
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

static void put_scores(const struct scan *s, struct rec_out *out, struct rec *r, size_t k, const struct scanned *one,
                       const double v[SCORES])
{
    char id[32];
    rec_begin(r, id, (size_t)snprintf(id, sizeof id, "k%zu", k));
    rec_set_int(r, "k", (int64_t)k);
    for (int i = 0; i < SCORES; i++)
        if (has(s, i) && isfinite(v[i]))
            rec_set_f64(r, scores[i].field, v[i]);
        else if (has(s, i))
            rec_set_nil(r, scores[i].field);
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

/* The index of the best of v[n], the least of equals, and what to say of it. */
static size_t choose(const struct scan *s, int by, const double *v, size_t n)
{
    double sign = scores[by].least ? -1 : 1;
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        best = sign * v[i] > sign * v[best] || !isfinite(v[best]) ? i : best;
    best = by == INERTIA ? knee(v, n) : isfinite(v[best]) ? best : 0;
    if (!isfinite(v[best]))
        warn("no k from %zu to %zu has a score: taking the first", (size_t)s->k.first, (size_t)s->k.last);
    else if (!progress_quiet)
        warn("k = %zu is the best: %s %.6g", (size_t)s->k.first + best, scores[by].title, v[best]);
    return best;
}

size_t scan_best(const struct scan *s, const struct prog *prog, const struct slurp *rows,
                 struct scanned (*cluster)(size_t k, void *state), void *state)
{
    size_t first = (size_t)s->k.first, n = (size_t)s->k.last - first + 1;
    scan_possible(rows, (size_t)s->k.last);
    struct rec_out *out = s->file ? rec_create_file(prog, NULL, s->file, IO_RECORDS) : NULL;
    struct rec *r = rec_new();
    double *v_by = mem_new(n, sizeof *v_by);
    int by = criterion(s);
    progress_start(n, "numbers of clusters");
    for (at = 0; at < n; at++) {
        double v[SCORES];
        struct scanned one = cluster(first + at, state);
        score(rows, first + at, &one, out || by == SILHOUETTE, v);
        v_by[at] = v[by];
        if (out)
            put_scores(s, out, r, first + at, &one, v);
        progress_at(at + 1, NULL);
    }
    progress_clear();
    rec_free(r);
    if (out)
        rec_finish(out);
    size_t best = choose(s, by, v_by, n);
    free(v_by);
    return first + best;
}
