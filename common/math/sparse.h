/* sparse - rows of which few numbers are not zero, and products with them
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_SPARSE_H
#define MATH_SPARSE_H

#include <stddef.h>
#include <stdint.h>

struct sparse_number { uint32_t column; float value; };

struct sparse_rows {
    size_t n, d, nnz;           /* rows, columns, numbers stored */
    size_t *begin;              /* row i is at[begin[i] … begin[i + 1]), columns ascending */
    struct sparse_number *at;
    size_t *column_begin;       /* after sparse_index: the numbers of column j are */
    size_t *place;              /* at[place[column_begin[j] … column_begin[j + 1])], by row, */
    uint32_t *row;              /* in these rows */
    size_t begin_cap, at_cap;
};

struct sparse_rows *sparse_new(size_t d);
void sparse_free(struct sparse_rows *s);

/* Add a row: column[nnz] ascending and below d, value[nnz] finite. Copied. */
void sparse_add(struct sparse_rows *s, size_t nnz, const uint32_t *column, const float *value);

/* The same for a row of which all numbers are stored, x[d]. */
void sparse_add_dense(struct sparse_rows *s, const float *x);

/* No row follows: find the numbers of each column. */
void sparse_index(struct sparse_rows *s);

/* mean[d] of the columns; returns the sum of all squares less n |mean|^2. */
double sparse_mean(const struct sparse_rows *s, double *mean);

/* c[d][d] = (X - mean)' (X - mean), and g[n][n] = (X - mean) (X - mean)', both halves. In
 * double, in an order that does not depend on par_jobs. */
void sparse_columns_product(const struct sparse_rows *s, const double *mean, double *c);
void sparse_rows_product(const struct sparse_rows *s, const double *mean, double *g);

/* y[b][d] = v[b][d] (X - mean)' (X - mean). */
void sparse_apply(const struct sparse_rows *s, const double *mean, const double *v, size_t b, double *y);

/* y[b][d] = u[b][n] (X - mean). */
void sparse_combine(const struct sparse_rows *s, const double *mean, const double *u, size_t b, double *y);

#endif
