/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/world.h"

static struct label *add_field(struct labels *l, const char *name, size_t len)
{
    l->fields = mem_resize(l->fields, l->n + 1, sizeof *l->fields);
    l->fields[l->n] = (struct label){ .field = mem_text(name, len), .numbers = ids_new() };
    return &l->fields[l->n++];
}

struct labels *labels_new(char *const *fields, size_t n)
{
    struct labels *l = mem_zero(1, sizeof *l);
    for (size_t i = 0; i < n; i++)
        add_field(l, fields[i], strlen(fields[i]));
    return l;
}

void labels_free(struct labels *l)
{
    for (size_t f = 0; l && f < l->n; f++) {
        for (size_t i = 0; i < l->fields[f].n; i++)
            free(l->fields[f].names[i]);
        free(l->fields[f].names);
        ids_free(l->fields[f].numbers);
        free(l->fields[f].field);
    }
    if (l)
        free(l->fields);
    free(l);
}

static void add_name(struct label *f, const char *name, size_t len)
{
    ids_add(f->numbers, (struct text){ name, len }, f->n);
    mem_grow(&f->names, &f->cap, f->n + 1, sizeof *f->names);
    f->names[f->n++] = mem_text(name, len);
}

static void add_category(struct label *f, const char *name, size_t len)
{
    if (f->n == LABELS_MOST)
        die(ST_STOPPED, "%s has more than %d values: it is not a label to train by", f->field, LABELS_MOST);
    add_name(f, name, len);
}

/* The string in a field: false if there is none, r->error or r->nil then says why. */
static bool find_string(struct rec *r, const char *field, struct value *v)
{
    if (!rec_need(r, field, v))
        return false;
    if (v->type != V_STR || memchr(v->s.p, '\0', v->s.n))
        return rec_error(r, "%s is not a string", field);
    return true;
}

bool labels_add(struct labels *l, struct rec *r, uint32_t *hot)
{
    for (size_t f = 0; f < l->n; f++) {
        struct label *of = &l->fields[f];
        struct value v = { .type = V_NIL };
        if (!find_string(r, of->field, &v)) {
            if (r->nil)
                rec_drop(r);
            return r->nil;
        }
        size_t i = ids_find(of->numbers, v.s);
        if (i == SIZE_MAX) {
            json_t *utf8 = json_stringn(v.s.p, v.s.n);      /* it will be kept as JSON */
            if (!utf8)
                return rec_error(r, "%s is not UTF-8", of->field);
            json_decref(utf8);
            i = of->n;
            add_category(of, v.s.p, v.s.n);
        }
        hot[f] = (uint32_t)i;
    }
    return true;
}

void labels_share(struct labels *l)
{
    for (size_t f = 0; world.size > 1 && f < l->n; f++) {
        struct label *of = &l->fields[f];
        struct str own = { 0 };
        size_t *bytes = mem_new(world.size, sizeof *bytes), n = 0;
        for (size_t i = 0; i < of->n; i++)
            str_put(&own, of->names[i], strlen(of->names[i]) + 1);
        char *all = world_all(own.p, own.n, bytes), *name = all;
        for (size_t i = 0; i < world.size; i++)
            n += bytes[i];
        for (; name < all + n; name += strlen(name) + 1)
            if (ids_find(of->numbers, (struct text){ name, strlen(name) }) == SIZE_MAX)
                add_category(of, name, strlen(name));
        free(own.p);
        free(all);
        free(bytes);
    }
}

struct named { char *name; uint32_t number; };

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

void labels_sort(struct labels *l, uint32_t *hot, size_t rows)
{
    for (size_t f = 0; f < l->n; f++) {
        struct label *of = &l->fields[f];
        struct named *all = mem_new(of->n, sizeof *all);
        uint32_t *to = mem_new(of->n, sizeof *to);
        for (uint32_t i = 0; i < of->n; i++)
            all[i] = (struct named){ of->names[i], i };
        qsort(all, of->n, sizeof *all, by_name);
        of->first = l->columns;
        ids_free(of->numbers);
        of->numbers = ids_new();
        for (size_t i = 0; i < of->n; i++) {
            of->names[i] = all[i].name;
            ids_add(of->numbers, (struct text){ all[i].name, strlen(all[i].name) }, i);
            to[all[i].number] = (uint32_t)(of->first + i);
        }
        for (size_t r = 0; r < rows; r++)
            hot[r * l->n + f] = to[hot[r * l->n + f]];
        l->columns += of->n;
        free(all);
        free(to);
    }
}

bool labels_find(const struct labels *l, struct rec *r, uint32_t *hot)
{
    for (size_t f = 0; f < l->n; f++) {
        const struct label *of = &l->fields[f];
        struct value v = { .type = V_NIL };
        if (!find_string(r, of->field, &v))
            return false;
        size_t i = ids_find(of->numbers, v.s);
        if (i == SIZE_MAX) {
            char known[160] = "";
            for (size_t k = 0, at = 0; k < of->n && at < sizeof known - 40; k++)
                at += (size_t)snprintf(known + at, sizeof known - at, "%s%.30s", k ? ", " : "", of->names[k]);
            return rec_error(r, "%s is '%.*s', which the model does not know; it knows %s", of->field,
                             v.s.n < 40 ? (int)v.s.n : 40, v.s.p, known);
        }
        hot[f] = (uint32_t)(of->first + i);
    }
    return true;
}

char *labels_json(const struct labels *l)
{
    json_t *root = json_object();
    for (size_t f = 0; f < l->n; f++) {
        json_t *names = json_array();
        for (size_t i = 0; i < l->fields[f].n; i++)
            json_array_append_new(names, json_string(l->fields[f].names[i]));
        json_object_set_new(root, l->fields[f].field, names);
    }
    char *text = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER), *own = text ? mem_text(text, strlen(text)) : NULL;
    free(text);
    json_decref(root);
    return own;
}

struct labels *labels_parse(const char *text, size_t n)
{
    json_counts();
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL), *names, *name;
    const char *field;
    size_t i;
    if (!json_is_object(root)) {
        json_decref(root);
        return NULL;
    }
    struct labels *l = labels_new(NULL, 0);
    bool good = true;
    json_object_foreach(root, field, names) {
        struct label *f = add_field(l, field, strlen(field));
        good = good && json_is_array(names) && json_array_size(names) > 0;
        json_array_foreach(names, i, name) {
            good = good && json_is_string(name);
            if (good)
                add_name(f, json_string_value(name), json_string_length(name));
        }
        f->first = l->columns;
        l->columns += f->n;
    }
    json_decref(root);
    if (good)
        return l;
    labels_free(l);
    return NULL;
}
