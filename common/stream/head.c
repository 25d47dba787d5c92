/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/head.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/version.h"

enum { VERSION = 1 };

/* ---- columns ---- */

static struct columns *find(const struct head *h, const char *field)
{
    for (size_t i = 0; i < h->n_columns; i++)
        if (strcmp(h->columns[i].field, field) == 0)
            return h->columns + i;
    return NULL;
}

static void free_columns(struct columns *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->names[i]);
    free(c->names);
    free(c->field);
}

const struct columns *head_columns(const struct head *h, const char *field)
{
    return find(h, field);
}

/* A new entry, with room for n names, in place of the field's old one. */
static struct columns *replace(struct head *h, const char *field, size_t n)
{
    struct columns *c = find(h, field);
    if (c) {
        free_columns(c);
    } else {
        h->columns = mem_resize(h->columns, h->n_columns + 1, sizeof *h->columns);
        c = h->columns + h->n_columns++;
    }
    *c = (struct columns){ mem_text(field, strlen(field)), n, mem_zero(n, sizeof *c->names) };
    return c;
}

void head_set_columns(struct head *h, const char *field, const char *const *names, size_t n)
{
    if (!names) {
        struct columns *c = find(h, field);
        if (c) {
            free_columns(c);
            *c = h->columns[--h->n_columns];
        }
        return;
    }
    struct columns *c = replace(h, field, n);
    for (size_t i = 0; i < n; i++)
        c->names[i] = mem_text(names[i], strlen(names[i]));
}

void head_add_column(struct head *h, const char *field, const char *format, ...)
{
    struct columns *c = find(h, field);
    va_list args, again;
    if (!c)
        c = replace(h, field, 0);
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *name = mem_new((size_t)n + 1, 1);
    vsnprintf(name, (size_t)n + 1, format, again);
    va_end(args);
    va_end(again);
    c->names = mem_resize(c->names, c->n + 1, sizeof *c->names);
    c->names[c->n++] = name;
}

void head_clear_columns(struct head *h)
{
    while (h->n_columns)
        free_columns(h->columns + --h->n_columns);
}

void head_number_columns(struct head *h, const char *field, const char *stem, size_t n)
{
    struct columns *c = replace(h, field, n);
    size_t room = strlen(stem) + 24;
    for (size_t i = 0; i < n; i++) {
        c->names[i] = mem_new(room, 1);
        snprintf(c->names[i], room, "%s%zu", stem, i);
    }
}

void head_rename_columns(struct head *h, const char *from, const char *to)
{
    if (strcmp(from, to) == 0 || !find(h, from))
        return;
    head_set_columns(h, to, NULL, 0);
    struct columns *c = find(h, from);
    free(c->field);
    c->field = mem_text(to, strlen(to));
}

bool head_same_columns(const struct head *a, const struct head *b)
{
    return a->n_columns == b->n_columns && head_columns_within(a, b);
}

bool head_columns_within(const struct head *a, const struct head *b)
{
    for (size_t i = 0; i < a->n_columns; i++) {
        const struct columns *x = a->columns + i, *y = i < b->n_columns ? b->columns + i : NULL;
        if (!y || strcmp(x->field, y->field) != 0)
            y = find(b, x->field);
        if (!y || x->n != y->n)
            return false;
        for (size_t j = 0; j < x->n; j++)
            if (strcmp(x->names[j], y->names[j]) != 0)
                return false;
    }
    return true;
}

/* ---- reading ---- */

