/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/rec.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/str.h"

/* ---- memory of fields that were set: pieces that never move ---- */

struct chunk { struct chunk *next; size_t used, cap; uint8_t bytes[]; };

static uint8_t *room(struct rec *r, size_t n)
{
    struct chunk *c = r->chunks;
    if (!c || c->cap - c->used < n) {
        size_t cap = c ? 2 * c->cap : 1024;
        if (cap > 1 << 20)
            cap = 1 << 20;
        if (cap < n)
            cap = n;
        c = mem_new(sizeof *c + cap, 1);
        *c = (struct chunk){ .next = r->chunks, .cap = cap };
        r->chunks = c;
    }
    c->used += n;
    return c->bytes + c->used - n;
}

/* Keep the newest chunk, which is the largest or nearly so. */
static void clear(struct rec *r)
{
    if (r->chunks) {
        for (struct chunk *c = r->chunks->next, *next; c; c = next) {
            next = c->next;
            free(c);
        }
        r->chunks->next = NULL;
        r->chunks->used = 0;
    }
    r->n = r->indexed = 0;
    r->error[0] = r->hint[0] = '\0';
    r->packed.n = 0;
    r->emitted = 0;
    r->dropped = r->nil = false;
}

struct rec *rec_new(void)
{
    return mem_zero(1, sizeof(struct rec));
}

void rec_free(struct rec *r)
{
    if (!r)
        return;
    clear(r);
    free(r->chunks);
    free(r->fields);
    free(r->own);
    free(r->slots);
    msg_free(&r->packed);
    free(r);
}

/* ---- fields ---- */

static struct field *find(const struct rec *r, const char *name, size_t len)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->fields[i].len == len && memcmp(r->fields[i].name, name, len) == 0)
            return r->fields + i;
    return NULL;
}

static uint32_t *slot_of(const struct rec *r, const char *name, size_t len)
{
    size_t mask = r->n_slots - 1, i = (size_t)XXH3_64bits_withSeed(name, len, (uintptr_t)r->slots) & mask;
    for (; r->slots[i]; i = (i + 1) & mask) {
        const struct field *f = r->fields + r->slots[i] - 1;
        if (f->len == len && memcmp(f->name, name, len) == 0)
            break;
    }
    return r->slots + i;
}

/* Find the field that is about to be set; of many by a table, so that setting n of them takes O(n). */
static struct field *find_to_set(struct rec *r, const char *name, size_t len)
{
    if (r->n < 64)
        return find(r, name, len);
    if (2 * r->n > r->n_slots) {
        free(r->slots);
        for (r->n_slots = 256; r->n_slots < 4 * r->n; )
            r->n_slots *= 2;
        r->slots = mem_new(r->n_slots, sizeof *r->slots);
        r->indexed = 0;
    }
    if (r->indexed == 0)
        memset(r->slots, 0, r->n_slots * sizeof *r->slots);
    for (; r->indexed < r->n; r->indexed++) {
        const struct field *f = r->fields + r->indexed;
        uint32_t *slot = slot_of(r, f->name, f->len);
        if (!*slot)
            *slot = (uint32_t)(r->indexed + 1);
    }
    uint32_t *slot = slot_of(r, name, len);
    return *slot ? r->fields + *slot - 1 : NULL;
}

const struct field *rec_find(const struct rec *r, const char *name)
{
    return find(r, name, strlen(name));
}

const struct field *rec_find_as(const struct rec *r, const struct field *f, size_t hint)
{
    const struct field *there = hint < r->n ? r->fields + hint : NULL;
    if (there && there->len == f->len && memcmp(there->name, f->name, f->len) == 0)
        return there;
    return find(r, f->name, f->len);
}

struct value field_value(const struct field *f)
{
    return msg_value(f->raw + f->key, f->size - f->key);
}

struct value rec_get(const struct rec *r, const char *name)
{
    const struct field *f = rec_find(r, name);
    return f ? field_value(f) : (struct value){ .type = V_NIL };
}

