/* weigh - counts of terms as weights: term frequency times inverse document frequency
 *
 * As scikit-learn 1.9 has it (TfidfTransformer).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_WEIGH_H
#define TEXT_WEIGH_H

#include "text/vocab.h"

enum weigh_norm { WEIGH_L2, WEIGH_L1, WEIGH_NONE };

struct weigh {
    bool binary;                /* 1 in place of the count tf */
    bool sublinear;             /* 1 + ln(tf) in place of tf */
    enum weigh_norm norm;       /* what a row is divided by: its length, its sum, or 1 */
    const double *idf;          /* of each column; NULL: do not multiply */
};

/* idf[n] of terms that stand in df[n] of `texts` texts, 1 <= df <= texts: ln(texts / df) + 1, or
 * with `smooth` ln((1 + texts) / (1 + df)) + 1. */
void weigh_idf(const uint32_t *df, size_t n, size_t texts, bool smooth, double *idf);

/* value[row->nnz] from row->count. A row without terms stays one. */
void weigh_row(const struct weigh *w, const struct vocab_row *row, float *value);

#endif
