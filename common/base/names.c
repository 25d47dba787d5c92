/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/names.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* The slot of a text, or the free one where it belongs. */
static size_t *slot_of(const struct names *c, const char *text, size_t len, enum name_kind kind)
{
    size_t at = hash_bytes(text, len) & (c->n_slots - 1);
    for (;; at = (at + 1) & (c->n_slots - 1)) {
        const struct name *k = c->slots[at] ? c->v + c->slots[at] - 1 : NULL;
        if (!k || (k->len == len && k->kind == kind && memcmp(k->text, text, len) == 0))
            return c->slots + at;
    }
}

size_t names_add(struct names *c, const char *text, size_t len, enum name_kind kind, double number)
{
    if (2 * (c->n + 1) > c->n_slots) {
        free(c->slots);
        c->n_slots = c->n_slots ? 2 * c->n_slots : 64;
        c->slots = mem_zero(c->n_slots, sizeof *c->slots);
        for (size_t i = 0; i < c->n; i++)
            *slot_of(c, c->v[i].text, c->v[i].len, c->v[i].kind) = i + 1;
    }
    size_t *slot = slot_of(c, text, len, kind);
    if (!*slot) {
        mem_grow(&c->v, &c->cap, c->n + 1, sizeof *c->v);
        c->v[c->n++] = (struct name){ mem_text(text, len), len, 0, kind, number };
        *slot = c->n;
    }
    c->v[*slot - 1].count++;
    return *slot - 1;
}

size_t names_find(const struct names *c, const char *text, size_t len, enum name_kind kind)
{
    size_t at = c->n_slots ? *slot_of(c, text, len, kind) : 0;
    return at ? at - 1 : SIZE_MAX;
}

char *names_id(const struct names *c, size_t i, size_t *len)
{
    const struct name *name = c->v + i;
    bool alike = name->kind == NAME_TEXT && (names_find(c, name->text, name->len, NAME_NUMBER) != SIZE_MAX ||
                                             names_find(c, name->text, name->len, NAME_BOOL) != SIZE_MAX);
    char *id = mem_new(name->len + 2, 1);
    memcpy(id, name->text, name->len);
    *len = name->len;
    if (alike) {
        memcpy(id + 1, name->text, name->len);
        id[0] = id[name->len + 1] = '"';
        *len += 2;
    }
    return id;
}

/* Sorting of pointers to names. */
static int by_name(const void *a, const void *b)
{
    const struct name *x = *(const struct name *const *)a, *y = *(const struct name *const *)b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->kind != NAME_TEXT)
        return (x->number > y->number) - (x->number < y->number);
    int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int by_count(const void *a, const void *b)
{
    const struct name *x = *(const struct name *const *)a, *y = *(const struct name *const *)b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : by_name(a, b);
}

struct ranking names_rank(const struct names *c, size_t most)
{
    struct ranking r = { .shown = c->n > most ? most - 1 : c->n };
    const struct name **order = mem_new(c->n, sizeof *order);
    r.rank = mem_new(c->n, sizeof *r.rank);
    r.shown_name = mem_new(r.shown, sizeof *r.shown_name);
    for (size_t i = 0; i < c->n; i++)
        order[i] = c->v + i;
    if (r.shown < c->n)
        qsort(order, c->n, sizeof *order, by_count);
    if (r.shown)
        qsort(order, r.shown, sizeof *order, by_name);
    for (size_t i = 0; i < c->n; i++) {
        size_t name = (size_t)(order[i] - c->v);
        r.rank[name] = i < r.shown ? i : r.shown;
        if (i < r.shown)
            r.shown_name[i] = name;
        else
            r.others_count += c->v[name].count;
    }
    r.others = c->n - r.shown;
    free(order);
    return r;
}

void ranking_free(struct ranking *r)
{
    free(r->rank);
    free(r->shown_name);
}

void names_free(struct names *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->v[i].text);
    free(c->v);
    free(c->slots);
}