struct text rec_id(const struct rec *r)
{
    const struct field *f = find(r, "id", 2);
    struct value v = f ? field_value(f) : (struct value){ .type = V_NIL };
    return v.type == V_STR ? v.s : (struct text){ "", 0 };
}

static struct field *add_field(struct rec *r)
{
    if (r->n == REC_FIELDS)
        die(ST_MEMORY, "a record of more than %d fields: many numbers belong into a vector", REC_FIELDS);
    mem_grow(&r->fields, &r->cap, r->n + 1, sizeof *r->fields);
    return r->fields + r->n++;
}

/* Room for a field `name` whose value has at most `most` bytes, begun in buf with the
 * packed name; `done` puts it in place. */
struct setting { struct msg_buf buf; msgpack_packer pk; size_t key; };

static int into_room(void *state, const char *p, size_t n)
{
    struct msg_buf *b = state;
    memcpy(b->p + b->n, p, n);
    b->n += n;
    return 0;
}

static void begin(struct rec *r, struct setting *s, const char *name, size_t most)
{
    size_t len = strlen(name);
    s->buf = (struct msg_buf){ room(r, len + 5 + most), 0, len + 5 + most };
    msgpack_packer_init(&s->pk, &s->buf, into_room);
    msg_put_str(&s->pk, name, len);
    s->key = s->buf.n;
}

static void done(struct rec *r, struct setting *s, const char *name)
{
    size_t len = strlen(name);
    struct field *f = find_to_set(r, name, len);
    if (!f)
        f = add_field(r);
    *f = (struct field){ (const char *)s->buf.p + s->key - len, len, s->key, s->buf.p, s->buf.n };
    r->chunks->used -= s->buf.cap - s->buf.n;
}

#define SET(R, NAME, MOST, PACK) do {           \
        struct setting s;                       \
        begin(R, &s, NAME, MOST);               \
        PACK;                                   \
        done(R, &s, NAME);                      \
    } while (0)

void rec_set_nil(struct rec *r, const char *name)
{
    SET(r, name, 1, msgpack_pack_nil(&s.pk));
}

void rec_set_bool(struct rec *r, const char *name, bool v)
{
    SET(r, name, 1, v ? msgpack_pack_true(&s.pk) : msgpack_pack_false(&s.pk));
}

void rec_set_int(struct rec *r, const char *name, int64_t v)
{
    SET(r, name, 9, msgpack_pack_int64(&s.pk, v));
}

void rec_set_f64(struct rec *r, const char *name, double v)
{
    SET(r, name, 9, msgpack_pack_double(&s.pk, v));
}

void rec_set_str(struct rec *r, const char *name, const char *p, size_t n)
{
    SET(r, name, n + 5, msg_put_str(&s.pk, p, n));
}

void rec_set_bin(struct rec *r, const char *name, const void *p, size_t n)
{
    SET(r, name, n + 5, msgpack_pack_bin(&s.pk, n); if (n) msgpack_pack_bin_body(&s.pk, p, n));
}

static void put_tensor(struct setting *s, enum dtype type, int ndim, const size_t *shape, const void *data)
{
    size_t bytes = dtype_size(type);
    for (int i = 0; i < ndim; i++)
        bytes = mem_mul(bytes, shape[i]);
    msg_put_tensor_head(&s->pk, type, ndim, shape);
    if (bytes)
        into_room(&s->buf, data, bytes);
}

void rec_set_tensor(struct rec *r, const char *name, enum dtype type, int ndim, const size_t *shape,
                    const void *data)
{
    size_t bytes = dtype_size(type);
    for (int i = 0; i < ndim; i++)
        bytes = mem_mul(bytes, shape[i]);
    SET(r, name, TENSOR_HEAD + bytes, put_tensor(&s, type, ndim, shape, data));
}

