/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/alike.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stream/value.h"

enum { DIFFERS = 0xc1 };        /* instead of a value: a byte that MessagePack never uses */

/* The next of the group's fields, from *at on. */
static bool next_field(const struct msg_buf *b, size_t *at, struct field *f)
{
    size_t head;
    if (*at >= b->n)
        return false;
    f->raw = b->p + *at;
    f->len = msg_str(f->raw, b->p + b->n, &head);
    f->name = (const char *)f->raw + head;
    f->key = head + f->len;
    f->size = f->key + (f->raw[f->key] == DIFFERS ? 1 : msg_size(f->raw + f->key, b->p + b->n));
    *at += f->size;
    return true;
}

static void begin_group(struct alike *a, const struct rec *r, bool (*leave)(const struct field *f))
{
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->fields + i;
        enum vtype type = field_value(f).type;
        bool id = f->len == 2 && memcmp(f->name, "id", 2) == 0;
        if (!id && type != V_TENSOR && type != V_SPARSE && !leave(f))
            msg_append(&a->fields, f->raw, f->size);
    }
}

void alike_add(struct alike *a, const struct rec *r, bool (*leave)(const struct field *f))
{
    struct field k;
    if (!a->records++)
        begin_group(a, r, leave);
    for (size_t at = 0, hint = 1; a->records > 1 && next_field(&a->fields, &at, &k); ) {
        const struct field *f = rec_find_as(r, &k, hint);
        hint = f ? (size_t)(f - r->fields) + 1 : hint;
        uint8_t *p = a->fields.p + at - k.size + k.key;
        size_t size = k.size - k.key;
        if (*p == DIFFERS || (f && value_same(p, size, f->raw + f->key, f->size - f->key)))
            continue;
        *p = DIFFERS;
        memmove(p + 1, p + size, a->fields.n - at);
        a->fields.n -= size - 1;
        at -= size - 1;
    }
}

void alike_look(struct alike_seen *seen, const struct alike *a)
{
    struct field f;
    for (size_t at = 0; a->records > 1 && next_field(&a->fields, &at, &f); ) {
        size_t had = seen->names.n, i = names_add(&seen->names, f.name, f.len, NAME_TEXT, 0);
        mem_grow(&seen->somewhere, &seen->cap, i + 1, sizeof *seen->somewhere);
        seen->somewhere[i] = (i < had && seen->somewhere[i]) || f.raw[f.key] != DIFFERS;
    }
}

void alike_set(struct rec *r, const struct alike *a, const struct alike_seen *seen)
{
    struct field f;
    for (size_t at = 0; next_field(&a->fields, &at, &f); ) {
        size_t i = names_find(&seen->names, f.name, f.len, NAME_TEXT);
        if (i != SIZE_MAX && !seen->somewhere[i])
            continue;
        if (f.raw[f.key] != DIFFERS) {
            rec_take(r, &f);
        } else {
            char *name = mem_text(f.name, f.len);
            rec_set_nil(r, name);
            free(name);
        }
    }
}

void alike_free(struct alike *a)
{
    msg_free(&a->fields);
}
