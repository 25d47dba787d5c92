/* What the tests of common/nn share: the goldens of PyTorch and comparing with them.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_NN_H
#define TEST_NN_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "golden.h"
#include "text/safetensors.h"

/* golden/nn/NAME.safetensors, or NULL: the test is to be skipped. */
static inline struct safetensors *golden(const char *name)
{
    char path[512], why[256];
    snprintf(path, sizeof path, "golden/nn/%s.safetensors", name);
    snprintf(path, sizeof path, "%s", golden_path(path));
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fclose(f);
    struct safetensors *s = safetensors_open(path, why, sizeof why);
    if (!s)
        fail_msg("%s: %s", path, why);
    return s;
}

/* A tensor's elements, the caller's to free; its count in *n (or NULL). */
static inline float *values(const struct safetensors *s, const char *name, size_t *n)
{
    const struct safe_tensor *t = safetensors_find(s, name);
    if (!t)
        fail_msg("no tensor %s", name);
    float *x = mem_new(t->count, sizeof *x);
    safetensors_f32(t, x);
    if (n)
        *n = t->count;
    return x;
}

static inline size_t dim(const struct safetensors *s, const char *name, int i)
{
    const struct safe_tensor *t = safetensors_find(s, name);
    if (!t || i >= t->ndim)
        fail_msg("no dimension %d of %s", i, name);
    return t->shape[i];
}

/* got[n] equals the tensor: |difference| <= tol times the tensor's largest element; if
 * `absolute`, <= tol for all but a thousandth of the elements, and <= loose for those. */
static inline void same_as(const char *what, const struct safetensors *s, const char *name, const float *got,
                           double tol, double absolute_loose)
{
    size_t n, over = 0;
    float *want = values(s, name, &n);
    double largest = 0, worst = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)want[i]));
    double limit = absolute_loose > 0 ? tol : tol * largest;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)got[i] - (double)want[i]);
        if (!(d <= limit))
            over++;
        if (!(d <= worst))
            worst = d;
    }
    if (absolute_loose > 0 ? !(worst <= absolute_loose) || over * 1000 > n : over > 0)
        fail_msg("%s %s: off by %g (%zu of %zu over %g; largest %g)", what, name, worst, over, n, limit, largest);
    free(want);
}

static inline void same(const char *what, const struct safetensors *s, const char *name, const float *got, double tol)
{
    same_as(what, s, name, got, tol, 0);
}

static inline void near_to(const char *what, double got, double want, double rel)
{
    if (!(fabs(got - want) <= rel * fabs(want)))
        fail_msg("%s: %.9g, not %.9g", what, got, want);
}

#endif
