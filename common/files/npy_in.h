/* npy_in - an array out of a .npy file, row by row
 *
 * Anything wrong with the file ends the program with ST_STREAM; a row larger than frame_max with ST_MEMORY.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_NPY_IN_H
#define FILES_NPY_IN_H

#include "base/io.h"
#include "files/npy.h"

struct npy_in {
    struct npy a;               /* at least one dimension */
    size_t rows, width;         /* width: elements in a row */
    const char *name;           /* of the file, for messages */
    struct io_in *in;
    size_t next;                /* the row that comes next */
    uint8_t *all;               /* the whole array, if it is in Fortran order */
    uint8_t *row;
};

/* Open path ("-": stdin) and read its header; an array in Fortran order is read whole. */
void npy_open(struct npy_in *array, const char *path);

/* The next row, one of `rows`: its elements in C order, as they stand in the file, until the next call. */
const uint8_t *npy_row(struct npy_in *array);

/* After the last row: nothing may follow it. */
void npy_close(struct npy_in *array);

#endif