void rec_lend_tensor(struct rec *r, const char *name, enum dtype type, int ndim, const size_t *shape, void *data)
{
    struct setting s;
    size_t bytes = dtype_size(type), len = strlen(name);
    for (int i = 0; i < ndim; i++)
        bytes = mem_mul(bytes, shape[i]);
    begin(r, &s, name, TENSOR_HEAD);
    msg_put_tensor_head(&s.pk, type, ndim, shape);
    done(r, &s, name);
    struct field *f = find(r, name, len);
    uint8_t *raw = (uint8_t *)data - f->size;
    memcpy(raw, f->raw, f->size);
    *f = (struct field){ (const char *)raw + f->key - len, len, f->key, raw, f->size + bytes };
}

void rec_set_vector(struct rec *r, const char *name, const float *x, size_t d)
{
    rec_set_tensor(r, name, T_F4, 1, &d, x);
}

void rec_set_sparse(struct rec *r, const char *name, size_t d, size_t nnz, const uint32_t *index,
                    const float *value)
{
    struct setting s;
    begin(r, &s, name, 2 * TENSOR_HEAD + 32 + mem_mul(nnz, 8));
    msgpack_pack_map(&s.pk, 3);
    msg_put_text(&s.pk, "sparse");
    msgpack_pack_uint64(&s.pk, d);
    msg_put_text(&s.pk, "index");
    put_tensor(&s, T_U4, 1, &nnz, index);
    msg_put_text(&s.pk, "value");
    put_tensor(&s, T_F4, 1, &nnz, value);
    done(r, &s, name);
}

void rec_set_raw(struct rec *r, const char *name, const void *value, size_t size)
{
    SET(r, name, size, into_room(&s.buf, value, size));
}

void rec_take(struct rec *r, const struct field *from)
{
    uint8_t *raw = room(r, from->size);
    memcpy(raw, from->raw, from->size);
    struct field *f = find_to_set(r, from->name, from->len);
    if (!f)
        f = add_field(r);
    *f = (struct field){ (const char *)raw + from->key - from->len, from->len, from->key, raw, from->size };
}

void rec_del(struct rec *r, const char *name)
{
    struct field *f = find(r, name, strlen(name));
    if (!f)
        return;
    size_t at = (size_t)(f - r->fields);
    memmove(f, f + 1, (--r->n - at) * sizeof *f);
    r->indexed = 0;
}

void rec_rename(struct rec *r, const char *from, const char *to)
{
    if (strcmp(from, to) == 0)
        return;
    rec_del(r, to);
    struct field *f = find(r, from, strlen(from));
    size_t at = (size_t)(f - r->fields);
    rec_set_raw(r, to, f->raw + f->key, f->size - f->key);
    r->fields[at] = r->fields[--r->n];      /* it went behind the others: bring it back */
    r->indexed = 0;
}

void rec_begin(struct rec *r, const char *id, size_t n)
{
    clear(r);
    rec_set_str(r, "id", id, n);
}

bool rec_error(struct rec *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    r->hint[0] = '\0';
    str_fit(r->error, sizeof r->error, format, args);
    va_end(args);
    return false;
}

bool rec_finite(struct rec *r, const char *name)
{
    struct value v = rec_get(r, name);
    bool finite = v.type != V_FLOAT || isfinite(v.f);
    if (v.type == V_SPARSE)
        v.t = (struct tensor){ .type = T_F4, .ndim = 1, .shape = { v.sp.nnz }, .count = v.sp.nnz, .data = v.sp.value };
    if (v.type == V_SPARSE || (v.type == V_TENSOR && (v.t.type == T_F4 || v.t.type == T_F8)))
        finite = tensor_finite(&v.t) == v.t.count;
    return finite || rec_error(r, "%s would not be finite: the numbers that it is computed from are too large", name);
}

void rec_emit(struct rec *r)
{
    uint8_t head[5], frame[FRAME_HEAD];
    size_t size = msg_map_head(r->n, head), bytes = size;
    for (size_t i = 0; i < r->n; i++)
        bytes += r->fields[i].size;
    frame_pack_head(frame, FRAME_RECORD, bytes);
    msg_append(&r->packed, frame, sizeof frame);
    msg_append(&r->packed, head, size);
    for (size_t i = 0; i < r->n; i++)
        msg_append(&r->packed, r->fields[i].raw, r->fields[i].size);
    r->emitted++;
    r->dropped = true;
}

