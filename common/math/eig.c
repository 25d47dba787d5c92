/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "math/eig.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/openblas.h"

/* LAPACK as OpenBLAS has it; the lengths of the text arguments come last. */
extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
                    double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);

bool eig_sym(double *a, size_t n, double *w)
{
    if (n == 0)
        return true;
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(a[i]))        /* LAPACK would not return */
            return false;
    if (n > EIG_MAX)
        return false;
    int order = (int)n, ask = -1, info = 0, iwork_size;
    double work_size;
    openblas_ready();
    dsyevd_("V", "U", &order, a, &order, w, &work_size, &ask, &iwork_size, &ask, &info, 1, 1);
    int lwork = (int)work_size, liwork = iwork_size;
    double *work = mem_new((size_t)lwork, sizeof *work);
    int *iwork = mem_new((size_t)liwork, sizeof *iwork);
    dsyevd_("V", "U", &order, a, &order, w, work, &lwork, iwork, &liwork, &info, 1, 1);
    free(work);
    free(iwork);
    return info == 0;
}
