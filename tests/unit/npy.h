/* npy - read a small .npy file of floats in a unit test
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_NPY_H
#define UNIT_NPY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"

/* The elements of a file of `type` ("<f4", "<f8") in C order, `size` bytes each, *count of
 * them; NULL if it is not there. The caller frees them. */
static inline void *npy_elements(const char *path, const char *type, size_t size, size_t *count)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    uint8_t head[10];
    char text[4096];
    assert_int_equal(fread(head, 1, 10, f), 10);
    size_t length = head[8] | (size_t)head[9] << 8;
    assert_in_range(length, 1, sizeof text - 1);
    assert_int_equal(fread(text, 1, length, f), length);
    text[length] = '\0';
    assert_non_null(strstr(text, type));
    assert_non_null(strstr(text, "'fortran_order': False"));
    const char *shape = strstr(text, "'shape': (");
    assert_non_null(shape);
    *count = 1;
    for (const char *p = shape + 10; *p && *p != ')'; ) {
        char *end;
        size_t n = strtoul(p, &end, 10);
        if (end != p)
            *count *= n;
        p = end + strspn(end, ", ");
    }
    void *x = malloc(*count * size + 1);
    assert_int_equal(fread(x, size, *count, f), *count);
    fclose(f);
    return x;
}

static inline float *npy_read(const char *path, size_t *count)
{
    return npy_elements(path, "'<f4'", sizeof(float), count);
}

static inline double *npy_read_f64(const char *path, size_t *count)
{
    return npy_elements(path, "'<f8'", sizeof(double), count);
}

/* A file of floats among the goldens; NULL where there is none. */
static inline float *npy_shared(const char *name, size_t *count)
{
    return npy_read(golden_path(name), count);
}

#endif
