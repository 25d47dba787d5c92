/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/scored.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/mem.h"
#include "drive/pass.h"
#include "drive/row.h"
#include "stream/value.h"

struct reader {
    struct scored *s;
    const char *input, *map, *cluster;
    const struct head *head;
    size_t records, x_cap, map_cap, cluster_cap, *truth_cap, id_cap;
    bool keep;
    struct row row, place;
    struct msg_buf ids;         /* NUL-ended, of the rows */
    struct msg_buf lacking;     /* the same of records without a vector so far */
};

static void name_truths(struct scored *s, const struct opt_words *truths)
{
    s->n_truths = truths->n;
    s->truths = mem_zero(truths->n, sizeof *s->truths);
    for (size_t i = 0; i < truths->n; i++)
        s->truths[i].field = mem_text(truths->v[i], strlen(truths->v[i]));
}

/* A record has a vector: those that had not even nil are bad, and nothing of them counts. */
static void blame_lacking(struct reader *in)
{
    struct rec *r = rec_new();
    const char *id = (const char *)in->lacking.p;
    for (size_t left = in->lacking.n, n; left; left -= n, id += n) {
        n = strlen(id) + 1;
        rec_begin(r, id, n - 1);
        rec_lacks(r, in->input, "");
        item_bad(r);
    }
    if (in->lacking.n)
        in->s->n = in->s->noise = in->ids.n = 0;
    in->lacking.n = 0;
    rec_free(r);
}

/* Read the vector: false without one, r->error or r->nil set. Until one is seen, a record may
 * lack the field. */
static bool vector(struct reader *in, struct rec *r)
{
    const struct field *f = rec_find(r, in->input);
    struct text id = rec_id(r);
    if (!f && in->records && !in->lacking.n)
        return rec_lacks(r, in->input, "");
    if (!f) {
        msg_append(&in->lacking, id.p, id.n);
        msg_append(&in->lacking, "", 1);
        return true;
    }
    blame_lacking(in);
    struct value v = field_value(f);
    r->nil = v.type == V_NIL;
    return !r->nil && row_read(r, in->input, &v, head_columns(in->head, in->input), &in->row);
}

/* Read the place on the map, if one is asked for. */
static bool place(struct reader *in, struct rec *r)
{
    struct value v;
    return !in->map || (rec_need(r, in->map, &v) && row_read(r, in->map, &v, NULL, &in->place));
}

/* Add a row's numbers to the n rows of to. */
static void add_row(float **to, size_t *cap, size_t n, const struct row *row)
{
    budget_need((double)(n + 1) * (double)row->d * sizeof **to, "the matrix of all vectors");
    mem_grow(to, cap, mem_mul(n + 1, row->d), sizeof **to);
    memcpy(*to + n * row->d, row->x, row->d * sizeof **to);
}

/* Keep what one record has; false: it is nil or bad, and nothing of it is kept. */
static bool keep_record(struct reader *in, struct rec *r)
{
    struct scored *s = in->s;
    uint32_t cluster = SCORED_NONE;
    struct value v;
    if (!vector(in, r) || !place(in, r) || !rec_need(r, in->cluster, &v))
        return false;
    int64_t whole;
    bool noise = value_whole(&v, &whole) && whole == -1;
    if (!noise && !value_number(r, in->cluster, &v, &s->clusters, &cluster))
        return false;
    for (size_t i = 0; i < s->n_truths; i++) {
        struct scored_truth *t = s->truths + i;
        mem_grow(&t->label, in->truth_cap + i, s->n + 1, sizeof *t->label);
        t->label[s->n] = SCORED_NONE;
        if (rec_need(r, t->field, &v) ? !value_number(r, t->field, &v, &t->names, t->label + s->n) : !r->nil)
            return false;
    }
    mem_grow(&s->cluster, &in->cluster_cap, s->n + 1, sizeof *s->cluster);
    s->cluster[s->n] = cluster;
    s->noise += noise;
    if (in->keep) {
        struct text id = rec_id(r);
        mem_grow(&s->id, &in->id_cap, s->n + 1, sizeof *s->id);
        s->id[s->n] = in->ids.n;
        msg_append(&in->ids, id.p, id.n);
        msg_append(&in->ids, "", 1);
    }
    if (in->row.d)
        add_row(&s->x, &in->x_cap, s->n, &in->row);
    if (in->map)
        add_row(&s->map, &in->map_cap, s->n, &in->place);
    s->n++;
    return true;
}