void rec_drop(struct rec *r)
{
    r->dropped = true;
}

bool rec_need(struct rec *r, const char *name, struct value *v)
{
    const struct field *f = rec_find(r, name);
    if (!f)
        return rec_lacks(r, name, "");
    *v = field_value(f);
    r->nil = v->type == V_NIL;
    return !r->nil;
}

bool rec_pass_nil(struct rec *r, const char *out)
{
    rec_set_nil(r, out);
    return r->nil = true;
}

static int compare_names(const void *a, const void *b)
{
    const struct field *f = a, *g = b;
    return f->len != g->len ? (f->len < g->len ? -1 : 1) : f->len ? memcmp(f->name, g->name, f->len) : 0;
}

/* A field whose name another one has, too; NULL. Of few, each is compared with each. */
enum { FEW = 8 };
static const struct field *find_twin(const struct rec *r)
{
    for (size_t i = 1; i < r->n && r->n <= FEW; i++)
        for (size_t k = 0; k < i; k++)
            if (compare_names(r->fields + k, r->fields + i) == 0)
                return r->fields + k;
    if (r->n <= FEW)
        return NULL;
    struct field *sorted = mem_new(r->n, sizeof *sorted);
    const struct field *twin = NULL;
    memcpy(sorted, r->fields, r->n * sizeof *sorted);
    qsort(sorted, r->n, sizeof *sorted, compare_names);
    for (size_t i = 1; i < r->n && !twin; i++)
        if (compare_names(sorted + i - 1, sorted + i) == 0)
            twin = find(r, sorted[i].name, sorted[i].len);
    free(sorted);
    return twin;
}

bool rec_parse(struct rec *r, const uint8_t *p, size_t size)
{
    const uint8_t *end = p + size;
    size_t head, n = size ? msg_map(p, end, &head) : SIZE_MAX;
    clear(r);
    if (n == SIZE_MAX)
        return false;
    if (n > REC_FIELDS)
        return rec_error(r, ": it has more than %d fields", REC_FIELDS);
    bool has_id = false, many = n > FEW;
    uint64_t names = 0;
    for (p += head; n; n--) {
        size_t key, len = msg_str(p, end, &key);
        if (len == SIZE_MAX || len > (size_t)(end - p) - key || p + key + len == end)
            return false;
        size_t value = msg_size(p + key + len, end);
        if (!value)
            return false;
        struct field *f = add_field(r);
        *f = (struct field){ (const char *)p + key, len, key + len, p, key + len + value };
        size_t id;
        if (len == 2 && memcmp(f->name, "id", 2) == 0)
            has_id = msg_str(p + f->key, end, &id) != SIZE_MAX;
        if (many)
            names = XXH3_64bits_withSeed(f->name, len, names);
        p += f->size;
    }
    const struct field *twin = !many || names != r->names ? find_twin(r) : NULL;      /* most are called as the last one's */
    if (twin)
        return rec_error(r, ": field %s appears twice", SHORT(twin->name, twin->len));
    r->names = names;
    return p == end && has_id;
}

void rec_own(struct rec *r)
{
    const uint8_t *from = r->n ? r->fields[0].raw : NULL;
    size_t bytes = 0;
    for (size_t i = 0; i < r->n; i++)
        bytes += r->fields[i].size;
    if (bytes > r->own_cap) {
        free(r->own);
        r->own = mem_new(r->own_cap = bytes, 1);
    }
    if (bytes)
        memcpy(r->own, from, bytes);        /* a record just read is one run of bytes */
    for (size_t i = 0; i < r->n; i++) {
        size_t at = (size_t)(r->fields[i].raw - from);
        r->fields[i].name = (const char *)r->own + at + (r->fields[i].name - (const char *)r->fields[i].raw);
        r->fields[i].raw = r->own + at;
    }
}

struct rec *rec_keep(struct rec *r)
{
    struct rec *kept = rec_new();
    rec_own(r);
    *kept = *r;
    *r = (struct rec){ .n = 0 };
    return kept;
}
