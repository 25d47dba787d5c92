/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/pairs.h"

#include <math.h>
#include <string.h>

static bool is_number(const struct value *v) { return v->type == V_INT || v->type == V_FLOAT; }
static double number_of(const struct value *v) { return v->type == V_INT ? (double)v->i : v->f; }

static void set(struct pair *p, size_t i, double a, double b)
{
    p->i = i;
    p->a = a;
    p->b = b;
    p->error = a == b ? 0 : fabs(a - b);
}

static double element(const struct tensor *t, size_t i)
{
    double x;
    tensor_f64(&(struct tensor){ .type = t->type, .count = 1, .data = t->data + i * dtype_size(t->type) }, &x);
    return x;
}

/* The entry that s stores for column `at` as its *k-th, or 0; *k moves on. */
static double entry(const struct sparse *s, size_t *k, uint32_t at)
{
    uint32_t index;
    float x;
    if (*k == s->nnz || (memcpy(&index, s->index + 4 * *k, 4), index != at))
        return 0;
    memcpy(&x, s->value + 4 * (*k)++, 4);
    return (double)x;
}

static uint32_t next_column(const struct sparse *s, size_t k)
{
    uint32_t index = UINT32_MAX;
    if (k < s->nnz)
        memcpy(&index, s->index + 4 * k, 4);
    return index;
}

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
    bool same = a->ndim == b->ndim;
    for (int k = 0; same && k < a->ndim; k++)
        same = a->shape[k] == b->shape[k];
    return same;
}

bool pairs_each(const struct value *a, const struct value *b, void (*use)(const struct pair *p, void *state), void *state)
{
    struct pair p = { .count = 1 };
    if (is_number(a) && is_number(b)) {
        set(&p, 0, number_of(a), number_of(b));
        if (a->type == V_INT && b->type == V_INT && a->i != b->i)   /* exact, where doubles are not */
            p.error = (double)(a->i > b->i ? (uint64_t)a->i - (uint64_t)b->i : (uint64_t)b->i - (uint64_t)a->i);
        use(&p, state);
        return true;
    }
    if (a->type == V_TENSOR && b->type == V_TENSOR && same_shape(&a->t, &b->t)) {
        p = (struct pair){ .count = a->t.count, .ndim = a->t.ndim, .shape = a->t.shape };
        for (size_t i = 0; i < a->t.count; i++) {
            set(&p, i, element(&a->t, i), element(&b->t, i));
            use(&p, state);
        }
        return true;
    }
    if (a->type == V_SPARSE && b->type == V_SPARSE && a->sp.d == b->sp.d) {
        p = (struct pair){ .count = a->sp.d, .ndim = 1, .shape = &a->sp.d };
        for (size_t i = 0, j = 0; i < a->sp.nnz || j < b->sp.nnz; ) {
            uint32_t of_a = next_column(&a->sp, i), of_b = next_column(&b->sp, j), at = of_a < of_b ? of_a : of_b;
            double x = entry(&a->sp, &i, at), y = entry(&b->sp, &j, at);
            set(&p, at, x, y);
            use(&p, state);
        }
        return true;
    }
    return false;
}

void pair_index(struct str *to, const struct pair *p)
{
    size_t rest = p->i, step = p->count;
    for (int k = 0; k < p->ndim; k++) {
        step /= p->shape[k];
        str_printf(to, "%s%zu", k ? "," : "[", rest / step);
        rest %= step;
    }
    str_text(to, p->ndim ? "]" : "");
}
