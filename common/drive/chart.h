/* chart - the driver of filters that put records on a map: tsne, umap
 *
 * It reads the vectors and, with --model, the old map; finds neighbours; says where points begin; and writes xy.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_CHART_H
#define DRIVE_CHART_H

#include "drive/model.h"
#include "drive/slurp.h"
#include "math/near.h"

/* What the options set, and what is read. */
struct chart {
    const char *in, *out, *init, *save;
    const char *ways;               /* what --init may be, other than a field: "pca, random" */
    struct opt_input model;
    int metric;                     /* enum near_metric */
    int64_t components;
    size_t exact;                   /* for how many vectors neighbours are found exactly; 0: any number */
    uint64_t seed;
    struct slurp *s;                /* the vectors */
    struct near *near;              /* and their neighbours; NULL with --model */
    float *xy;                      /* [s->n][components], zero */
    struct { size_t n, d, dims; double *x, *xy; } old;      /* of --model: old.x[n][d], old.xy[n][dims] */
};

#define CHART_METRICS "euclidean|cosine"        /* in the order of enum near_metric */
#define CHART_OPTS(c, words) \
    OPT_STR('i', "input", &(c)->in, "FIELD", "field to read"), \
    OPT_STR('o', "output", &(c)->out, "FIELD", "field to write"), \
    OPT_INT('n', "components", &(c)->components, 2, 3, "dimensions of the map"), \
    OPT_CHOICE(0, "metric", &(c)->metric, CHART_METRICS, "distance between vectors"), \
    OPT_STR(0, "init", &(c)->init, "FIELD", "where points begin: " words ", or where this field says"), \
    OPT_SEED(&(c)->seed), \
    OPT_INPUT('m', "model", &(c)->model, "place new points on the map in this file"), \
    OPT_OUTPUT(0, "save", &(c)->save, "write the map, to place other points on it, to this file")
/* After the filter's own parts, which are of the configuration: these end in tensors. */
#define CHART_PARTS(c) \
    MODEL_SIZE("records", &(c)->old.n, 1, 1e9), \
    MODEL_INT("components", &(c)->components, 2, 3), \
    MODEL_CHOICE("metric", &(c)->metric, CHART_METRICS, NULL), \
    MODEL_MATRIX("x", &(c)->old.x, &(c)->old.n, &(c)->old.d, -FLT_MAX, FLT_MAX), \
    MODEL_MATRIX("xy", &(c)->old.xy, &(c)->old.n, &(c)->old.dims, -FLT_MAX, FLT_MAX)

/* Read the vectors of the operands, and --model; fit a map by make(), or with --model place the vectors by place(), if
 * there are any: both set xy. Write the records with their places; returns the exit status. */
int chart_run(struct chart *c, const struct prog *prog, const struct model_part *parts, char **operands,
              void (*make)(void), void (*place)(void));

/* The k nearest others of each vector, index[n][k] and distance[n][k], which the caller frees; with --model the
 * nearest on the old map. k is no more than there are. */
struct neighbours { size_t k; uint32_t *index; double *distance; };
struct neighbours chart_neighbours(struct chart *c, size_t k);

/* The old map in single precision, [old.n][components], freed by the caller. */
float *chart_old(const struct chart *c);

/* Set xy by "pca", principal components, "random", drawn, or else as --init says, from this field (which all records must
 * have, as vectors of `components` numbers). Divided by the deviation of its first column, times `deviation`. */
void chart_begin(struct chart *c, const char *init, double deviation);

/* Write the map to --save, and its trustworthiness to *k neighbours, of 2 * 10^7 / n rows at most. NaN where there
 * are too few rows for one. */
void chart_save(struct chart *c, const struct prog *prog, const struct model_part *parts);
enum { CHART_NEAREST = 12 };
double chart_trust(const struct chart *c);

#endif
