/* mixture - Gaussian mixtures by expectation and maximisation (EM)
 *
 * As scikit-learn 1.9's GaussianMixture (Dempster, Laird, Rubin 1977; McLachlan and Peel 2000): covariances are those of
 * the members, weighed, with reg added to each variance; EM ends when the mean log-likelihood of a row changes by less
 * than tol. In double precision, about the means of the step before, so that far-off data lose no digits. The result is
 * the same for every par_jobs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLUSTER_MIXTURE_H
#define CLUSTER_MIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mixture_kind { MIXTURE_SPHERICAL, MIXTURE_DIAG, MIXTURE_TIED, MIXTURE_FULL };

struct mixture {
    size_t k, d;
    int kind;                       /* an enum mixture_kind */
    double *weight;                 /* [k], sum 1 */
    double *mean;                   /* [k][d] */
    size_t rows, columns;           /* of covariance: k x 1, k x d, d x d, k d x d by kind */
    double *covariance;
    double least;                   /* no variance is less, in any direction; above 0 */
    double likelihood;              /* mean log-likelihood of a row in the last step */
    size_t n_iter;
    bool converged;                 /* before max_iter ended it */

    /* by mixture_prepare */
    double *factor;                 /* 1 / deviation, shaped as covariance; or the inverses of the Cholesky factors */
    double *constant;               /* [k]: the logarithm of the density, weighed, at the mean */
    size_t collapsed;               /* components that `least` keeps from having no spread in some direction */
};

struct mixture_options {
    size_t k;                       /* 1 ... n */
    enum mixture_kind kind;
    double reg, tol;                /* both >= 0 */
    size_t max_iter;                /* >= 1 */
    void (*tick)(size_t step, void *state);     /* after each step; NULL: none */
    void *state;

    /* Of mixture_best: starts, each from clusters of k-means with one of these seeds; or one start, from the rows nearest to
     * init[k][d]. */
    size_t n_init;                  /* >= 1 */
    uint64_t seed;
    double *init;                   /* not changed; NULL: k-means */
};

/* Fit to x[n][d], finite, n >= 1, from start[n], each row's component in 0 ... k-1, as if it were known. Needs
 * mixture_bytes. Where a covariance collapses (duplicates, constant columns, fewer members than columns) and reg does
 * not hold it, `least` does: reg, or with reg 0 a 10^-12th of the mean variance of the columns. */
struct mixture *mixture_fit(const float *x, size_t n, size_t d, const int32_t *start, const struct mixture_options *o);
double mixture_bytes(size_t d, const struct mixture_options *o);

/* The most likely of n_init fits, the first of equals, or the one from init. Needs also what kmeans_fit does. */
struct mixture *mixture_best(const float *x, size_t n, size_t d, const struct mixture_options *o);

/* Make factor and constant from what stands above them in the struct: of a mixture that was read. */
void mixture_prepare(struct mixture *m);

/* label[n] of x[n][m->d]: the component most likely, the lowest of equals; p[n][k], how likely each is (or NULL).
 * Returns the mean log-likelihood of a row. */
double mixture_label(const struct mixture *m, const float *x, size_t n, int32_t *label, float *p);

/* The number of free parameters. */
double mixture_parameters(const struct mixture *m);

/* Of n rows with a mean log-likelihood: BIC = ln n parameters - 2 n likelihood, AIC = 2 parameters - 2 n likelihood
 * (Schwarz 1978; Akaike 1974). */
void mixture_criteria(const struct mixture *m, double likelihood, size_t n, double *bic, double *aic);

void mixture_free(struct mixture *m);

#endif
