/* npy - read a small .npy file of floats in a unit test
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_NPY_H
#define UNIT_NPY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of a '<f4' file in C order, *count of them; NULL if it is not there.
 * The caller frees them. */
static float *npy_read(const char *path, size_t *count)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    uint8_t head[10];
    char text[4096];
    assert_int_equal(fread(head, 1, 10, f), 10);
    size_t size = head[8] | (size_t)head[9] << 8;
    assert_in_range(size, 1, sizeof text - 1);
    assert_int_equal(fread(text, 1, size, f), size);
    text[size] = '\0';
    assert_non_null(strstr(text, "'<f4'"));
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
    float *x = malloc(*count * sizeof *x + 1);
    assert_int_equal(fread(x, sizeof *x, *count, f), *count);
    fclose(f);
    return x;
}

/* A file of the shared folder; NULL where there is none. */
static inline float *npy_shared(const char *name, size_t *count)
{
    char path[4096];
    const char *root = getenv("SONGPIPE_SHARED");
    snprintf(path, sizeof path, "%s/%s", root ? root : "../shared", name);
    return npy_read(path, count);
}

#endif
