/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool not_finite(struct rec *r, const char *field, const struct columns *columns, size_t i, float x)
{
    bool named = columns && i < columns->n;
    return rec_error(r, "%s[%zu]%s%s%s is %g", field, i, named ? " (" : "", named ? columns->names[i] : "",
                     named ? ")" : "", (double)x);
}

/* Its place is told by an index for each dimension. */
static bool element_not_finite(struct rec *r, const char *field, const struct tensor *t, size_t i, float x)
{
    char place[24 * TENSOR_DIMS] = "";
    size_t used = 0, block = t->count;
    for (int k = 0; k < t->ndim; k++, i %= block) {
        block /= t->shape[k];
        used += (size_t)snprintf(place + used, sizeof place - used, "[%zu]", i / block);
    }
    return rec_error(r, "%s%s is %g", field, place, (double)x);
}

bool tensor_read(struct rec *r, const char *field, const struct tensor *t, struct row *row)
{
    if (t->count == 0)
        return rec_error(r, "%s is empty", field);
    mem_grow(&row->x, &row->cap, t->count, sizeof *row->x);
    tensor_f32(t, row->x);
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite(row->x[i]))
            return element_not_finite(r, field, t, i, row->x[i]);
    row->d = t->count;
    return true;
}

bool matrix_read(struct rec *r, const char *field, const struct value *v, struct row *row)
{
    if (v->type != V_TENSOR || v->t.ndim != 2)
        return rec_error(r, "%s is not a matrix", field);
    return tensor_read(r, field, &v->t, row);
}

bool row_read_sparse(struct rec *r, const char *field, const struct value *v, const struct columns *columns,
                     struct sparse_row *row)
{
    const struct sparse *s = &v->sp;
    if (row->d && s->d != row->d)
        return rec_error(r, "%s has %zu numbers, not %zu", field, s->d, row->d);
    if (s->d == 0)
        return rec_error(r, "%s is an empty vector", field);
    if (s->nnz >= row->cap) {
        row->cap = 2 * s->nnz + 16;
        row->index = mem_resize(row->index, row->cap, sizeof *row->index);
        row->value = mem_resize(row->value, row->cap, sizeof *row->value);
    }
    memcpy(row->index, s->index, s->nnz * sizeof *row->index);
    memcpy(row->value, s->value, s->nnz * sizeof *row->value);
    for (size_t i = 0; i < s->nnz; i++)
        if (!isfinite(row->value[i]))
            return not_finite(r, field, columns, row->index[i], row->value[i]);
    row->d = s->d;
    row->nnz = s->nnz;
    return true;
}

bool row_read(struct rec *r, const char *field, const struct value *v, const struct columns *columns,
              struct row *row)
{
    size_t d;
    if (v->type == V_TENSOR && v->t.ndim == 1)
        d = v->t.count;
    else if (v->type == V_SPARSE)
        d = v->sp.d;
    else
        return rec_error(r, "%s is not a vector", field);
    if (row->d && d != row->d)
        return rec_error(r, "%s has %zu numbers, not %zu", field, d, row->d);
    if (d == 0)
        return rec_error(r, "%s is an empty vector", field);
    if (d > frame_max / sizeof *row->x)     /* a sparse one may claim any width */
        return rec_error(r, "%s has %zu numbers: written in full, it is larger than --max-record", field, d);
    mem_grow(&row->x, &row->cap, d, sizeof *row->x);
    if (v->type == V_TENSOR)
        tensor_f32(&v->t, row->x);
    else
        sparse_f32(&v->sp, row->x);
    for (size_t i = 0; i < d; i++)
        if (!isfinite(row->x[i]))
            return not_finite(r, field, columns, i, row->x[i]);
    row->d = d;
    return true;
}

bool row_read_stored(struct rec *r, const char *field, const struct value *v, const struct columns *columns,
                     struct stored_row *row)
{
    row->sparse = v->type == V_SPARSE;
    row->dense.d = row->thin.d = row->d;
    if (row->sparse ? !row_read_sparse(r, field, v, columns, &row->thin) : !row_read(r, field, v, columns, &row->dense))
        return false;
    row->d = row->sparse ? row->thin.d : row->dense.d;
    row->n = row->sparse ? row->thin.nnz : row->d;
    row->value = row->sparse ? row->thin.value : row->dense.x;
    return true;
}

void row_set_stored(struct rec *r, const char *field, const struct stored_row *row)
{
    if (row->sparse)
        rec_set_sparse(r, field, row->d, row->n, row->thin.index, row->value);
    else
        rec_set_vector(r, field, row->value, row->d);
}

void row_free_stored(struct stored_row *row)
{
    free(row->dense.x);
    free(row->thin.index);
    free(row->thin.value);
}
