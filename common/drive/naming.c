/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/naming.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/str.h"
#include "drive/row.h"
#include "files/renames.h"
#include "score/profile.h"
#include "stream/value.h"

enum { PART = 100 };                /* bytes of a label or title in a name */
#define NONE UINT32_MAX

struct kind { const char *field; struct names names; uint32_t *value, *major; size_t cap, *have; double *share; };
struct bag { const char *field; const struct columns *columns; struct profile p; struct stored_row row; };
struct called { struct str name; bool own, titled; char *title; double distance; size_t size; };

struct naming {
    struct naming_how how;
    struct names clusters;
    struct called *v;               /* [clusters.n] */
    uint32_t *cluster;              /* [n] of the records */
    size_t n, cap, cap_v;
    struct kind *labels;
    struct bag *words;
    size_t *same, *next;            /* [clusters.n]: a group of those called alike, and the next of them */
};

struct naming *naming_new(const struct naming_how *how, const struct head *h)
{
    struct naming *g = mem_zero(1, sizeof *g);
    g->how = *how;
    g->labels = mem_zero(how->labels.n, sizeof *g->labels);
    g->words = mem_zero(how->words.n, sizeof *g->words);
    for (size_t i = 0; i < how->labels.n; i++)
        g->labels[i].field = how->labels.v[i];
    for (size_t i = 0; i < how->words.n; i++) {
        g->words[i].field = how->words.v[i];
        g->words[i].columns = head_columns(h, how->words.v[i]);
        if (!g->words[i].columns)
            die(ST_STOPPED, "%s: the columns of this field have no names", how->words.v[i]);
    }
    return g;
}

/* ---- records ---- */

bool naming_look(struct naming *g, struct rec *r)
{
    for (struct kind *l = g->labels; l < g->labels + g->how.labels.n; l++) {
        struct value v = rec_get(r, l->field);
        if (!rec_find(r, l->field))
            return rec_lacks(r, l->field, "");
        if (v.type != V_NIL && !value_is_label(&v))
            return value_no_label(r, l->field, &v);
    }
    for (struct bag *b = g->words; b < g->words + g->how.words.n; b++) {
        struct value v = rec_get(r, b->field);
        b->row.n = 0;
        if (!rec_find(r, b->field))
            return rec_lacks(r, b->field, "");
        if (v.type != V_NIL && !row_read_stored(r, b->field, &v, b->columns, &b->row))
            return false;
        if (b->row.d > b->columns->n)
            return rec_error(r, "%s has %zu columns, and %zu have a name", b->field, b->row.d, b->columns->n);
    }
    return !g->how.title || rec_find(r, g->how.title) || rec_lacks(r, g->how.title, "");
}

static void add_cluster(struct naming *g)
{
    size_t k = g->clusters.n;
    if (k > NAMING_MOST)
        die(ST_STOPPED, "%s has more than %d values: too many to be named", g->how.cluster, NAMING_MOST);
    mem_grow(&g->v, &g->cap_v, k, sizeof *g->v);
    g->v[k - 1] = (struct called){ .distance = (double)INFINITY };
    for (struct bag *b = g->words; b < g->words + g->how.words.n; b++) {
        size_t cap = mem_mul(b->p.k = k, b->columns->n);
        b->p.d = b->columns->n;
        b->p.size = mem_resize(b->p.size, k, sizeof *b->p.size);
        b->p.size[k - 1] = 0;
        b->p.centre = mem_resize(b->p.centre, cap, sizeof *b->p.centre);
        memset(b->p.centre + cap - b->p.d, 0, b->p.d * sizeof *b->p.centre);
    }
}

/* The nearest with a title; where none has one, the id of the nearest. */
static void add_title(struct called *c, const struct rec *r, const struct naming_how *how)
{
    struct value title = rec_get(r, how->title), v = rec_get(r, how->distance);
    double distance = v.type == V_FLOAT && !isnan(v.f) ? v.f : v.type == V_INT ? (double)v.i : (double)INFINITY;
    bool titled = title.type == V_STR && title.s.n > 0;
    if (c->title && (titled != c->titled ? c->titled : !(distance < c->distance)))
        return;
    struct text text = titled ? title.s : rec_id(r);
    free(c->title);
    c->title = mem_text(text.p, text.n);
    c->titled = titled;
    c->distance = distance;
}

