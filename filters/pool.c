/* pool - segments back to songs: mean of vectors, majority of clusters, by a field
 *
 * in      records with a field that groups them: track
 * out     a record for each of its values: the mean of x, the majority of cluster and its share,
 *         the number of segments, and what is equal in the first and all others
 * memory  one row for each group
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/progress.h"
#include "drive/item.h"
#include "drive/slurp.h"
#include "stream/ids.h"
#include "stream/value.h"

static struct {
    const char *by, *mean, *majority;
} arg = { .by = "track" };

static const struct opt opts[] = {
    OPT_STR('b', "by", &arg.by, "FIELD", "field that says what belongs together"),
    OPT_STR('m', "mean", &arg.mean, "A,B,...", "vectors to average; without: x, if there is one"),
    OPT_STR('c', "majority", &arg.majority, "A,B,...", "labels to vote on; without: cluster, if there is one"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "pool", .brief = "segments back to songs: mean of vectors, majority of clusters",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector, track label",
    .writes = "x vector, cluster label, share number, segments number", .opts = opts, .also = also,
};

enum { DIFFERS = 0xc1 };        /* instead of a value: a byte that MessagePack never uses */

struct vote { uint8_t *raw; size_t size, count; };
struct tally { struct vote *votes; size_t n, cap; };

struct group {
    char *id;
    size_t len, records;
    struct msg_buf kept;        /* name and value, packed, of the first record's other fields */
    double **sums;              /* of each --mean */
    size_t *counts;
    struct tally *tallies;      /* of each --majority */
};

/* The fields of --mean and --majority. */
struct list { char **names; bool *seen; size_t n; };
static struct list means, votes;
static struct row *rows;
static struct group *groups;
static size_t n_groups, groups_cap;

static struct list split(const char *text)
{
    struct list l = { NULL, NULL, 0 };
    for (size_t cap = 0; ; text++) {
        size_t n = strcspn(text, ",");
        mem_grow(&l.names, &cap, l.n + 1, sizeof *l.names);
        l.names[l.n++] = mem_text(text, n);
        text += n;
        if (!*text)
            break;
    }
    l.seen = mem_zero(l.n, sizeof *l.seen);
    return l;
}

static bool listed(const struct list *l, const char *name, size_t len)
{
    for (size_t i = 0; i < l->n; i++)
        if (strlen(l->names[i]) == len && memcmp(l->names[i], name, len) == 0)
            return true;
    return false;
}

/* The id of the record's group, in `text`. False: it is bad. */
static bool key_of(struct rec *r, struct msg_buf *text, struct text *key)
{
    struct value v = rec_get(r, arg.by);
    text->n = 0;
    if (!rec_find(r, arg.by))
        return rec_error(r, "no field %s", arg.by);
    if (v.type != V_NIL && !value_text(&v, text))
        return value_no_label(r, arg.by, &v);
    *key = v.type == V_NIL ? rec_id(r) : (struct text){ (const char *)text->p, text->n };
    return true;
}

/* The next field in a group's `kept` at *at: its name, and its value as packed. */
static bool kept_next(const struct msg_buf *kept, size_t *at, struct text *name, size_t *value, size_t *size)
{
    if (*at >= kept->n)
        return false;
    size_t head, n = msg_str(kept->p + *at, kept->p + kept->n, &head);
    *name = (struct text){ (const char *)kept->p + *at + head, n };
    *value = *at + head + n;
    *size = kept->p[*value] == DIFFERS ? 1 : msg_size(kept->p + *value, kept->p + kept->n);
    *at = *value + *size;
    return true;
}

static struct group *new_group(const struct rec *r, struct text key)
{
    mem_grow(&groups, &groups_cap, n_groups + 1, sizeof *groups);
    struct group *g = groups + n_groups++;
    *g = (struct group){ .id = mem_text(key.p, key.n), .len = key.n };
    g->sums = mem_zero(means.n, sizeof *g->sums);
    g->counts = mem_zero(means.n, sizeof *g->counts);
    g->tallies = mem_zero(votes.n, sizeof *g->tallies);
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->fields + i;
        enum vtype type = field_value(f).type;
        bool id = f->len == 2 && memcmp(f->name, "id", 2) == 0;
        bool used = listed(&means, f->name, f->len) || listed(&votes, f->name, f->len);
        if (!id && !used && type != V_TENSOR && type != V_SPARSE)
            msg_append(&g->kept, f->raw, f->size);
    }
    return g;
}