static const char *parse_columns(struct head *h, const uint8_t *p, const uint8_t *end)
{
    size_t head, n = msg_map(p, end, &head);
    if (n == SIZE_MAX)
        return "malformed header: columns are not a map";
    if (n > HEAD_FIELDS)
        return "malformed header: it names the columns of over 4096 fields";
    for (p += head; n; n--) {
        struct value field = msg_value(p, msg_size(p, end));
        if (field.type != V_STR)
            return "malformed header: a field's name is not a string";
        p += msg_size(p, end);
        size_t names = msg_array(p, end, &head);
        if (names == SIZE_MAX)
            return "malformed header: columns of a field are not an array";
        char *name = mem_text(field.s.p, field.s.n);
        bool twice = find(h, name);
        struct columns *c = replace(h, name, names);
        free(name);
        if (twice)
            return "malformed header: it names the columns of a field twice";
        p += head;
        for (size_t i = 0; i < names; i++) {
            size_t size = msg_size(p, end);
            struct value v = msg_value(p, size);
            if (v.type != V_STR)
                return "malformed header: a column's name is not a string";
            c->names[i] = mem_text(v.s.p, v.s.n);
            p += size;
        }
    }
    return NULL;
}

static const char *parse(struct head *h, const uint8_t *p, size_t size)
{
    const uint8_t *end = p + size;
    size_t head, n = size && msg_size(p, end) == size ? msg_map(p, end, &head) : SIZE_MAX;
    if (n == SIZE_MAX)
        return "malformed header";
    bool version = false, kind = false, columns = false, history = false, total = false;
    for (p += head; n; n--) {
        const uint8_t *key = p;
        struct value name = msg_value(p, msg_size(p, end));
        if (name.type != V_STR)
            return "malformed header: a key is not a string";
        p += msg_size(p, end);
        size_t bytes = msg_size(p, end);
        struct value v = msg_value(p, bytes);
#define KEY(WORD) (name.s.n == sizeof WORD - 1 && memcmp(name.s.p, WORD, sizeof WORD - 1) == 0)
        if ((KEY("version") && version) || (KEY("kind") && kind) || (KEY("columns") && columns) ||
            (KEY("history") && history) || (KEY("total") && total))
            return "malformed header: a key appears twice";
        if (KEY("version")) {
            if (v.type != V_INT || v.i < 1)
                return "malformed header: the version is not a number";
            if (v.i > VERSION)
                return "made by a later version of songpipe: unknown stream version";
            version = true;
        } else if (KEY("kind")) {
            if (v.type != V_STR)
                return "malformed header: the kind is not a string";
            h->model = v.s.n == 5 && memcmp(v.s.p, "model", 5) == 0;
            if (!h->model && !(v.s.n == 7 && memcmp(v.s.p, "records", 7) == 0))
                return "a stream of an unknown kind";
            kind = true;
        } else if (KEY("columns")) {
            const char *why = parse_columns(h, p, end);
            columns = true;
            if (why)
                return why;
        } else if (KEY("history")) {
            if ((h->n_history = msg_array(p, end, &head)) == SIZE_MAX)
                return "malformed header: the history is not an array";
            history = true;
            h->history.n = 0;
            msg_append(&h->history, p + head, bytes - head);
        } else if (KEY("total") && v.type == V_INT && v.i >= 0) {
            h->total = (uint64_t)v.i;
            total = true;
        } else {
            msg_append(&h->other, key, (size_t)(p + bytes - key));
            h->n_other++;
        }
#undef KEY
        p += bytes;
    }
    return version && kind ? NULL : "malformed header: no version or no kind";
}

const char *head_parse(struct head *h, const uint8_t *body, size_t size)
{
    *h = (struct head){ .model = false };
    const char *why = parse(h, body, size);
    if (why)
        head_free(h);
    return why;
}

void head_free(struct head *h)
{
    for (size_t i = 0; i < h->n_columns; i++)
        free_columns(h->columns + i);
    free(h->columns);
    msg_free(&h->history);
    msg_free(&h->other);
    *h = (struct head){ .model = false };
}

void head_copy(struct head *to, const struct head *from)
{
    *to = (struct head){ .model = from->model, .n_history = from->n_history, .n_other = from->n_other };
    for (size_t i = 0; i < from->n_columns; i++)
        head_set_columns(to, from->columns[i].field, (const char *const *)from->columns[i].names,
                         from->columns[i].n);
    msg_append(&to->history, from->history.p, from->history.n);
    msg_append(&to->other, from->other.p, from->other.n);
}

