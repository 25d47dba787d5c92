/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "stream/value.h"

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

/* Of an array of a type that songpipe does not have: the type as NumPy calls it, "<i8", and its shape; false if it
 * is not an array. */
static bool find_foreign(const struct field *f, struct text *type, struct str *shape)
{
    const uint8_t *p = f->raw + f->key, *end = f->raw + f->size;
    size_t head, n = msg_map(p, end, &head);
    bool shaped = false;
    *type = (struct text){ NULL, 0 };
    for (p += n == SIZE_MAX ? 0 : head; n != SIZE_MAX && n > 0 && p < end; n--) {
        size_t k = msg_size(p, end), v = k ? msg_size(p + k, end) : 0, to;
        if (!v)
            return false;
        struct value key = msg_value(p, k), value = msg_value(p + k, v);
        struct text name = key.type == V_STR || key.type == V_BIN ? key.s : (struct text){ "", 0 };
        if (name.n == 4 && memcmp(name.p, "type", 4) == 0 && (value.type == V_STR || value.type == V_BIN))
            *type = value.s;
        if (name.n == 5 && memcmp(name.p, "shape", 5) == 0) {
            size_t dims = msg_array(p + k, end, &to);
            const uint8_t *at = p + k + to;
            shaped = dims != SIZE_MAX;
            for (size_t i = 0; shaped && i < dims && i < TENSOR_DIMS; i++) {
                size_t size = msg_size(at, end);
                struct value one = size ? msg_value(at, size) : (struct value){ .type = V_NIL };
                shaped &= one.type == V_INT;
                if (shaped)
                    str_printf(shape, "%s%lld", i ? " x " : "", (long long)one.i);
                at += size;
            }
        }
        p += k + v;
    }
    return type->p && shaped;
}

bool row_is_not(struct rec *r, const char *field, const struct value *v, const char *wanted)
{
    const struct field *f = rec_find(r, field);
    struct str shape = { NULL, 0, 0 };
    struct text type;
    char brief[VALUE_BRIEF];
    if (v->type == V_OTHER && f && find_foreign(f, &type, &shape)) {
        bool swapped = type.n && *type.p == '>';
        rec_error(r, "%s is not %s of floats or 32-bit integers but an array of type %s%s, shape %s: save it as '<f4'", field,
                  wanted, SHORT(type.p, type.n), swapped ? " (big-endian)" : "", shape.n ? shape.p : "()");
    } else if (v->type == V_TENSOR) {
        str_shape(&shape, v->t.ndim, v->t.shape, " x ");
        rec_error(r, "%s is not %s but an array of type %s, shape %s%s", field, wanted, dtype_name(v->t.type),
                  shape.n ? shape.p : "()", v->t.ndim == 2 ? ": summarize makes a vector of it" : "");
    } else {
        rec_error(r, "%s is not %s but %s%s", field, wanted, v->type == V_OTHER ? "a list or a map" : value_brief(v, brief),
                  v->type == V_STR ? ": tfidf and embed make vectors of text" : "");
    }
    str_free(&shape);
    return false;
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
        return row_is_not(r, field, v, "a matrix");
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
        return row_is_not(r, field, v, "a vector");
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