static bool add_record(struct rec *r, const struct value *v, void *state)
{
    struct reader *in = state;
    (void)v;
    bool kept = keep_record(in, r);
    in->records++;
    return kept;
}

struct scored *scored_read(struct rec_in *file, const char *input, const char *map, const char *cluster,
                           const struct opt_words *truths, bool keep)
{
    struct scored *s = mem_zero(1, sizeof *s);
    struct reader in = { .s = s, .input = input, .map = map, .cluster = cluster, .head = rec_head(file), .keep = keep };
    name_truths(s, truths);
    in.truth_cap = mem_zero(s->n_truths, sizeof *in.truth_cap);
    const char **fields = mem_zero(truths->n + 4, sizeof *fields), **to = fields;
    *to++ = input;
    *to++ = cluster;
    for (size_t i = 0; i < truths->n; i++)
        *to++ = truths->v[i];
    *to = map;
    pass_each(file, &(struct pass){ .only = true, .fields = fields }, add_record, &in);
    free(fields);
    s->all = s->n;
    s->d = in.row.d;
    s->map_d = in.place.d;
    s->without_x = s->d == 0;
    s->ids = (char *)in.ids.p;
    free(in.truth_cap);
    free(in.row.x);
    free(in.place.x);
    msg_free(&in.lacking);
    return s;
}

/* Number the labels below k that occur in label[n] from 0 without gaps; how many there are.
 * What they were goes to from[k] (or NULL). */
static size_t close_gaps(uint32_t *label, size_t n, size_t k, uint32_t *from)
{
    uint32_t *to = mem_new(k, sizeof *to), next = 0;
    for (size_t j = 0; j < k; j++)
        to[j] = SCORED_NONE;
    for (size_t i = 0; i < n; i++) {
        if (to[label[i]] == SCORED_NONE) {
            if (from)
                from[next] = label[i];
            to[label[i]] = next++;
        }
        label[i] = to[label[i]];
    }
    free(to);
    return next;
}

void scored_noise(struct scored *s, enum scored_noise what)
{
    size_t left = 0;
    uint32_t own = (uint32_t)s->clusters.n;
    for (size_t i = 0; i < s->n; i++) {
        bool noise = s->cluster[i] == SCORED_NONE;
        if (noise && what == NOISE_DROP)
            continue;
        s->cluster[left] = noise ? own : s->cluster[i];
        own += noise && what == NOISE_SINGLETONS;
        if (s->d)
            memmove(s->x + left * s->d, s->x + i * s->d, s->d * sizeof *s->x);
        if (s->map)
            memmove(s->map + left * s->map_d, s->map + i * s->map_d, s->map_d * sizeof *s->map);
        if (s->id)
            s->id[left] = s->id[i];
        for (size_t t = 0; t < s->n_truths; t++)
            s->truths[t].label[left] = s->truths[t].label[i];
        left++;
    }
    s->n = left;
    s->origin = mem_resize(s->origin, (size_t)own + 1, sizeof *s->origin);
    s->k = close_gaps(s->cluster, left, (size_t)own + 1, s->origin);
    for (size_t j = 0; j < s->k; j++)
        if (s->origin[j] >= s->clusters.n)
            s->origin[j] = SCORED_NONE;
}

size_t scored_pairs(const struct scored *s, const struct scored_truth *t, uint32_t *truth, uint32_t *cluster)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (t->label[i] != SCORED_NONE) {
            truth[n] = t->label[i];
            cluster[n++] = s->cluster[i];
        }
    close_gaps(truth, n, t->names.n, NULL);
    close_gaps(cluster, n, s->k, NULL);
    return n;
}

void scored_free(struct scored *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_truths; i++) {
        free(s->truths[i].field);
        free(s->truths[i].label);
        names_free(&s->truths[i].names);
    }
    free(s->truths);
    free(s->cluster);
    free(s->origin);
    names_free(&s->clusters);
    free(s->ids);
    free(s->id);
    free(s->x);
    free(s->map);
    free(s);
}