/* Mark those of the group's fields that are not as in r. */
static void compare(struct group *g, const struct rec *r)
{
    struct text name;
    size_t value, size;
    for (size_t at = 0; kept_next(&g->kept, &at, &name, &value, &size); ) {
        char *word = mem_text(name.p, name.n);
        const struct field *f = rec_find(r, word);
        free(word);
        uint8_t *p = g->kept.p + value;
        if (*p == DIFFERS || (f && value_same(p, size, f->raw + f->key, f->size - f->key)))
            continue;
        *p = DIFFERS;
        memmove(p + 1, p + size, g->kept.n - value - size);
        g->kept.n -= size - 1;
        at = value + 1;
    }
}

static void vote(struct tally *t, const uint8_t *raw, size_t size)
{
    size_t i = 0;
    while (i < t->n && !value_same(t->votes[i].raw, t->votes[i].size, raw, size))
        i++;
    if (i == t->n) {
        mem_grow(&t->votes, &t->cap, t->n + 1, sizeof *t->votes);
        t->votes[t->n++] = (struct vote){ (uint8_t *)mem_text((const char *)raw, size), size, 0 };
    }
    t->votes[i].count++;
}

/* Read the vectors to average into `rows`. A field that was seen is there in every record. */
static bool read_vectors(struct rec *r, const struct head *h, bool *has)
{
    for (size_t i = 0; i < means.n; i++) {
        const char *name = means.names[i];
        struct value v = rec_get(r, name);
        if (!rec_find(r, name) && (arg.mean || means.seen[i]))
            return rec_error(r, "no field %s", name);
        has[i] = v.type != V_NIL;
        if (has[i] && !row_read(r, name, &v, head_columns(h, name), rows + i))
            return false;
    }
    for (size_t i = 0; i < votes.n; i++) {
        struct value v = rec_get(r, votes.names[i]);
        struct msg_buf key = { NULL, 0, 0 };
        bool label = v.type == V_NIL || value_key(&v, &key);
        msg_free(&key);
        if (!rec_find(r, votes.names[i]) && (arg.majority || votes.seen[i]))
            return rec_error(r, "no field %s", votes.names[i]);
        if (!label)
            return value_no_label(r, votes.names[i], &v);
    }
    if (!arg.mean && !arg.majority && !rec_find(r, "x") && !rec_find(r, "cluster"))
        return rec_error(r, "no field x and no field cluster: give --mean or --majority");
    return true;
}

static void add(struct rec *r, struct ids *ids, struct text key, const bool *has)
{
    size_t at = ids_find(ids, key);
    struct group *g = at == SIZE_MAX ? NULL : groups + at;
    if (!g) {
        ids_add(ids, key, n_groups);
        g = new_group(r, key);
    } else {
        compare(g, r);
    }
    g->records++;
    for (size_t i = 0; i < means.n; i++) {
        means.seen[i] |= rec_find(r, means.names[i]) != NULL;
        if (!has[i])
            continue;
        if (!g->sums[i])
            g->sums[i] = mem_zero(rows[i].d, sizeof **g->sums);
        for (size_t c = 0; c < rows[i].d; c++)
            g->sums[i][c] += (double)rows[i].x[c];
        g->counts[i]++;
    }
    for (size_t i = 0; i < votes.n; i++) {
        const struct field *f = rec_find(r, votes.names[i]);
        votes.seen[i] |= f != NULL;
        if (f && field_value(f).type != V_NIL)
            vote(g->tallies + i, f->raw + f->key, f->size - f->key);
    }
}

