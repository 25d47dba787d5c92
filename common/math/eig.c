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

extern void dsytrd_(const char *uplo, const int *n, double *a, const int *lda, double *d, double *e, double *tau,
                    double *work, const int *lwork, int *info, size_t);
extern void dstemr_(const char *jobz, const char *range, const int *n, double *d, double *e, const double *vl,
                    const double *vu, const int *il, const int *iu, int *m, double *w, double *z, const int *ldz,
                    const int *nzc, int *isuppz, int *tryrac, double *work, const int *lwork, int *iwork,
                    const int *liwork, int *info, size_t, size_t);
extern void dormtr_(const char *side, const char *uplo, const char *trans, const int *m, const int *n, double *a,
                    const int *lda, double *tau, double *c, const int *ldc, double *work, const int *lwork, int *info,
                    size_t, size_t, size_t);

/* LAPACK would not return otherwise. */
static bool solvable(const double *a, size_t n)
{
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(a[i]))
            return false;
    return n <= EIG_MAX;
}

bool eig_sym(double *a, size_t n, double *w)
{
    if (n == 0)
        return true;
    if (!solvable(a, n))
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

bool eig_sym_top(double *a, size_t n, size_t k, double *w, double *v)
{
    enum { SIDE = 64 };         /* columns that LAPACK takes at once */
    if (k == 0)
        return true;
    if (!solvable(a, n))
        return false;
    int order = (int)n, first = (int)(n - k + 1), count = (int)k, found, try_exact = 1, info[3] = { 0 };
    size_t room = n * (n < 18 ? 18 : SIDE);
    int lwork = (int)room, liwork = 10 * order;
    double *d = mem_new(mem_mul(4, n), sizeof *d), *e = d + n, *tau = e + n, *value = tau + n;
    double *work = mem_new(room, sizeof *work);
    int *support = mem_new(mem_mul(2, k), sizeof *support), *iwork = mem_new(mem_mul(10, n), sizeof *iwork);
    openblas_ready();
    dsytrd_("U", &order, a, &order, d, e, tau, work, &lwork, &info[0], 1);
    dstemr_("V", "I", &order, d, e, NULL, NULL, &first, &order, &found, value, v, &order, &count, support, &try_exact, work,
            &lwork, iwork, &liwork, &info[1], 1, 1);
    dormtr_("L", "U", "N", &order, &count, a, &order, tau, v, &order, work, &lwork, &info[2], 1, 1, 1);
    for (size_t i = 0; i < k; i++)              /* from ascending to descending */
        w[i] = value[k - 1 - i];
    for (size_t i = 0; i < k / 2; i++)
        for (size_t j = 0; j < n; j++) {
            double x = v[i * n + j];
            v[i * n + j] = v[(k - 1 - i) * n + j];
            v[(k - 1 - i) * n + j] = x;
        }
    free(d);
    free(work);
    free(support);
    free(iwork);
    return !info[0] && !info[1] && !info[2] && found == count;
}
