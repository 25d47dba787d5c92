/* naming - names for clusters, by what their records have in common and others have not
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_NAMING_H
#define DRIVE_NAMING_H

#include "stream/rec.h"

enum { NAMING_MOST = 4096 };        /* clusters */

struct naming_how {
    struct opt_words labels;        /* fields of a label: the one that most records have */
    struct opt_words words;         /* fields of vectors: the columns whose mean is furthest above the others' */
    size_t count;                   /* of these columns */
    const char *title;              /* field of a text, or NULL: that of the record with the least number in the field
                                     * `distance`, of equal ones the first; where no record has a text, its id */
    const char *distance;
    const char *cluster;            /* field of the cluster */
};

struct naming;
struct naming *naming_new(const struct naming_how *how, const struct head *h);

/* First pass: take in a record. Second: look at it again. False after rec_error: it lacks a field, or has something
 * else in it than is to be there; nil is let pass. More than NAMING_MOST clusters end the program. */
bool naming_add(struct naming *g, struct rec *r, const struct value *cluster);
bool naming_look(struct naming *g, struct rec *r);

/* Take names from a CSV file with the columns how->cluster and "name" for the clusters that were added; a note says
 * which of the two have no partner. What is wrong with the file ends the program. Returns its xxh3. */
uint64_t naming_read(struct naming *g, const char *path);

/* Name the others: each by the first of the labels, words and title that is there for it, a label in less than half of its
 * records only where nothing but labels is asked for; those that are then called
 * the same get the next behind it, by which they are told from each other, and at last their cluster. Noise is called
 * so. */
void naming_make(struct naming *g);

/* Number of a cluster, SIZE_MAX if it was not added; its name, and the share of the first label that most of its
 * records with one have, NAN if there is none. */
size_t naming_find(struct naming *g, const struct value *cluster);
const char *naming_name(const struct naming *g, size_t i);
double naming_share(const struct naming *g, size_t i);

void naming_free(struct naming *g);

#endif
