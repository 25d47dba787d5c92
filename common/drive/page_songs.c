/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/page_songs.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "stream/ids.h"

/* A field: a JSON list of its values, n of them so far. */
struct column { char *name; size_t len, n; struct str values; };

struct page_songs {
    struct column columns[PAGE_FIELDS];
    size_t n_columns, n;
    struct str raw;
    struct json_lost lost;
    struct ids *ids;            /* each that was met, as a song's or a neighbour's, has a number */
    size_t n_ids, n_near;
    uint32_t *song;             /* [n_ids] which song it is of, or NO_SONG */
    uint32_t *near;             /* [n_near] numbers of ids */
    size_t *start;              /* [n]: where a song's begin */
    size_t song_cap, near_cap, start_cap;
};
#define NO_SONG UINT32_MAX

struct page_songs *page_songs_new(void)
{
    struct page_songs *s = mem_zero(1, sizeof *s);
    s->ids = ids_new();
    return s;
}

/* Its column, looked for at `hint` first. */
static struct column *column_of(struct page_songs *s, const struct field *f, size_t hint)
{
    for (size_t k = 0; k < s->n_columns; k++) {
        struct column *c = s->columns + (hint + k) % s->n_columns;
        if (c->len == f->len && memcmp(c->name, f->name, f->len) == 0)
            return c;
    }
    if (s->n_columns == PAGE_FIELDS)
        die(ST_STOPPED, "over %d fields, too many to show: keep some of them by sp-fields", PAGE_FIELDS);
    s->columns[s->n_columns] = (struct column){ .name = mem_text(f->name, f->len), .len = f->len };
    return s->columns + s->n_columns++;
}

/* Nil for the songs that lacked the field, and the comma. */
static struct str *next_value(struct column *c, size_t songs)
{
    for (; c->n < songs; c->n++)
        str_text(&c->values, c->n ? ",null" : "null");
    if (c->n++)
        str_char(&c->values, ',');
    return &c->values;
}

/* A path that is not UTF-8, as it stands in an address. */
static void put_raw_path(struct page_songs *s, struct str *to, struct text path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.~/-";
    str_char(to, '"');
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] && strchr(plain, path.p[i]))
            str_char(to, path.p[i]);
        else
            str_printf(to, "%%%02X", (unsigned char)path.p[i]);
    str_char(to, '"');
    str_printf(&s->raw, "%s%zu", s->raw.n ? "," : "", s->n);
}

static uint32_t number_of(struct page_songs *s, struct text id)
{
    size_t number = ids_find(s->ids, id);
    if (number != SIZE_MAX)
        return (uint32_t)number;
    ids_add(s->ids, id, s->n_ids);
    mem_grow(&s->song, &s->song_cap, s->n_ids + 1, sizeof *s->song);
    s->song[s->n_ids] = NO_SONG;
    return (uint32_t)s->n_ids++;
}

/* A list of ids. */
static void add_neighbours(struct page_songs *s, const uint8_t *p, const uint8_t *end)
{
    size_t head, n = msg_array(p, end, &head);
    if (n == SIZE_MAX)
        return;
    p += head;
    for (size_t i = 0; i < n && i < PAGE_NEIGHBOURS; i++) {
        size_t size = msg_size(p, end);
        struct value v = msg_value(p, size);
        p += size;
        if (v.type != V_STR)
            continue;
        mem_grow(&s->near, &s->near_cap, s->n_near + 1, sizeof *s->near);
        s->near[s->n_near++] = number_of(s, v.s);
    }
}

static void add_field(struct page_songs *s, const struct field *f, size_t hint)
{
    struct value v = field_value(f);
    bool path = f->len == 4 && memcmp(f->name, "path", 4) == 0;
    if (v.type == V_OTHER && f->len == 10 && memcmp(f->name, "neighbours", 10) == 0 && s->n_near == s->start[s->n])
        add_neighbours(s, f->raw + f->key, f->raw + f->size);
    if (v.type == V_TENSOR || v.type == V_SPARSE || v.type == V_OTHER || (v.type == V_BIN && !path))
        return;
    struct column *c = column_of(s, f, hint);
    if (c->n > s->n)                    /* twice in the record: the first counts */
        return;
    struct str *to = next_value(c, s->n);
    if (v.type == V_STR)
        json_put_text(to, v.s.p, v.s.n, &s->lost);
    else if (v.type == V_BIN)
        put_raw_path(s, to, v.s);
    else if (v.type == V_INT)
        str_printf(to, "%" PRId64, v.i);
    else if (v.type == V_FLOAT && fabs(v.f) < 1e38)
        str_f32(to, (float)v.f);
    else
        str_text(to, v.type != V_BOOL ? "null" : v.b ? "true" : "false");
}

void page_songs_add(struct page_songs *s, const struct rec *r)
{
    mem_grow(&s->start, &s->start_cap, s->n + 1, sizeof *s->start);
    s->start[s->n] = s->n_near;
    uint32_t number = number_of(s, rec_id(r));
    s->song[number] = (uint32_t)s->n;
    for (size_t i = 0; i < r->n; i++)
        add_field(s, r->fields + i, i);
    s->n++;
}

bool page_songs_have(const struct page_songs *s, const char *field)
{
    for (size_t k = 0; k < s->n_columns; k++)
        if (strcmp(s->columns[k].name, field) == 0)
            return true;
    return false;
}

static void put_neighbours(const struct page_songs *s, struct str *to)
{
    str_text(to, "\"near\":[");
    for (size_t i = 0; i < s->n; i++) {
        size_t end = i + 1 < s->n ? s->start[i + 1] : s->n_near;
        str_text(to, i ? ",[" : "[");
        for (size_t e = s->start[i], some = 0; e < end; e++)
            if (s->song[s->near[e]] != NO_SONG)
                str_printf(to, "%s%" PRIu32, some++ ? "," : "", s->song[s->near[e]]);
        str_char(to, ']');
    }
    str_text(to, "],\n");
}

void page_songs_put(struct page_songs *s, struct str *to, struct json_lost *lost)
{
    str_printf(to, "\"raw\":[%s],\n", s->raw.n ? s->raw.p : "");
    if (s->n_near)
        put_neighbours(s, to);
    str_text(to, "\"fields\":[");
    for (size_t k = 0; k < s->n_columns; k++) {
        struct column *c = s->columns + k;
        for (; c->n < s->n; c->n++)
            str_text(&c->values, ",null");
        str_text(to, k ? ",\n{\"name\":" : "\n{\"name\":");
        json_put_text(to, c->name, c->len, &s->lost);
        str_text(to, ",\"v\":[");
        str_put(to, c->values.p, c->values.n);
        str_text(to, "]}");
        str_free(&c->values);
    }
    str_char(to, ']');
    lost->not_utf8 += s->lost.not_utf8;
}

void page_songs_free(struct page_songs *s)
{
    for (size_t k = 0; k < s->n_columns; k++) {
        free(s->columns[k].name);
        str_free(&s->columns[k].values);
    }
    ids_free(s->ids);
    str_free(&s->raw);
    free(s->song);
    free(s->near);
    free(s->start);
    free(s);
}