bool naming_add(struct naming *g, struct rec *r, const struct value *cluster)
{
    uint32_t c;
    size_t had = g->clusters.n;
    if (!naming_look(g, r) || !value_number(r, g->how.cluster, cluster, &g->clusters, &c))
        return false;
    if (g->clusters.n > had)
        add_cluster(g);
    mem_grow(&g->cluster, &g->cap, g->n + 1, sizeof *g->cluster);
    g->cluster[g->n] = c;
    g->v[c].size++;
    for (struct kind *l = g->labels; l < g->labels + g->how.labels.n; l++) {
        struct value v = rec_get(r, l->field);
        mem_grow(&l->value, &l->cap, g->n + 1, sizeof *l->value);
        l->value[g->n] = v.type == V_NIL ? NONE : (uint32_t)value_name(&l->names, &v);
    }
    for (struct bag *b = g->words; b < g->words + g->how.words.n; b++) {
        double *sum = b->p.centre + c * b->p.d;
        b->p.size[c] += b->row.n > 0;
        for (size_t j = 0; j < b->row.n; j++)
            sum[b->row.sparse ? b->row.thin.index[j] : j] += (double)b->row.value[j];
    }
    if (g->how.title)
        add_title(g->v + c, r, &g->how);
    g->n++;
    return true;
}

/* ---- a table ---- */

uint64_t naming_read(struct naming *g, const char *path)
{
    struct renames *table = renames_read(path, g->how.cluster);
    bool *used = mem_zero(table->from.n, sizeof *used);
    size_t strange = table->from.n, without = 0, first = 0;
    for (size_t c = 0; c < g->clusters.n; c++) {
        size_t at = renames_find(table, g->clusters.v[c].text, g->clusters.v[c].len);
        if (at != SIZE_MAX) {
            strange -= !used[at];
            used[at] = true;
        }
        g->v[c].own = at != SIZE_MAX && table->to[at];
        without += !g->v[c].own;
        if (g->v[c].own)
            str_text(&g->v[c].name, table->to[at]);
    }
    while (first < table->from.n && used[first])
        first++;
    if (strange && !progress_quiet)
        warn("%s: values of %s that are not there: %zu; the first is %s", path, g->how.cluster, strange,
             SHORT(table->from.v[first].text, table->from.v[first].len));
    if (without && !progress_quiet)
        warn("%s: no name for %zu of %zu values of %s", path, without, g->clusters.n, g->how.cluster);
    uint64_t hash = table->hash;
    renames_free(table);
    free(used);
    return hash;
}

/* ---- names ---- */

/* The columns of cluster c that stand out among those called as `first` is. */
static void put_words(const struct naming *g, const struct bag *b, size_t c, size_t first, struct str *to)
{
    size_t n = 0, *among = mem_new(g->clusters.n, sizeof *among), *column = mem_new(g->how.count, sizeof *column);
    double *apart = mem_new(b->p.d, sizeof *apart);
    for (size_t i = first; i != SIZE_MAX; i = g->next[i])
        among[n++] = i;
    profile_against(&b->p, c, among, n, apart);
    n = profile_top(&(struct profile){ .k = 1, .d = b->p.d, .centre = apart }, 0, g->how.count, column);
    for (size_t i = 0; i < n; i++) {
        str_text(to, i ? ", " : "");
        str_shown(to, b->columns->names[column[i]], strlen(b->columns->names[column[i]]), PART);
    }
    free(among);
    free(column);
    free(apart);
}

/* What source `s` says of cluster c, which is called as those from `first` on are. */
static void put_part(const struct naming *g, size_t s, size_t c, size_t first, struct str *to)
{
    const struct naming_how *how = &g->how;
    if (s < how->labels.n) {
        const struct kind *l = g->labels + s;
        if (l->major[c] != NONE && (2 * l->have[c] >= g->v[c].size || !(how->words.n || how->title)))
            str_shown(to, l->names.v[l->major[c]].text, l->names.v[l->major[c]].len, PART);
    } else if ((s -= how->labels.n) < how->words.n) {
        put_words(g, g->words + s, c, first, to);
    } else if (s == how->words.n && g->v[c].title) {
        str_shown(to, g->v[c].title, strlen(g->v[c].title), PART);
    } else if (s > how->words.n) {
        size_t len;
        char *id = names_id(&g->clusters, c, &len);
        str_printf(to, "%s ", how->cluster);
        str_shown(to, id, len, PART);
        free(id);
    }
}

