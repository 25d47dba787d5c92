/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/blas.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>

#include "base/openblas.h"

static blasint whole(size_t n)
{
    assert(n <= INT_MAX);
    return (blasint)n;
}

void blas_f32(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
              const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    openblas_ready();
    if (m && n)
        cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, whole(m),
                    whole(n), whole(k), alpha, a, whole(lda), b, whole(ldb), beta, c, whole(ldc));
}

void blas_f64(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda,
              const double *b, size_t ldb, double beta, double *c, size_t ldc)
{
    openblas_ready();
    if (m && n)
        cblas_dgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, whole(m),
                    whole(n), whole(k), alpha, a, whole(lda), b, whole(ldb), beta, c, whole(ldc));
}
