/* npy - NumPy's file of one array: its header (NEP 1, versions 1 to 3)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_NPY_H
#define FILES_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NPY_DIMS 9          /* one more than a tensor has: the records */
#define NPY_START 12        /* bytes that tell how long the header is */
#define NPY_HEAD 256        /* bytes of the longest header that npy_pack makes */

struct npy {
    char kind;              /* 'f' float, 'i' signed, 'u' unsigned, 'b' bool */
    size_t size;            /* bytes of an element: 1, 2, 4, 8; floats 2, 4, 8 */
    bool swapped;           /* big-endian */
    bool fortran;           /* the first index runs fastest */
    int ndim;
    size_t shape[NPY_DIMS];
    size_t count;           /* product of the shape */
};

/* Read the first NPY_START bytes. Returns NULL, or what is wrong. The dictionary takes *n
 * bytes (at most 1 MiB), which begin at *at: 10 or 12. */
const char *npy_start(const uint8_t start[NPY_START], size_t *at, size_t *n);

/* Read the dictionary text[n]. Returns NULL, or what is wrong: malformed, a type or a shape
 * that is not meant here, or a size in bytes beyond size_t. */
const char *npy_parse(const char *text, size_t n, struct npy *a);

/* The number at p. */
double npy_number(const struct npy *a, const uint8_t *p);

/* The whole number at p of an 'i', 'u' or 'b' array; false if it is above INT64_MAX. */
bool npy_whole(const struct npy *a, const uint8_t *p, int64_t *v);

/* Write a version 1 header (C order, little-endian), padded to a multiple of 64 bytes as
 * numpy pads it: its size. */
size_t npy_pack(char to[NPY_HEAD], char kind, size_t size, int ndim, const size_t *shape);

/* Write an element, little-endian: `size` bytes of v as 'f' (4 or 8), or of `whole`, which fits, as 'i' or 'u' (4 or
 * 8) or 'b' (1). Returns size. */
size_t npy_write(char *to, char kind, size_t size, double v, int64_t whole);

#endif
