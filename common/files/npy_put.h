/* npy_put - the rows of NumPy's file of one array, made of values
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_NPY_PUT_H
#define FILES_NPY_PUT_H

#include "base/str.h"
#include "files/npy.h"
#include "stream/msg.h"

/* What row the value makes: its shape (none of a single number), and NumPy's type that holds its numbers. False: it is
 * neither an array nor a number. */
bool npy_form(const struct value *v, struct npy *row);

/* Whether two rows have one shape. */
bool npy_same_shape(const struct npy *a, const struct npy *b);

/* Make the type of `row` one that holds numbers of this type, too: of two that differ, a 64-bit float. */
void npy_widen(struct npy *row, char kind, size_t size);

/* Add a row: the numbers of a value of that shape, or NaN for nil, in C order, little-endian. x[row->count] is room. */
void npy_put(struct str *to, const struct npy *row, const struct value *v, double *x);

#endif
