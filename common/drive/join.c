/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/join.h"

#include <stdatomic.h>
#include <string.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/rng.h"
#include "stream/ids.h"
#include "stream/value.h"

struct group { size_t *at, n, cap; };

/* A record as it came: taken apart it would be ten times as large. */
struct kept { size_t size; uint8_t body[]; };

struct partners {
    struct rec_in *in;
    struct kept **kept;         /* [n] */
    size_t cap, next;           /* next, rest: for join_rest */
    struct rec *rest;
    struct ids *ids;
    struct ids *labels;         /* --by: the number of each label's group */
    struct group *groups;       /* --draw: who may be drawn together */
    size_t n_groups, groups_cap;
    atomic_bool *used;
    atomic_size_t alone;        /* records here that have no partner there */
};

/* The number of r's group, SIZE_MAX if it has none: with `add` a new label founds one. */
static size_t group_of(const struct join *j, const struct rec *r, bool add)
{
    struct partners *p = j->partners;
    struct msg_buf key = { NULL, 0, 0 };
    struct value v = { .type = V_NIL };
    if (j->by)
        v = rec_get(r, j->by);
    if (j->by && !value_key(&v, &key))
        return SIZE_MAX;
    struct text label = { (const char *)key.p, key.n };
    size_t at = ids_find(p->labels, label);
    if (at == SIZE_MAX && add) {
        ids_add(p->labels, label, at = p->n_groups);
        mem_grow(&p->groups, &p->groups_cap, p->n_groups + 1, sizeof *p->groups);
        p->groups[p->n_groups++] = (struct group){ NULL, 0, 0 };
    }
    msg_free(&key);
    return at;
}

static struct kept *keep(struct span body)
{
    struct kept *k = mem_new(sizeof *k + body.n, 1);
    k->size = body.n;
    memcpy(k->body, body.p, body.n);
    return k;
}

void join_open(struct join *j)
{
    if (!j->with.path)
        return;
    struct partners *p = j->partners = mem_zero(1, sizeof *p);
    p->in = rec_open_file(j->with.path, IO_RECORDS, NULL);
    p->ids = ids_new();
    p->labels = ids_new();
    struct rec *r = rec_new();
    while (rec_next(p->in, r)) {
        struct text id = rec_id(r);
        if (!ids_add(p->ids, id, j->n))
            die(ST_STREAM, "%s: id %s appears twice", j->with.path, SHORT(id.p, id.n));
        size_t at = j->draw ? group_of(j, r, true) : SIZE_MAX;
        if (at != SIZE_MAX) {
            struct group *g = p->groups + at;
            mem_grow(&g->at, &g->cap, g->n + 1, sizeof *g->at);
            g->at[g->n++] = j->n;
        }
        mem_grow(&p->kept, &p->cap, j->n + 1, sizeof *p->kept);
        p->kept[j->n++] = keep(rec_body(p->in));
    }
    rec_free(r);
    j->with.xxh3 = rec_hash(p->in);
    p->used = mem_zero(j->n, sizeof *p->used);
}

const struct head *join_head(const struct join *j)
{
    return j->partners ? rec_head(j->partners->in) : NULL;
}

/* Index of the record that r's id, or the text of its field --on, is the id of. */
static size_t find_partner(const struct join *j, const struct rec *r)
{
    struct msg_buf id = { NULL, 0, 0 };
    struct value v = rec_get(r, j->on);
    size_t at = value_text(&v, &id) ? ids_find(j->partners->ids, (struct text){ (const char *)id.p, id.n }) : SIZE_MAX;
    msg_free(&id);
    return at;
}

static size_t draw_partner(const struct join *j, const struct rec *r)
{
    struct text id = rec_id(r);
    struct rng rng;
    size_t at = group_of(j, r, false);
    if (at == SIZE_MAX)
        return SIZE_MAX;
    rng_init(&rng, j->seed, XXH3_64bits(id.p, id.n));
    return j->partners->groups[at].at[rng_below(&rng, j->partners->groups[at].n)];
}

struct rec *join_rec(const struct join *j, size_t i, struct rec *to)
{
    const struct kept *k = j->partners->kept[i];
    rec_parse(to, k->body, k->size);        /* as it was when it was read */
    return to;
}

const struct rec *join_partner(struct join *j, const struct rec *r, struct rec *to)
{
    if (!j->partners)
        return NULL;
    size_t at = j->draw ? draw_partner(j, r) : find_partner(j, r);
    if (at == SIZE_MAX) {
        j->partners->alone++;
        return NULL;
    }
    j->partners->used[at] = true;
    return join_rec(j, at, to);
}

bool join_rest(struct join *j, struct rec *r)
{
    struct partners *p = j->partners;
    if (!p || j->draw || strcmp(j->on, "id") != 0)
        return false;
    while (p->next < j->n && p->used[p->next])
        p->next++;
    if (p->next == j->n)
        return false;
    if (!p->rest)
        p->rest = rec_new();
    const struct rec *from = join_rec(j, p->next++, p->rest);
    struct text id = rec_id(from);
    rec_begin(r, id.p, id.n);
    for (size_t i = 0; i < from->n; i++)
        rec_take(r, from->fields + i);
    return true;
}

void join_note(const struct join *j)
{
    size_t unused = 0, alone = j->partners ? (size_t)j->partners->alone : 0;
    for (size_t i = 0; i < j->n; i++)
        unused += !j->partners->used[i];
    if (!progress_quiet && (alone || unused))
        warn("%zu record%s no partner in %s; %zu of its records %s none here", alone, alone == 1 ? " has" : "s have",
             j->with.path, unused, unused == 1 ? "has" : "have");
}
