/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/mem.h"
#include "base/progress.h"
#include "score/silhouette.h"
#include "stream/value.h"

static void no_suffix(struct scores *to)
{
    free(to->suffix);
    to->suffix = NULL;
}

void scores_begin(struct scores *to, const char *id, size_t n)
{
    if (!to->r)
        to->r = rec_new();
    to->reason.n = 0;
    no_suffix(to);
    rec_begin(to->r, id, n);
    for (size_t i = 0; to->set && i < to->set->n; i++) {
        struct value v = value_word(to->set->v[i].value);
        rec_set_value(to->r, to->set->v[i].name, &v);
    }
}

static void append_text(struct msg_buf *b, const char *text)
{
    msg_append(b, text, strlen(text));
}

const char *scores_name(struct scores *to, const char *name, const char *part)
{
    to->name.n = 0;
    append_text(&to->name, name);
    append_text(&to->name, part);
    append_text(&to->name, to->suffix ? to->suffix : "");
    msg_append(&to->name, "", 1);
    return (const char *)to->name.p;
}

void scores_put(struct scores *to, const char *name, const char *part, double v)
{
    if (isfinite(v))
        rec_set_f64(to->r, scores_name(to, name, part), v);
    else
        rec_set_nil(to->r, scores_name(to, name, part));
}

void scores_count(struct scores *to, const char *name, const char *part, size_t n)
{
    rec_set_int(to->r, scores_name(to, name, part), (int64_t)n);
}

void scores_truth(struct scores *to, const struct scored *s, const struct scored_truth *t)
{
    no_suffix(to);
    if (s->n_truths == 1)
        rec_set_str(to->r, "truth", t->field, strlen(t->field));
    else
        to->suffix = mem_text(scores_name(to, ".", t->field), strlen(t->field) + 1);
}

void scores_because(struct scores *to, const char *what, const char *word)
{
    append_text(&to->reason, to->reason.n ? "; " : "");
    append_text(&to->reason, what);
    append_text(&to->reason, word);
}

void scores_reason(struct scores *to)
{
    if (to->reason.n)
        rec_set_str(to->r, "reason", (const char *)to->reason.p, to->reason.n);
    else
        rec_set_nil(to->r, "reason");
}

void scores_free(struct scores *to)
{
    rec_free(to->r);
    free(to->suffix);
    msg_free(&to->name);
    msg_free(&to->reason);
}

bool scores_inner(struct scores *to, const struct scored *s, const char *input)
{
    bool defined = !s->without_x && s->k >= 2 && s->k < s->n;
    if (!to)
        return defined;
    if (s->without_x && s->n)
        scores_because(to, "no field ", input);
    else if (!s->n)
        scores_because(to, "no rows left", "");
    else if (!defined)
        scores_because(to, s->k < 2 ? "one cluster" : "every row its own cluster", ": inner scores need 2 <= clusters <= n-1");
    return defined;
}

struct clustered scores_clustered(const struct scored *s)
{
    return (struct clustered){ s->x, s->n, s->d, s->cluster, s->k };
}

static void tick(double share)
{
    progress_at((size_t)(100 * share), NULL);
}

double scores_silhouette(const struct scored *s, bool cosine, double *row)
{
    struct clustered c = scores_clustered(s);
    budget_need((double)s->n * (double)s->d * sizeof *s->x + silhouette_memory(&c), "the silhouette");
    progress_start(100, "percent of the silhouette");
    double mean = silhouette_score(&c, cosine, row, tick);
    progress_clear();
    return mean;
}
