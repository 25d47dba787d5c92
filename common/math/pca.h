/* pca - principal components, exactly, from rows that pass by once
 *
 * Up to d rows are kept and solved by their n x n products; from more rows only the
 * d x d covariance is kept, centred block by block (Chan, Golub and LeVeque 1983), so
 * a large mean costs no digits. All in double. Blocks are cut at fixed places: the
 * result is the same for every par_jobs and every way of handing in the rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MATH_PCA_H
#define MATH_PCA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "math/sparse.h"

struct pca {
    size_t n, d;                /* rows and columns it was fitted to */
    size_t m;                   /* variances: min(n, d), or k of many where k was wanted */
    size_t k;                   /* components kept */
    double *mean;               /* [d] */
    double *variance;           /* [m], descending, divisor n - 1, none below 0 */
    double *components;         /* [k][d], unit rows, the entry largest in size positive */
    double total;               /* variance of all min(n, d) */
};

struct pca_fit;

/* Begin a fit to rows of d numbers. Needs 8 d^2 bytes once more than d rows have come. */
struct pca_fit *pca_fit_new(size_t d);

/* Add x[n][d], finite; or all of `s`, one row after the other. */
void pca_fit_add(struct pca_fit *f, const float *x, size_t n);
void pca_fit_add_sparse(struct pca_fit *f, const struct sparse_rows *s);

/* Solve and free f. `want` is the number of components to keep (whole, at most
 * min(n, d)), or below 1 the share of the variance to exceed, or 0 for all. NULL if n < 2,
 * if want is more than there are, or if the solver fails. A component without variance is
 * some unit vector at right angles to the others. Equals PCA(svd_solver="full") of
 * scikit-learn 1.5 and later. The result is freed by pca_free. */
struct pca *pca_fit_solve(struct pca_fit *f, double want);

/* The same for the first k components alone, 1 <= k <= min(n, d): m is k. Faster where k is well below min(n, d). */
struct pca *pca_fit_first(struct pca_fit *f, size_t k);

void pca_fit_free(struct pca_fit *f);

/* The first k components of sparse rows (sparse_index was called), 1 <= k <= min(n, d), n >= 2,
 * without a dense copy of them; variance has k numbers, m is k, total that of all. `steps` 0:
 * exactly, by the smaller of the d x d and n x n products where that is up to
 * PCA_SQUARE wide, else by products with the rows; NULL if it does not converge. Else by so
 * many steps of subspace iteration from `seed`: variances are a little too small. */
#define PCA_SQUARE 8192
struct pca *pca_sparse(const struct sparse_rows *s, size_t k, size_t steps, uint64_t seed);

/* pca_apply for a sparse row, with what pca_sparse_prepare returned (freed by free). */
double *pca_sparse_prepare(const struct pca *p);
void pca_sparse_apply(const struct pca *p, const double *prepared, const double *scale, size_t nnz,
                      const uint32_t *column, const float *value, float *y);
void pca_free(struct pca *p);

/* The d x d matrix V diag(1 / sqrt(variance + ridge)) V' that makes rows uncorrelated and of variance 1 with
 * the least change (ZCA: Kessy, Lewin, Strimmer 2018, "Optimal whitening and decorrelation", The American
 * Statistician 72, equation 7), V all directions, those without a component of variance 0; p has all components
 * (pca_fit_solve for 0). NULL if a variance + ridge is no more than rounding: d eps times the first. Free it
 * with free. */
double *pca_zca(const struct pca *p, double ridge);

/* Half whitening, for nets: rows to matrix[k][d] that make y = matrix (x - mean) of the first k components, each divided by
 * the fourth root of its variance, and all by one number so that the fitted rows' y^2 is 1 in the mean. It takes half of the
 * differences between the variances away, in orders of magnitude. Returns k: `most`, or less where p has no more components
 * above the rounding of floats, 1e-9 times the first variance; 0 where all rows are equal. */
size_t pca_half_whitening(const struct pca *p, size_t most, float *matrix);

/* Number of components whose share of the variance[m] first exceeds `share` in 0 ... 1,
 * as scikit-learn counts: searchsorted(cumsum(ratio), share, side="right") + 1, at most m. */
size_t pca_count(const double *variance, size_t m, double share);

/* y[k] = components (x[d] - mean), and back: x[d] = mean + y[k] components. With `scale`
 * (or NULL) y is divided by scale[k] there, multiplied here; y is 0 where scale is 0. */
void pca_apply(const struct pca *p, const double *scale, const float *x, float *y);
void pca_invert(const struct pca *p, const double *scale, const float *y, float *x);

/* scale[k] for whitening: sqrt(variance), 0 where that is rounding: variance <= d eps
 * times the first. */
void pca_whitening(const struct pca *p, double *scale);

#endif
