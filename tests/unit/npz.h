/* npz - the arrays of a .npz file of numpy.savez_compressed in a unit test
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_NPZ_H
#define UNIT_NPZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static inline uint32_t npz_number(const uint8_t *p, int bytes)
{
    uint32_t v = 0;
    while (bytes--)
        v = v << 8 | p[bytes];
    return v;
}

/* The floats of array `name` of type <f4, *count of them: a new array. NULL if there is no such file or array. */
static inline float *npz_read(const char *path, const char *name, size_t *count)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    static uint8_t file[4 << 20];
    size_t size = fread(file, 1, sizeof file, f), end = size - 22;
    fclose(f);
    uint8_t *at = file + npz_number(file + end + 16, 4);        /* the central directory: a record for each array */
    for (uint32_t n = npz_number(file + end + 10, 2); n-- > 0; at += 46 + npz_number(at + 28, 2) + npz_number(at + 30, 2)) {
        size_t length = npz_number(at + 28, 2);
        if (length != strlen(name) + 4 || memcmp(at + 46, name, length - 4) != 0)
            continue;
        uint8_t *local = file + npz_number(at + 42, 4), *raw = malloc(npz_number(at + 24, 4) + 1);
        z_stream z = { .next_in = local + 30 + npz_number(local + 26, 2) + npz_number(local + 28, 2),
                       .avail_in = npz_number(at + 20, 4), .next_out = raw, .avail_out = npz_number(at + 24, 4) };
        inflateInit2(&z, -MAX_WBITS);
        inflate(&z, Z_FINISH);
        inflateEnd(&z);
        size_t head = 10 + npz_number(raw + 8, 2);
        *count = (z.total_out - head) / sizeof(float);
        float *x = malloc(z.total_out);
        memcpy(x, raw + head, *count * sizeof *x);
        free(raw);
        return x;
    }
    return NULL;
}

#endif
