/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/tree_read.h"

#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/pass.h"

struct reading { struct tree *t; size_t cap, names_cap; };

/* A whole number from 0 to TREE_NONE - 1. */
static bool read_count(struct rec *r, const char *field, uint32_t *to)
{
    struct value v = rec_get(r, field);
    if (!rec_find(r, field))
        return rec_lacks(r, field, "; --tree of agglo or hdbscan writes it");
    if (v.type != V_INT || v.i < 0 || v.i >= TREE_NONE)
        return rec_error(r, "%s is not a number of a tree", field);
    *to = (uint32_t)v.i;
    return true;
}

static void add(struct reading *a, struct tree_edge edge)
{
    mem_grow(&a->t->v, &a->cap, a->t->n + 1, sizeof edge);
    a->t->v[a->t->n++] = edge;
}

/* A merge of agglo, or what hdbscan says of a vector or cluster. */
static bool add_record(struct rec *r, const struct value *v, void *state)
{
    struct reading *a = state;
    uint32_t one = 0, other = 0;
    double node;
    bool merge = rec_find(r, "left") != NULL;
    if (!read_count(r, merge ? "left" : "parent", &one) || !read_count(r, merge ? "right" : "size", &other))
        return false;
    if (v->type != V_FLOAT || !isfinite(v->f))
        return rec_error(r, "height is not a number");
    if (!opt_number(REC_ID(r), 0, TREE_NONE - 1, &node))
        return rec_error(r, "its id is not the number of a node");
    if (merge) {
        add(a, (struct tree_edge){ (uint32_t)node, one, v->f, 0 });
        add(a, (struct tree_edge){ (uint32_t)node, other, v->f, 0 });
    } else {
        add(a, (struct tree_edge){ one, other > 1 ? (uint32_t)node : TREE_NONE, v->f, other });
    }
    return true;
}

static bool add_name(struct rec *r, const struct value *unused, void *state)
{
    struct reading *a = state;
    struct text id = rec_id(r);
    (void)unused;
    if (!rec_find(r, "cluster") || rec_get(r, "cluster").type != V_NIL) {
        mem_grow(&a->t->names, &a->names_cap, a->t->n_names + 1, sizeof *a->t->names);
        a->t->names[a->t->n_names++] = mem_text(id.p, id.n);
    }
    return true;
}

struct tree *tree_read(struct rec_in *in, const char *songs)
{
    struct reading a = { mem_zero(1, sizeof *a.t), 0, 0 };
    pass_each(in, &(struct pass){ .field = "height", .what = "merges", .only = true }, add_record, &a);
    if (a.t->n == 0)
        die(ST_STOPPED, "no merges to draw: a tree has two vectors or more");
    if (songs) {
        struct rec_in *other = rec_open_file(songs, IO_RECORDS, NULL);
        pass_each(other, &(struct pass){ .what = "songs", .only = true }, add_name, &a);
        rec_close(other);
    }
    return a.t;
}

void tree_free(struct tree *t)
{
    for (size_t i = 0; i < t->n_names; i++)
        free(t->names[i]);
    free(t->names);
    free(t->v);
    free(t);
}
