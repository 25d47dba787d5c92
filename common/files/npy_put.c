/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/npy_put.h"

#include <math.h>
#include <string.h>

bool npy_form(const struct value *v, struct npy *row)
{
    static const struct { char kind; size_t size; } types[] = {
        [T_F4] = { 'f', 4 }, [T_F2] = { 'f', 4 }, [T_F8] = { 'f', 8 }, [T_I4] = { 'i', 4 }, [T_U4] = { 'u', 4 } };
    *row = (struct npy){ .count = 1, .kind = 'f', .size = 8 };
    if (v->type == V_TENSOR) {
        row->ndim = v->t.ndim;
        row->count = v->t.count;
        row->kind = types[v->t.type].kind;
        row->size = types[v->t.type].size;
        memcpy(row->shape, v->t.shape, (size_t)v->t.ndim * sizeof *row->shape);
    } else if (v->type == V_SPARSE) {
        *row = (struct npy){ .ndim = 1, .shape = { v->sp.d }, .count = v->sp.d, .kind = 'f', .size = 4 };
    } else if (v->type == V_BOOL) {
        row->kind = 'b';
        row->size = 1;
    } else if (v->type == V_INT) {
        row->kind = 'i';
    }
    return v->type == V_TENSOR || v->type == V_SPARSE || v->type == V_BOOL || v->type == V_INT || v->type == V_FLOAT;
}

bool npy_same_shape(const struct npy *a, const struct npy *b)
{
    return a->ndim == b->ndim && memcmp(a->shape, b->shape, sizeof a->shape) == 0;
}

void npy_widen(struct npy *row, char kind, size_t size)
{
    if (row->kind != kind || row->size != size) {
        row->kind = 'f';
        row->size = 8;
    }
}

static void put_number(struct str *to, const struct npy *row, double v, int64_t whole)
{
    to->n += npy_write(str_room(to, row->size), row->kind, row->size, v, whole);
}

void npy_put(struct str *to, const struct npy *row, const struct value *v, double *x)
{
    if (v->type == V_INT) {
        put_number(to, row, (double)v->i, v->i);
    } else if (v->type == V_BOOL || v->type == V_FLOAT) {
        put_number(to, row, v->type == V_FLOAT ? v->f : (double)v->b, v->type == V_BOOL && v->b);
    } else if (v->type == V_TENSOR) {
        tensor_f64(&v->t, x);
        for (size_t i = 0; i < row->count; i++)
            put_number(to, row, x[i], row->kind == 'f' ? 0 : (int64_t)x[i]);
    } else {                    /* sparse, or nil: zeros, or NaN */
        for (size_t i = 0; i < row->count; i++)
            x[i] = v->type == V_SPARSE ? 0 : (double)NAN;
        for (size_t i = 0; v->type == V_SPARSE && i < v->sp.nnz; i++) {
            uint32_t at;
            float value;
            memcpy(&at, v->sp.index + 4 * i, 4);
            memcpy(&value, v->sp.value + 4 * i, 4);
            x[at] = (double)value;
        }
        for (size_t i = 0; i < row->count; i++)
            put_number(to, row, x[i], 0);
    }
}
