/* batches - the driver of a k-means that draws batches of vectors from the stream and holds no others (cluster/minibatch),
 * or that has a model and only labels
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_BATCHES_H
#define DRIVE_BATCHES_H

#include "cluster/kmeans.h"
#include "drive/clusters.h"

struct batches {
    struct clusters *arg;           /* the options */
    const struct opt_range *size;   /* vectors of a batch, to fit; a range ends with ST_USAGE, as a scan does */
    struct kmeans *m;               /* what is fitted, */
    size_t *records;                /* and to how many */
    const struct model_part *parts; /* of the model that --save writes */
};

/* Fit and save, or load --model; then write all records with their labels and distances. Returns the exit status. */
int batches_run(const struct prog *prog, const struct batches *b, char **operands);

/* Say that m has fewer than k clusters with members, if so, and why. */
void batches_note_unused(const struct kmeans *m, size_t k, const char *why);

#endif
