/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { EXAMPLE = 160 };

struct survey *survey_new(void)
{
    struct survey *all = mem_zero(1, sizeof *all);
    all->ids = ids_new();
    all->numbers = ids_new();
    return all;
}

/* The field's part; it is where it was in the last record, most often. */
static struct survey_field *find(struct survey *all, const struct field *f, size_t hint, const struct head *h)
{
    const struct survey_field *there = hint < all->n ? all->v + hint : NULL;
    struct text name = { f->name, f->len };
    size_t k = there && there->len == f->len && memcmp(there->name, f->name, f->len) == 0 ? hint : ids_find(all->numbers, name);
    if (k != SIZE_MAX)
        return all->v + k;
    ids_add(all->numbers, name, all->n);
    mem_grow(&all->v, &all->cap, all->n + 1, sizeof *all->v);
    all->v[all->n] = (struct survey_field){ .name = mem_text(f->name, f->len), .len = f->len, .texts = ids_new(),
                                            .low = HUGE_VAL, .high = -HUGE_VAL, .least_dims = TENSOR_DIMS };
    all->v[all->n].columns = h ? head_columns(h, all->v[all->n].name) : NULL;
    return all->v + all->n++;
}

static bool finite_all(const uint8_t *p, size_t n)      /* of n f4 */
{
    uint32_t bits, bad = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, p + 4 * i, 4);
        bad |= (bits & 0x7f800000) == 0x7f800000;
    }
    return !bad;
}

static void add_array(struct survey_field *s, const struct tensor *t, const struct columns *c)
{
    s->dtypes |= 1u << t->type;
    s->least_dims = t->ndim < s->least_dims ? t->ndim : s->least_dims;
    s->most_dims = t->ndim > s->most_dims ? t->ndim : s->most_dims;
    bool first = s->types[V_TENSOR] + s->types[V_SPARSE] == 1;
    for (int k = 0; k < t->ndim; k++) {
        s->least[k] = first || t->shape[k] < s->least[k] ? t->shape[k] : s->least[k];
        s->most[k] = t->shape[k] > s->most[k] ? t->shape[k] : s->most[k];
    }
    s->odd_width += c && (t->ndim == 0 || t->shape[t->ndim - 1] != c->n);
}

static void add_field(struct survey_field *s, const struct field *f)
{
    struct value v = field_value(f);
    s->types[v.type]++;
    double x = v.type == V_INT ? (double)v.i : v.f;
    switch (v.type) {
    case V_BOOL:
        s->yes += v.b;
        break;
    case V_INT:
    case V_FLOAT:
        s->low = x < s->low ? x : s->low;
        s->high = x > s->high ? x : s->high;
        s->not_finite += isfinite(x) ? 0 : 1;
        break;
    case V_STR:
    case V_BIN:
        if (s->different <= SURVEY_MANY)
            s->different += ids_add(s->texts, v.s, 0);
        if (!s->example.p)
            str_put(&s->example, v.s.p, v.s.n < EXAMPLE ? v.s.n : EXAMPLE);
        break;
    case V_TENSOR:
        add_array(s, &v.t, s->columns);
        s->not_finite += v.t.type == T_F4 && !finite_all(v.t.data, v.t.count);
        break;
    case V_SPARSE:
        add_array(s, &(struct tensor){ .type = T_F4, .ndim = 1, .shape = { v.sp.d } }, s->columns);
        s->not_finite += !finite_all(v.sp.value, v.sp.nnz);
        break;
    case V_NIL:
    case V_OTHER:
        break;
    }
}

void survey_add(struct survey *all, const struct rec *r, const struct head *h)
{
    struct text id = rec_id(r);
    for (size_t i = 0; i < r->n; i++)
        add_field(find(all, r->fields + i, i, h), r->fields + i);
    if (!ids_add(all->ids, id, all->records++) && !all->twice++)
        str_put(&all->first_twice, id.p, id.n);
}

void survey_free(struct survey *all)
{
    for (size_t i = 0; i < all->n; i++) {
        free(all->v[i].name);
        str_free(&all->v[i].example);
        ids_free(all->v[i].texts);
    }
    ids_free(all->ids);
    ids_free(all->numbers);
    str_free(&all->first_twice);
    free(all->v);
    free(all);
}
