/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/settings.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/number.h"
#include "drive/ranks.h"

static void pack_option(const struct opt *o, void *state)
{
    static const char *const may_change[] = { "epochs", "on-error", "no-history" };
    for (size_t i = 0; i < sizeof may_change / sizeof *may_change; i++)
        if (strcmp(o->name, may_change[i]) == 0)
            return;
    head_put_option(o, state);
}

void settings_pack(const struct prog *prog, size_t rows, const struct rec_in *in, struct msg_buf *map)
{
    struct head_args args = { { NULL, 0, 0 }, 2 };      /* rows and data */
    msgpack_packer pk = msg_packer(&args.buf), whole = msg_packer(map);
    msg_put_text(&pk, "rows");
    msgpack_pack_uint64(&pk, rows);
    opt_each(prog, pack_option, &args);
    msg_put_text(&pk, "data");
    msgpack_pack_uint64(&pk, ranks_digest(in));
    msgpack_pack_map(&whole, args.n);
    msg_append(map, args.buf.p, args.buf.n);
    msg_free(&args.buf);
}

struct setting { struct text name; const uint8_t *p; size_t size; };

/* The settings of a map as a new array of *n; NULL if it is none. */
static struct setting *list(const struct msg_buf *map, size_t *n)
{
    const uint8_t *p = map->p, *end = p + map->n;
    size_t head;
    if ((*n = msg_map(p, end, &head)) == SIZE_MAX)
        return NULL;
    struct setting *all = mem_new(*n, sizeof *all);
    p += head;
    for (size_t i = 0; i < *n; i++) {
        size_t key = msg_size(p, end), size = msg_size(p + key, end);
        struct value name = msg_value(p, key);
        if (name.type != V_STR) {
            free(all);
            return NULL;
        }
        all[i] = (struct setting){ name.s, p + key, size };
        p += key + size;
    }
    return all;
}

static const struct setting *find(const struct setting *all, size_t n, struct text name)
{
    for (size_t i = 0; i < n; i++)
        if (all[i].name.n == name.n && memcmp(all[i].name.p, name.p, name.n) == 0)
            return &all[i];
    return NULL;
}

/* "latent=16", or "no condition", to text[size]. */
static void describe(const struct setting *s, struct text name, char *text, size_t size)
{
    char number[NUMBER_MOST];
    struct value v = { .type = V_NIL };
    if (!s) {
        snprintf(text, size, "no %.*s", (int)name.n, name.p);
        return;
    }
    size_t n = (size_t)snprintf(text, size, "%.*s=", (int)name.n, name.p);
    if (n >= size)
        return;
    v = msg_value(s->p, s->size);
    if (v.type == V_STR) {
        snprintf(text + n, size - n, "%.*s", (int)v.s.n, v.s.p);
    } else if (v.type == V_INT) {
        snprintf(text + n, size - n, "%" PRId64, v.i);
    } else if (v.type == V_FLOAT && isfinite(v.f)) {
        number_f64(number, v.f);
        snprintf(text + n, size - n, "%s", number);
    } else {                            /* flags; a seed or a hash above INT64_MAX by its bytes */
        n += (size_t)snprintf(text + n, size - n, v.type == V_BOOL ? "true" : "0x");
        for (size_t i = 1; v.type != V_BOOL && i < s->size && n < size; i++)
            n += (size_t)snprintf(text + n, size - n, "%02x", s->p[i]);
    }
}

bool settings_compare(const char *path, const struct msg_buf *now, const struct msg_buf *then)
{
    size_t n_now, n_then;
    struct setting *here = list(now, &n_now), *there = list(then, &n_then);
    if (!there) {
        free(here);
        return false;
    }
    for (size_t i = 0; i < n_now + n_then; i++) {
        struct text name = i < n_now ? here[i].name : there[i - n_now].name;
        const struct setting *a = find(there, n_then, name), *b = find(here, n_now, name);
        char was[256], is[256];
        if (a && b && a->size == b->size && memcmp(a->p, b->p, a->size) == 0)
            continue;
        describe(a, name, was, sizeof was);
        describe(b, name, is, sizeof is);
        die(ST_USAGE, "%s: its run had %s, this one has %s: give the same options and input to resume it", path, was, is);
    }
    free(here);
    free(there);
    return true;
}
