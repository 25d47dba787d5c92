/* contrast_fit - pairs of views that are to agree, as an objective that fit makes smaller
 *
 * The rows of a batch are songs. Of each, two views go through the towers, and their outputs are compared by info_nce:
 * with one tower two different crops of the song (the same one twice where there is no other), with two towers a row
 * of each one's data. A view is x + noise N(0, 1), of which a share `dropout` becomes 0 and the rest is divided by
 * 1 - dropout. Without training: the first crop and the last, as they are.
 *
 * Of several ranks (base/world), which all have the same data and call the same functions, each takes its share of the
 * views through the towers, and gets the outputs of all: the loss sees the whole batch.
 *
 * Parts of the loss: found, the share of first views that are nearest to their own second one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_CONTRAST_FIT_H
#define NN_CONTRAST_FIT_H

#include "nn/fit.h"
#include "nn/info_nce.h"
#include "nn/tower.h"

/* A tower's data: the rows of song s are x[first[s]] to x[first[s + 1] - 1], of d floats each. */
struct songs { size_t n; const size_t *first; const float *x; };

struct contrast_fit {
    struct tower *tower[2];     /* that train, without the first layer; the second NULL: there is one */
    struct songs songs[2];      /* of each tower */
    double temperature, noise, dropout;
    bool pairs;                 /* the control: the second view is another song's of the batch */
    size_t batch;               /* songs of a batch, at most */

    struct info_nce *nce;       /* own from here on */
    struct weights *weights;
    float *normal;              /* quantiles above 0 of the normal distribution times `noise` */
    size_t *row[2];             /* of x: the views of the batch */
    const struct batch *now;
};

/* Rows that a tower's net takes for a batch of so many songs. */
size_t contrast_fit_rows(const struct contrast_fit *o, size_t batch);

/* The objective; o is borrowed by it, and freed after it (not towers and data). */
struct objective contrast_fit_new(struct contrast_fit *o);
void contrast_fit_free(struct contrast_fit *o);

/* y[d] = row `row` of tower `which`'s data as a view, drawn by seed, step and place. Its noise has 2^16 values: the middles of
 * equal shares of the normal distribution. */
void contrast_fit_view(const struct contrast_fit *o, size_t which, size_t row, uint64_t seed, uint64_t step, size_t place,
                       float *y);

/* What was learned, on at most `most` rows of evenly chosen songs, without noise: of rows that have another one of their song
 * the share whose nearest other row is one, by the angle of the outputs; with two towers the share of songs for whose first row
 * in the first tower the nearest of all first rows in the second is their own. *chance: what it would be by chance. NAN where
 * no row has another one. Holds most (out + 2) floats. */
double contrast_fit_share(struct contrast_fit *o, size_t most, double *chance);

#endif
