/* row - the numbers of a field as floats, all of them finite
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_ROW_H
#define DRIVE_ROW_H

#include "stream/rec.h"

/* One vector as floats. d is 0 before the first. */
struct row { float *x; size_t d, cap; };

/* Read v (a tensor of one dimension, or sparse) into row->x. Bad (false, r->error set):
 * no vector, a width that is not row->d, a value that is NaN or infinite. `columns` (or
 * NULL) name the place in the message. Free row->x. */
bool row_read(struct rec *r, const char *field, const struct value *v, const struct columns *columns,
              struct row *row);

/* rec_error that v is not `wanted` ("a vector"), what it is instead, and what helps. Returns false. */
bool row_is_not(struct rec *r, const char *field, const struct value *v, const char *wanted);

/* Read a tensor of any shape into row->x, its elements one after the other, and their number into row->d.
 * Bad: it is empty, or an element is NaN or infinite. */
bool tensor_read(struct rec *r, const char *field, const struct tensor *t, struct row *row);

/* The same for a matrix: bad is a v of another number of dimensions, too. */
bool matrix_read(struct rec *r, const char *field, const struct value *v, struct row *row);

/* A sparse vector as it is stored: index[nnz] ascending, value[nnz]; d is 0 before the first. */
struct sparse_row { uint32_t *index; float *value; size_t d, nnz, cap; };

/* As row_read for a v of type V_SPARSE, without writing its zeros out. Free index and value. */
bool row_read_sparse(struct rec *r, const char *field, const struct value *v, const struct columns *columns,
                     struct sparse_row *row);

/* A vector as it is stored, dense or sparse: value[n], of a sparse one with index[n]; d is 0 before
 * the first. */
struct stored_row { size_t d, n; float *value; bool sparse; struct row dense; struct sparse_row thin; };

/* row_read or row_read_sparse, as v is; row_set_stored writes it as it was; what it holds is freed by
 * row_free_stored. */
bool row_read_stored(struct rec *r, const char *field, const struct value *v, const struct columns *columns,
                     struct stored_row *row);
void row_set_stored(struct rec *r, const char *field, const struct stored_row *row);
void row_free_stored(struct stored_row *row);

#endif
