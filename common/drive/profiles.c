/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/profiles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "score/profile.h"
#include "stream/value.h"

enum { TOP = 10 };

/* What is said of all clusters. */
struct about {
    struct profile *profile;
    double *silhouette[2];      /* [k]: Euclidean, cosine; NULL: not wanted or not defined */
    struct { uint32_t *major; double *share; } *truths;
};

/* Set a field to the label that was given this name. */
static void set_label(struct rec *r, const char *field, const struct name *n)
{
    struct value v = { .type = V_STR, .s = { n->text, n->len } };
    if (n->kind != NAME_TEXT)
        v = value_word(n->text);
    rec_set_value(r, field, &v);
}

static void set_majority(struct scores *to, const struct scored *s, const struct about *a, size_t t, size_t c)
{
    uint32_t major = a->truths[t].major[c];
    scores_truth(to, s, s->truths + t);
    const char *name = scores_name(to, "majority", "");
    if (major == SCORED_NONE)
        rec_set_nil(to->r, name);
    else
        set_label(to->r, name, s->truths[t].names.v + major);
    scores_put(to, "majority_share", "", a->truths[t].share[c]);
}

/* The names of the columns whose mean is the largest, with ", " between. */
static void set_top(struct rec *r, const struct profile *p, size_t c, const struct profiles *how)
{
    size_t column[TOP], n = profile_top(p, c, TOP, column);
    struct msg_buf text = { NULL, 0, 0 };
    for (size_t i = 0; i < n; i++) {
        char number[24];
        bool named = how->columns && column[i] < how->columns->n;
        const char *name = named ? how->columns->names[column[i]] : how->input;
        msg_append(&text, ", ", i ? 2 : 0);
        msg_append(&text, name, strlen(name));
        if (!named)
            msg_append(&text, number, (size_t)snprintf(number, sizeof number, "%zu", column[i]));
    }
    rec_set_str(r, "top", (const char *)text.p, text.n);
    msg_free(&text);
}

static void describe(const struct profiles *how, const struct scored *s, const struct about *a, size_t c, struct scores *to)
{
    static const struct name noise = { .text = "-1", .len = 2, .kind = NAME_NUMBER, .number = -1 };
    const struct name *name = s->origin[c] == SCORED_NONE ? &noise : s->clusters.v + s->origin[c];
    size_t len = noise.len;
    char *id = name == &noise ? mem_text(noise.text, len) : names_id(&s->clusters, s->origin[c], &len);
    scores_begin(to, id, len);
    free(id);
    set_label(to->r, "cluster", name);
    scores_count(to, "size", "", a->profile->size[c]);
    scores_put(to, "share", "", (double)a->profile->size[c] / (double)s->n);
    if (!how->no_silhouette)
        scores_put(to, "silhouette", "", a->silhouette[0] ? a->silhouette[0][c] : NAN);
    if (how->cosine)
        scores_put(to, "silhouette_cosine", "", a->silhouette[1] ? a->silhouette[1][c] : NAN);
    if (!s->without_x) {
        const char *medoid = s->ids + s->id[a->profile->medoid[c]];
        scores_put(to, "distance", "", a->profile->distance[c]);
        rec_set_str(to->r, "medoid", medoid, strlen(medoid));
        set_top(to->r, a->profile, c, how);
    }
    for (size_t t = 0; t < s->n_truths; t++)
        set_majority(to, s, a, t, c);
}

/* Mean silhouette of each cluster; the caller's to free. */
static double *silhouettes(const struct scored *s, bool cosine)
{
    double *row = mem_new(s->n, sizeof *row), *mean = mem_new(s->k, sizeof *mean);
    scores_silhouette(s, cosine, row);
    profile_means(row, s->cluster, s->n, s->k, mean);
    free(row);
    return mean;
}

void profiles_write(const struct profiles *how, const struct scored *s, struct scores *to, struct rec_out *out)
{
    struct about a = { .truths = mem_zero(s->n_truths, sizeof *a.truths) };
    bool defined = scores_inner(NULL, s, how->input);
    if (defined && !how->no_silhouette)
        a.silhouette[0] = silhouettes(s, false);
    if (defined && how->cosine)
        a.silhouette[1] = silhouettes(s, true);
    for (size_t t = 0; t < s->n_truths; t++) {
        a.truths[t].major = mem_new(s->k, sizeof *a.truths[t].major);
        a.truths[t].share = mem_new(s->k, sizeof *a.truths[t].share);
        profile_majority(s->truths[t].label, SCORED_NONE, s->cluster, s->n, s->k, a.truths[t].major, a.truths[t].share);
    }
    a.profile = profile_new(s->x, s->n, s->d, s->cluster, s->k);
    for (size_t c = 0; c < s->k; c++) {
        describe(how, s, &a, c, to);
        rec_put(out, to->r);
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
