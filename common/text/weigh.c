/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/weigh.h"

#include <math.h>

void weigh_idf(const uint32_t *df, size_t n, size_t texts, bool smooth, double *idf)
{
    double all = (double)texts;
    for (size_t i = 0; i < n; i++)
        idf[i] = (smooth ? log((1 + all) / (1 + (double)df[i])) : log(all / (double)df[i])) + 1;
}

static double weight(const struct weigh *w, uint32_t column, uint32_t tf)
{
    double v = w->binary ? 1 : tf;
    if (w->sublinear)
        v = 1 + log(v);
    return w->idf ? v * w->idf[column] : v;
}

void weigh_row(const struct weigh *w, const struct vocab_row *row, float *value)
{
    double sum = 0;
    for (size_t i = 0; i < row->nnz; i++) {
        double v = weight(w, row->column[i], row->count[i]);
        sum += w->norm == WEIGH_L2 ? v * v : fabs(v);
    }
    double by = w->norm == WEIGH_NONE || sum <= 0 ? 1 : w->norm == WEIGH_L2 ? sqrt(sum) : sum;
    for (size_t i = 0; i < row->nnz; i++)
        value[i] = (float)(weight(w, row->column[i], row->count[i]) / by);
}
