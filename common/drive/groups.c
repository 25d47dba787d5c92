/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/groups.h"

#include <string.h>

#include "base/mem.h"
#include "drive/alike.h"
#include "drive/item.h"
#include "stream/ids.h"
#include "stream/value.h"

struct groups {
    bool (*leave)(const struct field *f);
    struct ids *ids;            /* number of a group by its id */
    struct group { char *id; size_t len; struct alike alike; } *v;
    size_t n, cap;
    struct alike_seen seen;     /* once looked at */
    bool looked;
};

bool groups_id(struct rec *r, const char *by, struct text *id)
{
    static struct msg_buf text;
    struct value v;
    text.n = 0;
    *id = rec_id(r);
    if (!by)
        return true;
    if (!rec_need(r, by, &v)) {
        bool nil = r->nil;
        r->nil = false;
        return nil;
    }
    if (!value_text(&v, &text))
        return value_no_label(r, by, &v);
    *id = (struct text){ (const char *)text.p, text.n };
    return true;
}

struct groups *groups_new(bool (*leave)(const struct field *f))
{
    struct groups *g = mem_zero(1, sizeof *g);
    g->leave = leave;
    g->ids = ids_new();
    return g;
}

size_t groups_count(const struct groups *g) { return g->n; }

size_t groups_add(struct groups *g, const struct rec *r, struct text id)
{
    size_t at = ids_find(g->ids, id);
    if (at == SIZE_MAX) {
        ids_add(g->ids, id, at = g->n++);
        mem_grow(&g->v, &g->cap, g->n, sizeof *g->v);
        g->v[at] = (struct group){ .id = mem_text(id.p, id.n), .len = id.n };
    }
    alike_add(&g->v[at].alike, r, g->leave);
    return at;
}

void groups_fill(struct groups *g, size_t i, struct rec *r)
{
    for (size_t k = 0; !g->looked && k < g->n; k++)
        alike_look(&g->seen, &g->v[k].alike);
    g->looked = true;
    rec_begin(r, g->v[i].id, g->v[i].len);
    alike_set(r, &g->v[i].alike, &g->seen);
}

void groups_fill_count(const struct groups *g, size_t i, struct rec *r)
{
    item_note_side(r, "segments");
    rec_set_int(r, "segments", (int64_t)g->v[i].alike.records);
}

void groups_head(const struct groups *g, struct head *h)
{
    for (size_t i = h->n_columns; i-- > 0; )
        if (!g->leave(&(struct field){ .name = h->columns[i].field, .len = strlen(h->columns[i].field) }))
            head_set_columns(h, h->columns[i].field, NULL, 0);
}
