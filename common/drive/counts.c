/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/counts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drive/pass.h"
#include "stream/value.h"

struct counting { const char *field; struct names names; size_t nil; };

static bool count_value(struct rec *r, const struct value *v, void *counting)
{
    struct counting *c = counting;
    uint32_t number;
    c->nil += v->type == V_NIL;
    return v->type == V_NIL || value_number(r, c->field, v, &c->names, &number);
}

/* A name, and its place in the order of the names, which those of one count keep. */
struct place { size_t count, place; const struct name *name; };

static int by_count(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count ? 1 : -1) : (x->place > y->place) - (x->place < y->place);
}

static void put_line(struct str *to, size_t count, size_t all, const char *name, size_t len)
{
    str_printf(to, "%9zu  %5.1f %%  ", count, 100 * (double)count / (double)all);
    str_shown(to, name, len, SIZE_MAX);
    str_char(to, '\n');
}

void counts_table(struct rec_in *in, const char *field, struct str *to)
{
    struct counting c = { .field = field };
    size_t all = pass_each(in, &(struct pass){ .field = field, .what = "records", .any_ids = true, .nil = true, .only = true },
                           count_value, &c);
    struct ranking r = names_rank(&c.names, c.names.n);
    struct place *order = mem_new(c.names.n, sizeof *order);
    for (size_t i = 0; i < c.names.n; i++) {
        const struct name *name = c.names.v + r.shown_name[i];
        order[i] = (struct place){ name->count, i, name };
    }
    qsort(order, c.names.n, sizeof *order, by_count);
    str_printf(to, "%9s  %7s  ", "records", "share");
    str_shown(to, field, strlen(field), SIZE_MAX);
    str_char(to, '\n');
    for (size_t i = 0; i < c.names.n; i++)
        put_line(to, order[i].count, all, order[i].name->text, order[i].name->len);
    if (c.nil)
        put_line(to, c.nil, all, "(nil)", 5);
    ranking_free(&r);
    free(order);
    names_free(&c.names);
}