/* Put those that are called the same, and not by a table, into chains: same[i] is the first of i's. */
static void chain(struct naming *g)
{
    struct names seen = { 0 };
    size_t *last = mem_new(g->clusters.n, sizeof *last), *first = mem_new(g->clusters.n, sizeof *first);
    for (size_t i = 0; i < g->clusters.n; i++) {
        const struct str *s = &g->v[i].name;
        g->next[i] = SIZE_MAX;
        g->same[i] = i;
        if (g->v[i].own)
            continue;
        size_t had = seen.n, at = names_add(&seen, s->n ? s->p : "", s->n, NAME_TEXT, 0);
        if (at == had)
            first[at] = i;
        else
            g->next[last[at]] = i;
        last[at] = i;
        g->same[i] = first[at];
    }
    names_free(&seen);
    free(last);
    free(first);
}

void naming_make(struct naming *g)
{
    size_t k = g->clusters.n, sources = g->how.labels.n + g->how.words.n + 2;
    struct str *part = mem_zero(k, sizeof *part);
    g->same = mem_new(k, sizeof *g->same);
    g->next = mem_new(k, sizeof *g->next);
    for (struct bag *b = g->words; b < g->words + g->how.words.n; b++)
        for (size_t c = 0; c < k; c++)
            for (size_t j = 0; b->p.size[c] && j < b->p.d; j++)
                b->p.centre[c * b->p.d + j] /= (double)b->p.size[c];
    for (struct kind *l = g->labels; l < g->labels + g->how.labels.n; l++) {
        l->major = mem_new(k, sizeof *l->major);
        l->share = mem_new(k, sizeof *l->share);
        l->have = mem_zero(k, sizeof *l->have);
        for (size_t i = 0; i < g->n; i++)
            l->have[g->cluster[i]] += l->value[i] != NONE;
        profile_majority(l->value, NONE, g->cluster, g->n, k, l->major, l->share);
    }
    for (size_t c = 0; c < k; c++) {
        const struct name *n = g->clusters.v + c;
        if (!g->v[c].own && n->kind == NAME_NUMBER && n->len == 2 && memcmp(n->text, "-1", 2) == 0) {
            str_text(&g->v[c].name, "noise");
            g->v[c].own = true;
        }
    }
    for (size_t s = 0; s < sources; s++) {
        chain(g);
        for (size_t c = 0; c < k; c++) {
            part[c].n = 0;
            if (!g->v[c].own && (!g->v[c].name.n || g->same[c] != c || g->next[c] != SIZE_MAX))
                put_part(g, s, c, g->same[c], part + c);
        }
        for (size_t c = 0; c < k; c++) {
            str_text(&g->v[c].name, g->v[c].name.n && part[c].n ? ": " : "");
            str_put(&g->v[c].name, part[c].p, part[c].n);
        }
    }
    for (size_t c = 0; c < k; c++)
        str_free(part + c);
    free(part);
}

size_t naming_find(struct naming *g, const struct value *cluster)
{
    size_t had = g->clusters.n, i = value_name(&g->clusters, cluster);
    return i < had ? i : SIZE_MAX;
}

const char *naming_name(const struct naming *g, size_t i) { return g->v[i].name.p; }

double naming_share(const struct naming *g, size_t i)
{
    return g->how.labels.n && g->labels->major[i] != NONE ? g->labels->share[i] : (double)NAN;
}

void naming_free(struct naming *g)
{
    for (size_t c = 0; c < g->clusters.n; c++) {
        str_free(&g->v[c].name);
        free(g->v[c].title);
    }
    for (struct kind *l = g->labels; l < g->labels + g->how.labels.n; l++) {
        names_free(&l->names);
        free(l->value);
        free(l->major);
        free(l->have);
        free(l->share);
    }
    for (struct bag *b = g->words; b < g->words + g->how.words.n; b++) {
        free(b->p.size);
        free(b->p.centre);
        row_free_stored(&b->row);
    }
    names_free(&g->clusters);
    free(g->v);
    free(g->cluster);
    free(g->labels);
    free(g->words);
    free(g->same);
    free(g->next);
    free(g);
}
