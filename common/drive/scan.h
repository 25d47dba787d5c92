/* scan - which of several numbers of clusters is the best: -k A:B of every clusterer; or of other values: dbscan's eps
 *
 * Each k is clustered, its labels are scored by the vectors themselves (score/silhouette,
 * score/centres), and the k of the best score is taken, of equals the least.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SCAN_H
#define DRIVE_SCAN_H

#include "base/opt.h"
#include "drive/slurp.h"

/* What the options below set; words: those of --by, which the filter initialises. */
struct scan {
    struct opt_range k;
    const char *file;
    int by;
    struct opt_words also;
    const char *words;
    uint64_t seed;              /* of the draws; the filter sets it, or leaves 0 */
    const char *name;           /* of the values that are tried in place of k = 0, 1, ...; NULL: the numbers are k itself */
    const double *value;
};

/* --by: the first for all, the others for clusterers that have such a thing. */
#define SCAN_SCORES "silhouette|calinski_harabasz|davies_bouldin"
#define SCAN_DRAWS "|gap|stability"
#define SCAN_INERTIA "|inertia-knee"
#define SCAN_LIKELIHOOD "|bic|aic"

/* For the filter's table, behind its OPT_RANGE of k. */
#define SCAN_OPTS(scan, words) \
    OPT_OUTPUT(0, "scan", &(scan)->file, "write a record with the scores of each k in A:B to this file"), \
    OPT_CHOICE(0, "by", &(scan)->by, words, "score that picks the best k in A:B"), \
    OPT_WORDS(0, "also", &(scan)->also, "gap,stability", "scores beside, from clusters of draws: 10 and 20 times the work")

/* What came of one k. */
struct scanned {
    const int32_t *label;       /* of each row in 0 ... k-1; not each need have rows. With values from -1, noise, on. Borrowed
                                 * until the next k */
    double inertia, bic, aic;   /* NAN or 0: there is none */
    size_t n_iter;              /* steps of the method; 0: it has none, nor does it converge */
    bool converged;
};

/* Whether a scan is wanted: a range. --scan, --also or --by without them, or other words in --also, end with ST_USAGE. */
bool scan_wanted(const struct scan *s, const struct prog *prog);

/* End with ST_STOPPED unless the rows can make k clusters, 1 <= k <= n. */
void scan_possible(const struct slurp *rows, size_t k);

/* Call cluster(rows, k, state) for every k wanted, in order; write their scores to --scan's file. The
 * silhouette, which takes n^2 d / 2 steps for each k, is computed if it goes to that file or
 * decides. Before, for the gap statistic and the stability (score/resample), all k of one set of drawn rows after the
 * other, which have an x of their own. Says which k is the best, and which others would choose, and returns it. Ends with
 * ST_STOPPED as scan_possible does, and with ST_MEMORY where the silhouette needs more than allowed.
 * With values noise is scored as a cluster like others, as metrics does; fields tell how many clusters there are and the
 * share of noise; the best is among those with two clusters or more. It returns the place of the value. */
size_t scan_best(const struct scan *s, const struct prog *prog, const struct slurp *rows,
                 struct scanned (*cluster)(const struct slurp *rows, size_t k, void *state), void *state);

/* From within cluster: what it is at, shown beside how far the scan has come. */
void scan_note(const char *note);

#endif
