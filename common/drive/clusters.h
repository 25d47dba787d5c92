/* clusters - the driver of clusterers that fit -k A:B clusters, begin at --init, save a model (drive/assign labels by one)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_CLUSTERS_H
#define DRIVE_CLUSTERS_H

#include "drive/model.h"
#include "drive/scan.h"
#include "drive/slurp.h"

/* What their common options set; the filter initialises what has a default. */
struct clusters {
    const char *in, *out, *save;
    struct scan scan;
    struct opt_input model, init;
    int64_t n_init, max_iter;
    double tol;
    uint64_t seed;

    bool ranks;                 /* mpirun started it (drive/ranks): there will be a model, and no records */
    size_t all;                 /* after clusters_read: the vectors of all ranks */
};

/* For the filter's table: in front of its own options, `words` those of --by; and behind them, `what` what a model has. */
#define CLUSTERS_FIRST(c, words) \
    OPT_STR('i', "input", &(c)->in, "FIELD", "field to read"), \
    OPT_STR('o', "output", &(c)->out, "FIELD", "field to write"), \
    OPT_RANGE('k', "n-clusters", &(c)->scan.k, 1, 1e9, "K|A:B", \
              "number of clusters, or the best from A to B; not set: as many as --init or --model has"), \
    SCAN_OPTS(&(c)->scan, words)
#define CLUSTERS_RULES(what) \
    REQUIRED("n-clusters|init|model", "the number of clusters"), \
    EXCLUDES_WHY("model", "n-clusters|init|save|n-init|max-iter|tol", "the model has its " what), \
    EXCLUDES_WHY("init", "n-init", "it is one start")

/* For a fit: open the operands, read the vectors. A filter with .ranks gets those of its share. */
struct slurp *clusters_read(struct clusters *c, const struct prog *prog, char **operands);

/* How many clusters: as -k or --init has it, or the best by scan_best. *init is --init's vectors [k][s->d], the
 * caller's to free, or NULL. More clusters than vectors end with ST_STOPPED. */
size_t clusters_choose(struct clusters *c, const struct prog *prog, const struct slurp *s,
                       struct scanned (*cluster)(const struct slurp *rows, size_t k, void *state), void *state, double **init);

/* With other ranks, let s have the vectors of all from `from` until before `to`, in place of those of its share. */
void clusters_share(const struct clusters *c, struct slurp *s, size_t from, size_t to);

/* Say that max_iter ended the fit. */
void clusters_note_unconverged(const struct clusters *c);

/* Write the records with their labels and `side`, whose field is called after the labels' (item_side); with other ranks none.
 * Returns the exit status: ST_PARTIAL where all is well but the fit did not converge. */
int clusters_write(const struct clusters *c, const struct prog *prog, struct slurp *s, const int32_t *labels, const char *name,
                   struct column side, bool converged);

#endif
