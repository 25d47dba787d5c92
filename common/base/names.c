/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/classes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Fowler, Noll and Vo's hash, variant 1a. */
static size_t hash(const char *name, size_t len)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)name[i]) * 1099511628211u;
    return (size_t)h;
}

/* The slot of a name, or the free one where it belongs. */
static size_t *slot_of(const struct classes *c, const char *name, size_t len)
{
    size_t at = hash(name, len) & (c->n_slots - 1);
    for (;; at = (at + 1) & (c->n_slots - 1)) {
        const struct class *k = c->slots[at] ? c->v + c->slots[at] - 1 : NULL;
        if (!k || (k->len == len && memcmp(k->name, name, len) == 0))
            return c->slots + at;
    }
}

size_t classes_add(struct classes *c, const char *name, size_t len, bool number, int64_t value)
{
    if (2 * (c->n + 1) > c->n_slots) {
        free(c->slots);
        c->n_slots = c->n_slots ? 2 * c->n_slots : 64;
        c->slots = mem_zero(c->n_slots, sizeof *c->slots);
        for (size_t i = 0; i < c->n; i++)
            *slot_of(c, c->v[i].name, c->v[i].len) = i + 1;
    }
    size_t *slot = slot_of(c, name, len);
    if (!*slot) {
        mem_grow(&c->v, &c->cap, c->n + 1, sizeof *c->v);
        c->v[c->n++] = (struct class){ mem_text(name, len), len, 0, number, value };
        *slot = c->n;
    }
    c->v[*slot - 1].count++;
    return *slot - 1;
}

/* Sorting of pointers to classes. */
static int by_name(const void *a, const void *b)
{
    const struct class *x = *(const struct class *const *)a, *y = *(const struct class *const *)b;
    if (x->number != y->number)
        return x->number ? -1 : 1;
    if (x->number)
        return (x->value > y->value) - (x->value < y->value);
    int order = memcmp(x->name, y->name, x->len < y->len ? x->len : y->len);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int by_count(const void *a, const void *b)
{
    const struct class *x = *(const struct class *const *)a, *y = *(const struct class *const *)b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : by_name(a, b);
}

struct ranking classes_rank(const struct classes *c, size_t most)
{
    struct ranking r = { .shown = c->n > most ? most - 1 : c->n };
    const struct class **order = mem_new(c->n, sizeof *order);
    r.rank = mem_new(c->n, sizeof *r.rank);
    r.shown_class = mem_new(r.shown, sizeof *r.shown_class);
    for (size_t i = 0; i < c->n; i++)
        order[i] = c->v + i;
    if (r.shown < c->n)
        qsort(order, c->n, sizeof *order, by_count);
    if (r.shown)
        qsort(order, r.shown, sizeof *order, by_name);
    for (size_t i = 0; i < c->n; i++) {
        size_t class = (size_t)(order[i] - c->v);
        r.rank[class] = i < r.shown ? i : r.shown;
        if (i < r.shown)
            r.shown_class[i] = class;
        else
            r.others_count += c->v[class].count;
    }
    r.others = c->n - r.shown;
    free(order);
    return r;
}

void ranking_free(struct ranking *r)
{
    free(r->rank);
    free(r->shown_class);
}

void classes_free(struct classes *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->v[i].name);
    free(c->v);
    free(c->slots);
}
