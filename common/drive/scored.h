/* scored - what scores are made of: clusters, vectors and truths, all in memory
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SCORED_H
#define DRIVE_SCORED_H

#include "base/names.h"
#include "drive/item.h"
#include "stream/rec.h"

#define SCORED_NONE UINT32_MAX      /* no truth; before scored_noise: noise, which is cluster -1 */

enum scored_noise { NOISE_CLUSTER, NOISE_DROP, NOISE_SINGLETONS };

struct scored {
    size_t all;                 /* records with a cluster */
    size_t noise;               /* of these, noise */
    size_t n, d, k;             /* rows now, columns, clusters (after scored_noise) */
    bool without_x;             /* no record has the field of the vector: d is 0, x NULL */
    float *x;                   /* x[n][d] */
    float *map;                 /* [n][map_d]: their places on a map; NULL: not asked for */
    size_t map_d;
    uint32_t *cluster;          /* [n] */
    uint32_t *origin;           /* [k] after scored_noise: which of `clusters` it was; SCORED_NONE: noise */
    struct names clusters;      /* as they were called */
    struct scored_truth { char *field; uint32_t *label; struct names names; } *truths;  /* label[n], classes */
    size_t n_truths;
    char *ids;                  /* NUL-ended; NULL unless asked for */
    size_t *id;                 /* [n]: where in ids a row's begins */
};

/* Read all records: the vector `input`, which no record may have, or all; the place `map` (NULL: none); the label
 * `cluster`; the truths. Records whose vector, place or cluster is nil are counted
 * and passed over, a truth may be nil. Ids are checked to be unique, and kept if `ids`. */
struct scored *scored_read(struct rec_in *in, const char *input, const char *map, const char *cluster,
                           const struct opt_words *truths, bool ids);

/* Make of noise one cluster, leave it out, or make each row of it a cluster of its own; then
 * number the clusters that are left from 0 without gaps. */
void scored_noise(struct scored *s, enum scored_noise what);

/* The rows that have this truth: their number, and classes and clusters from 0 without gaps
 * in truth[n] and cluster[n]. */
size_t scored_pairs(const struct scored *s, const struct scored_truth *t, uint32_t *truth, uint32_t *cluster);

void scored_free(struct scored *s);

#endif