/* Names of fields that are the same in no group of several records: they say nothing of a song. */
static struct list useless(void)
{
    struct list l = { NULL, NULL, 0 };      /* seen: it is the same somewhere */
    size_t cap = 0, seen_cap = 0;
    for (struct group *g = groups; g < groups + n_groups; g++) {
        struct text name;
        size_t value, size, i;
        for (size_t at = 0; g->records > 1 && kept_next(&g->kept, &at, &name, &value, &size); ) {
            for (i = 0; i < l.n; i++)
                if (strlen(l.names[i]) == name.n && memcmp(l.names[i], name.p, name.n) == 0)
                    break;
            if (i == l.n) {
                mem_grow(&l.names, &cap, l.n + 1, sizeof *l.names);
                mem_grow(&l.seen, &seen_cap, l.n + 1, sizeof *l.seen);
                l.seen[l.n] = false;
                l.names[l.n++] = mem_text(name.p, name.n);
            }
            l.seen[i] |= g->kept.p[value] != DIFFERS;
        }
    }
    size_t n = 0;
    for (size_t i = 0; i < l.n; i++) {
        if (l.seen[i])
            free(l.names[i]);
        else
            l.names[n++] = l.names[i];
    }
    l.n = n;
    return l;
}

static void fill(struct rec *r, const struct group *g, const struct list *left_out)
{
    struct text name;
    size_t value, size;
    rec_begin(r, g->id, g->len);
    for (size_t at = 0; kept_next(&g->kept, &at, &name, &value, &size); ) {
        if (listed(left_out, name.p, name.n))
            continue;
        char *word = mem_text(name.p, name.n);
        if (g->kept.p[value] == DIFFERS)
            rec_set_nil(r, word);
        else
            rec_set_raw(r, word, g->kept.p + value, size);
        free(word);
    }
    for (size_t i = 0; i < means.n; i++) {
        if (!means.seen[i])
            continue;
        for (size_t c = 0; c < rows[i].d && g->counts[i]; c++)
            rows[i].x[c] = (float)(g->sums[i][c] / (double)g->counts[i]);
        if (g->counts[i])
            rec_set_vector(r, means.names[i], rows[i].x, rows[i].d);
        else
            rec_set_nil(r, means.names[i]);
    }
    for (size_t i = 0; i < votes.n; i++) {
        if (!votes.seen[i])
            continue;
        const struct tally *t = g->tallies + i;
        size_t best = 0, all = 0;
        for (size_t k = 0; k < t->n; k++) {
            all += t->votes[k].count;
            best = t->votes[k].count > t->votes[best].count ? k : best;
        }
        char *share = item_side(votes.names[i], "cluster", "share");
        item_note_side(r, share);
        if (all) {
            rec_set_raw(r, votes.names[i], t->votes[best].raw, t->votes[best].size);
            rec_set_f64(r, share, (double)t->votes[best].count / (double)all);
        } else {
            rec_set_nil(r, votes.names[i]);
            rec_set_nil(r, share);
        }
        free(share);
    }
    item_note_side(r, "segments");
    rec_set_int(r, "segments", (int64_t)g->records);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct msg_buf text = { NULL, 0, 0 };
    struct rec_in *in = rec_open(&prog, operands, false);
    struct rec_out *out = rec_create(&prog, in);
    struct rec *r = rec_new();
    struct ids *ids = ids_new();
    means = split(arg.mean ? arg.mean : "x");
    votes = split(arg.majority ? arg.majority : "cluster");
    rows = mem_zero(means.n, sizeof *rows);
    bool *has = mem_zero(means.n, sizeof *has);
    progress_start(0, "records");
    for (size_t count = 0; rec_next(in, r); progress_at(++count, NULL)) {
        struct text key = rec_id(r);
        if (!key_of(r, &text, &key) || !read_vectors(r, rec_head(in), has)) {
            if (!item_bad(r))
                continue;
            memset(has, 0, means.n * sizeof *has);
        } else if (!has[0] && rec_find(r, means.names[0])) {
            item_nil();
        }
        add(r, ids, key, has);
    }
    struct head *h = rec_out_head(out);
    for (size_t i = h->n_columns; i-- > 0; )
        if (!listed(&means, h->columns[i].field, strlen(h->columns[i].field)))
            head_set_columns(h, h->columns[i].field, NULL, 0);
    struct list left_out = useless();
    for (size_t i = 0; i < n_groups; i++) {
        fill(r, groups + i, &left_out);
        rec_put(out, r);
    }
    rec_finish(out);
    rec_close(in);
    for (size_t i = 0; i < left_out.n; i++)
        free(left_out.names[i]);
    free(left_out.names);
    free(left_out.seen);
    ids_free(ids);
    rec_free(r);
    free(has);
    msg_free(&text);
    return item_status();
}
