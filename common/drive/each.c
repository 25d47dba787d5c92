/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/each.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/slurp_labels.h"
#include "score/silhouette.h"

static void tick(double share)
{
    progress_at((size_t)(100 * share), NULL);
}

/* The silhouettes and next clusters of the rows that have a label, which are moved to the front of s->x; the others'
 * are NAN and SLURP_NO_LABEL. */
static void score_rows(struct slurp *s, const uint32_t *label, size_t labels, bool cosine, double *each, uint32_t *next)
{
    size_t *row = mem_new(s->n, sizeof *row), n = 0;
    uint32_t *some = mem_new(s->n, sizeof *some), *their = mem_new(s->n, sizeof *their);
    double *scores = mem_new(s->n, sizeof *scores);
    for (size_t i = 0; i < s->n; i++) {
        each[i] = NAN;
        next[i] = SLURP_NO_LABEL;
        if (label[i] == SLURP_NO_LABEL)
            continue;
        memmove(s->x + n * s->d, s->x + i * s->d, s->d * sizeof *s->x);
        some[n] = label[i];
        row[n++] = i;
    }
    struct clustered c = { s->x, n, s->d, some, labels };
    budget_need((double)n * (double)s->d * sizeof *s->x + silhouette_memory(&c), "the silhouette");
    progress_start(100, "percent of the silhouette");
    if (isfinite(silhouette_each(&c, cosine, scores, their, tick)))
        for (size_t i = 0; i < n; i++) {
            each[row[i]] = scores[i];
            next[row[i]] = their[i];
        }
    progress_clear();
    free(row);
    free(some);
    free(their);
    free(scores);
}

int each_silhouette(struct rec_in *in, struct rec_out *out, const char *input, const char *cluster, bool cosine)
{
    struct slurp *s = slurp_read(in, input, NULL);
    struct names names = { 0 };
    uint32_t *label = slurp_labels(s, cluster, &names), *next = mem_new(s->n, sizeof *next);
    double *each = mem_new(s->n, sizeof *each);
    score_rows(s, label, names.n, cosine, each, next);
    free(label);
    int status = slurp_annotate(s, out, (struct column[]){
        { .field = "silhouette", .type = COL_MADE, .make = slurp_make_number, .data = each, .side = true },
        { .field = "next_cluster", .type = COL_MADE, .make = slurp_make_label, .side = true,
          .data = &(struct slurp_names){ &names, next } },
        { .field = NULL },
    });
    names_free(&names);
    free(each);
    free(next);
    return status;
}
