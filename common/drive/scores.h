/* scores - a record of scores: nil where one is undefined, and the reasons
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SCORES_H
#define DRIVE_SCORES_H

#include "drive/scored.h"
#include "score/centres.h"

struct scores {
    const struct opt_pairs *set;    /* fields that go into each record */
    struct rec *r;
    char *suffix;                   /* what the names of all fields end in; NULL: nothing */
    struct msg_buf name, reason;
};

/* Begin the record id[n]: its fields of --set. */
void scores_begin(struct scores *to, const char *id, size_t n);

/* Set the field NAME PART SUFFIX, of any length, to a score (nil unless finite), or to a count. */
void scores_put(struct scores *to, const char *name, const char *part, double v);
void scores_count(struct scores *to, const char *name, const char *part, size_t n);

/* NAME PART SUFFIX; until the next call of a function here. */
const char *scores_name(struct scores *to, const char *name, const char *part);

/* From now on the fields of the record belong to a truth: of several, names end in ".FIELD"; of
 * one, the field `truth` tells it. */
void scores_truth(struct scores *to, const struct scored *s, const struct scored_truth *t);

/* Add WHAT WORD to the reasons for nil. */
void scores_because(struct scores *to, const char *what, const char *word);

/* Set the field `reason` to them, or to nil. */
void scores_reason(struct scores *to);

void scores_free(struct scores *to);

/* ---- what is shared by those who look at the vectors ---- */

/* Whether scores of the clusters by their vectors are defined; if not, why (NULL: not asked). */
bool scores_inner(struct scores *to, const struct scored *s, const char *input);

/* The rows as score/ takes them. */
struct clustered scores_clustered(const struct scored *s);

/* The mean silhouette, within --max-memory and with progress; each row's to row[n] (or NULL). */
double scores_silhouette(const struct scored *s, bool cosine, double *row);

#endif