/* ---- writing ---- */

void head_put_option(const struct opt *o, void *state)
{
    struct head_args *args = state;
    msgpack_packer pk = msg_packer(&args->buf);
    const struct opt_value value = opt_value(o);
    if (value.type == OPT_V_NONE)
        return;
    args->n++;
    msg_put_text(&pk, o->name);
    switch (value.type) {
    case OPT_V_NONE:
        break;
    case OPT_V_TRUE:
        msgpack_pack_true(&pk);
        break;
    case OPT_V_INT:
        msgpack_pack_int64(&pk, value.v.integer);
        break;
    case OPT_V_SEED:
        msgpack_pack_uint64(&pk, value.v.seed);
        break;
    case OPT_V_REAL:
        msgpack_pack_double(&pk, value.v.real);
        break;
    case OPT_V_TEXT:
        msg_put_str(&pk, value.v.text.p, value.v.text.n);
        break;
    case OPT_V_TEXTS:
        msgpack_pack_array(&pk, value.v.texts->n);
        for (size_t i = 0; i < value.v.texts->n; i++)
            msg_put_text(&pk, value.v.texts->v[i]);
        break;
    case OPT_V_INPUT:
        msgpack_pack_map(&pk, 1);
        msg_put_text(&pk, value.v.input->sha256 ? "sha256" : "xxh3");
        if (value.v.input->sha256)
            msg_put_text(&pk, value.v.input->sha256);
        else
            msgpack_pack_uint64(&pk, value.v.input->xxh3);
        break;
    }
}

static void put_history(const struct prog *prog, struct msg_buf *body)
{
    msgpack_packer pk = msg_packer(body);
    struct head_args args = { { NULL, 0, 0 }, 0 };
    opt_each(prog, head_put_option, &args);
    if (opt_taken.n) {
        msgpack_packer more = msg_packer(&args.buf);
        msg_put_text(&more, "words");
        msgpack_pack_array(&more, opt_taken.n);
        for (size_t i = 0; i < opt_taken.n; i++)
            msg_put_text(&more, opt_taken.v[i]);
        args.n++;
    }
    msgpack_pack_map(&pk, prog->conv ? 4 : 3);
    msg_put_text(&pk, "tool");
    msg_put_text(&pk, prog->name);
    msg_put_text(&pk, "version");
    msg_put_text(&pk, songpipe_version);
    if (prog->conv) {
        msg_put_text(&pk, "conv");
        msg_put_text(&pk, prog->conv);
    }
    msg_put_text(&pk, "args");
    msgpack_pack_map(&pk, args.n);
    msg_append(body, args.buf.p, args.buf.n);
    msg_free(&args.buf);
}

void head_pack(const struct head *h, const struct prog *prog, struct msg_buf *body)
{
    msgpack_packer pk = msg_packer(body);
    msgpack_pack_map(&pk, (prog ? 4u : 3u) + (h->total ? 1u : 0u) + h->n_other);
    msg_put_text(&pk, "version");
    msgpack_pack_int(&pk, VERSION);
    msg_put_text(&pk, "kind");
    msg_put_text(&pk, h->model ? "model" : "records");
    msg_put_text(&pk, "columns");
    msgpack_pack_map(&pk, h->n_columns);
    for (size_t i = 0; i < h->n_columns; i++) {
        const struct columns *c = h->columns + i;
        msg_put_text(&pk, c->field);
        msgpack_pack_array(&pk, c->n);
        for (size_t j = 0; j < c->n; j++)
            msg_put_text(&pk, c->names[j]);
    }
    if (prog) {
        msg_put_text(&pk, "history");
        msgpack_pack_array(&pk, h->n_history + 1);
        msg_append(body, h->history.p, h->history.n);
        put_history(prog, body);
    }
    if (h->total) {
        msg_put_text(&pk, "total");
        msgpack_pack_uint64(&pk, h->total);
    }
    msg_append(body, h->other.p, h->other.n);
}
