/* hdbscan - clusters of a hierarchy of densities
 *
 * As Campello, Moulavi and Sander (2013) have it, and with the epsilon of Malzer and Baum (2020): a tree of merges by
 * mutual reachability (reach.h) is condensed to the clusters that keep a least size, of which the most lasting are
 * chosen. What is called lambda there is 1 / height here. Merges of the same height count as one, so that the result does not
 * depend on which of several minimum spanning trees is taken. Labels and probabilities equal those of scikit-learn 1.9's
 * HDBSCAN, but of points that join two clusters at the very height at which these meet: they are in neither, there in
 * either, as sorting has it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLUSTER_HDBSCAN_H
#define CLUSTER_HDBSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/linkage.h"

/* A condensed tree of n points, seen from the root downwards: where a cluster falls apart into two or more of at least the
 * least size, these are new clusters; where it loses fewer points, it goes on without them. */
struct condensed {
    size_t n, clusters;         /* cluster 0 is the root and holds all; a child comes after its parent */
    uint32_t *from;             /* [n]: the cluster that a point leaves */
    double *leaves;             /* [n]: the height at which it does */
    struct condensed_cluster {
        uint32_t parent;        /* of the root: itself */
        bool parts;             /* it falls apart into others */
        bool chosen;            /* by hdbscan_choose */
        int32_t label;          /* by hdbscan_label; -1 of one that was not chosen */
        double height;          /* at which it begins; of the root INFINITY */
        size_t size;
    } *cluster;
};

/* Condense merges[n-1], n >= 2, to clusters of at least min_size points, min_size >= 2. Needs 40 n bytes. Free with
 * condensed_free. */
struct condensed *hdbscan_condense(const struct merge *merges, size_t n, size_t min_size);
void condensed_free(struct condensed *c);

/* Set `chosen`. HDBSCAN_EOM: those clusters, none within another, whose stability, the sum over points of how long in
 * lambda they were in it, is the largest in sum ("excess of mass"); HDBSCAN_LEAF: those that do not fall apart.
 * epsilon > 0: a chosen cluster that begins at a lower height gives way to the one above it that does not. The root is
 * chosen only if allow_single. */
enum hdbscan_method { HDBSCAN_EOM, HDBSCAN_LEAF };
void hdbscan_choose(struct condensed *c, enum hdbscan_method method, double epsilon, bool allow_single);

/* labels[n] of the chosen clusters, numbered by first appearance, noise is -1; probability[n], the strength of
 * membership: the least height at which the cluster loses anything over that at which it loses the point (1 at most),
 * 0 for noise. Where the root alone is chosen, a point belongs to it that stays down to epsilon, or without one until
 * something leaves the root last. Returns the number of clusters. */
size_t hdbscan_label(struct condensed *c, double epsilon, int32_t *labels, double *probability);

/* outlier[n], in 0 ... 1 (GLOSH; Campello, Moulavi, Zimek, Sander 2015): 1 less the least height at which a
 * point leaves what was its last cluster, or one within it, over the height at which it leaves itself. */
void hdbscan_outliers(const struct condensed *c, double *outlier);

#endif
