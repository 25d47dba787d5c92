/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/msg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "base/mem.h"

static uint64_t big_endian(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

/* One value's head: how many bytes it has itself, and how many values it contains.
 * False if it is cut or malformed. */
static bool one(const uint8_t *p, const uint8_t *end, uint64_t *bytes, uint64_t *inside)
{
    uint8_t c = *p;
    uint64_t left = (uint64_t)(end - p);
    *inside = 0;
    *bytes = 1;
    if (c <= 0x7f || c >= 0xe0)
        return true;
    if (c <= 0x8f) {
        *inside = 2 * (uint64_t)(c & 15);
        return true;
    }
    if (c <= 0x9f) {
        *inside = c & 15;
        return true;
    }
    if (c <= 0xbf) {
        *bytes = 1 + (uint64_t)(c & 31);
        return *bytes <= left;
    }
    static const uint8_t fixed[32] = {      /* bytes of a value of fixed size, 0xc0 … 0xdf */
        1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 5, 9, 2, 3, 5, 9, 2, 3, 5, 9, 3, 4, 6, 10, 18, 0, 0, 0, 0, 0, 0, 0 };
    if (fixed[c - 0xc0]) {
        *bytes = fixed[c - 0xc0];
        return *bytes <= left;
    }
    unsigned len;                           /* bytes of the length field */
    switch (c) {
    case 0xc4: case 0xc7: case 0xd9: len = 1; break;
    case 0xc5: case 0xc8: case 0xda: case 0xdc: case 0xde: len = 2; break;
    case 0xc6: case 0xc9: case 0xdb: case 0xdd: case 0xdf: len = 4; break;
    default: return false;                  /* 0xc1 */
    }
    if (left < 1 + len)
        return false;
    uint64_t n = big_endian(p + 1, len);
    *bytes = 1 + len;
    if (c >= 0xdc)
        *inside = c >= 0xde ? 2 * n : n;
    else
        *bytes += n + (c >= 0xc7 && c <= 0xc9);     /* an ext has a type byte */
    return *bytes <= left;
}

/* The count in a head of one of three families: fix (base, mask), then codes by
 * length 1, 2, 4 (0: none such). */
static size_t head_count(const uint8_t *p, const uint8_t *end, size_t *head, uint8_t base, uint8_t mask,
                         const uint8_t codes[3])
{
    if (p >= end)
        return SIZE_MAX;
    if (base && (*p & ~mask) == base) {
        *head = 1;
        return *p & mask;
    }
    for (unsigned i = 0; i < 3; i++) {
        unsigned len = 1u << i;
        if (codes[i] && *p == codes[i] && (size_t)(end - p) > len) {
            *head = 1 + len;
            return (size_t)big_endian(p + 1, len);
        }
    }
    return SIZE_MAX;
}

size_t msg_str(const uint8_t *p, const uint8_t *end, size_t *head)
{
    return head_count(p, end, head, 0xa0, 0x1f, (const uint8_t[]){ 0xd9, 0xda, 0xdb });
}

size_t msg_bin(const uint8_t *p, const uint8_t *end, size_t *head)
{
    return head_count(p, end, head, 0, 0, (const uint8_t[]){ 0xc4, 0xc5, 0xc6 });
}

size_t msg_array(const uint8_t *p, const uint8_t *end, size_t *head)
{
    return head_count(p, end, head, 0x90, 0x0f, (const uint8_t[]){ 0, 0xdc, 0xdd });
}

size_t msg_map(const uint8_t *p, const uint8_t *end, size_t *head)
{
    return head_count(p, end, head, 0x80, 0x0f, (const uint8_t[]){ 0, 0xde, 0xdf });
}

static const struct { char name[4]; uint8_t size; } dtypes[] = {
    [T_F4] = { "<f4", 4 }, [T_F2] = { "<f2", 2 }, [T_F8] = { "<f8", 8 },
    [T_I4] = { "<i4", 4 }, [T_U4] = { "<u4", 4 },
};

uint64_t msg_u64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 1; i <= 8; i++)
        v = v << 8 | p[i];
    return v;
}

size_t dtype_size(enum dtype type) { return dtypes[type].size; }
const char *dtype_name(enum dtype type) { return dtypes[type].name; }

/* A key or word that may come as str or bin. */
static struct text word(const uint8_t *p, const uint8_t *end)
{
    size_t head, n = msg_str(p, end, &head);
    if (n == SIZE_MAX)
        n = msg_bin(p, end, &head);
    if (n == SIZE_MAX)
        return (struct text){ NULL, 0 };
    return (struct text){ (const char *)p + head, n };
}

static bool is(struct text t, const char *s)
{
    return t.n == strlen(s) && memcmp(t.p, s, t.n) == 0;
}

static bool integer(const uint8_t *p, int64_t *v)
{
    uint8_t c = *p;
    if (c <= 0x7f)
        *v = c;
    else if (c >= 0xe0)
        *v = (int8_t)c;
    else if (c >= 0xcc && c <= 0xcf) {
        uint64_t u = big_endian(p + 1, 1u << (c - 0xcc));
        if (u > INT64_MAX)
            return false;
        *v = (int64_t)u;
    } else if (c == 0xd0)
        *v = (int8_t)p[1];
    else if (c == 0xd1)
        *v = (int16_t)big_endian(p + 1, 2);
    else if (c == 0xd2)
        *v = (int32_t)big_endian(p + 1, 4);
    else if (c == 0xd3)
        *v = (int64_t)big_endian(p + 1, 8);
    else
        return false;
    return true;
}

/* The shape at p; p goes behind it. NULL if it is not one. */
static const uint8_t *shape_of(const uint8_t *p, const uint8_t *end, struct tensor *t)
{
    size_t head, n = msg_array(p, end, &head), most = 1;
    if (n > TENSOR_DIMS)
        return NULL;
    t->ndim = (int)n;
    t->count = 1;
    p += head;
    for (size_t i = 0; i < n; i++) {
        int64_t v;
        uint64_t bytes, inside;
        if (p >= end || !one(p, end, &bytes, &inside) || !integer(p, &v) || v < 0 ||
            __builtin_mul_overflow(most, v ? (size_t)v : 1, &most))
            return NULL;
        t->count *= (size_t)v;
        t->shape[i] = (size_t)v;
        p += bytes;
    }
    return t->count || most <= TENSOR_ROWS ? p : NULL;
}

static bool type_of(struct text name, struct tensor *t)
{
    for (unsigned i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (is(name, dtypes[i].name)) {
            t->type = (enum dtype)i;
            return true;
        }
    return false;
}

static bool has_size(const struct tensor *t, size_t bytes)
{
    size_t want;
    return !__builtin_mul_overflow(t->count, dtype_size(t->type), &want) && want == bytes;
}

/* What stands before the shape of an array as msgpack-numpy and msg_put_tensor_head write it: a map of five,
 * nd: true, type: <f4, kind: nothing, shape. */
static const uint8_t before_shape[] = { 0x85, 0xc4, 2, 'n', 'd', 0xc3, 0xc4, 4, 't', 'y', 'p', 'e', 0xa3, '<', 'f', '4',
                                        0xc4, 4, 'k', 'i', 'n', 'd', 0xc4, 0, 0xc4, 5, 's', 'h', 'a', 'p', 'e' };
static const uint8_t before_data[] = { 0xc4, 4, 'd', 'a', 't', 'a' };
enum { TYPE_AT = 13, TYPE_LEN = 3, TYPE_END = TYPE_AT + TYPE_LEN };

/* The end of an array that is written just so, as nearly all are; NULL if the one at p is not. */
static const uint8_t *as_written(const uint8_t *p, const uint8_t *end, struct tensor *t)
{
    size_t head, bytes;
    if ((size_t)(end - p) < sizeof before_shape || memcmp(p, before_shape, TYPE_AT) != 0 ||
        memcmp(p + TYPE_END, before_shape + TYPE_END, sizeof before_shape - TYPE_END) != 0 ||
        !type_of((struct text){ (const char *)p + TYPE_AT, TYPE_LEN }, t))
        return NULL;
    p = shape_of(p + sizeof before_shape, end, t);
    if (!p || (size_t)(end - p) < sizeof before_data || memcmp(p, before_data, sizeof before_data) != 0)
        return NULL;
    bytes = msg_bin(p += sizeof before_data, end, &head);
    if (bytes == SIZE_MAX || bytes > (size_t)(end - p) - head || !has_size(t, bytes))
        return NULL;
    t->data = p + head;
    return t->data + bytes;
}

size_t msg_size(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *start = p, *to;
    struct tensor t;
    if (p < end && *p == *before_shape && (to = as_written(p, end, &t)) != NULL)
        return (size_t)(to - start);
    for (uint64_t todo = 1; todo > 0; todo--) {
        uint64_t bytes, inside;
        if (todo > (uint64_t)(end - p) || !one(p, end, &bytes, &inside))
            return 0;                       /* each value has one byte or more */
        p += bytes;
        todo += inside;
    }
    return (size_t)(p - start);
}

static bool tensor_of(const uint8_t *p, const uint8_t *end, size_t pairs, struct tensor *t)
{
    bool typed = false, shaped = false;
    size_t bytes = SIZE_MAX, head;
    for (unsigned seen = 0; pairs; pairs--) {
        struct text key = word(p, end);
        unsigned bit = (unsigned)(is(key, "nd") | is(key, "type") << 1 | is(key, "shape") << 2 | is(key, "data") << 3);
        if (seen & bit)
            return false;
        seen |= bit;
        p += msg_size(p, end);
        if (is(key, "nd")) {
            if (*p != 0xc3)
                return false;
        } else if (is(key, "type")) {
            typed = type_of(word(p, end), t) || typed;
        } else if (is(key, "shape")) {
            shaped = shape_of(p, end, t) != NULL;
        } else if (is(key, "data")) {
            bytes = msg_bin(p, end, &head);
            t->data = bytes == SIZE_MAX ? NULL : p + head;
        }
        p += msg_size(p, end);
    }
    return typed && shaped && bytes != SIZE_MAX && has_size(t, bytes);
}

/* The tensor at p, or nothing: of a sparse vector, which holds no other kind. */
static struct value part_of(const uint8_t *p, const uint8_t *end)
{
    struct value v = { .type = V_NIL };
    size_t head, n = msg_map(p, end, &head);
    if (n != SIZE_MAX && n && is(word(p + head, end), "nd") && tensor_of(p + head, end, n, &v.t))
        v.type = V_TENSOR;
    return v;
}

static bool sparse_of(const uint8_t *p, const uint8_t *end, size_t pairs, struct sparse *s)
{
    int64_t d = -1;
    struct value index = { .type = V_NIL }, value = { .type = V_NIL };
    for (; pairs; pairs--) {
        struct text key = word(p, end);
        p += msg_size(p, end);
        size_t n = msg_size(p, end);
        if (is(key, "sparse") && !integer(p, &d))
            return false;
        if (is(key, "index"))
            index = part_of(p, p + n);
        else if (is(key, "value"))
            value = part_of(p, p + n);
        p += n;
    }
    if (d < 0 || index.type != V_TENSOR || value.type != V_TENSOR || index.t.type != T_U4 ||
        value.t.type != T_F4 || index.t.ndim != 1 || value.t.ndim != 1 || index.t.count != value.t.count)
        return false;
    *s = (struct sparse){ (size_t)d, index.t.count, index.t.data, value.t.data };
    int64_t last = -1;
    for (size_t i = 0; i < s->nnz; i++) {   /* ascending and below d: checked once, here */
        uint32_t at;
        memcpy(&at, s->index + 4 * i, 4);
        if ((int64_t)at <= last || at >= s->d)
            return false;
        last = at;
    }
    return true;
}

struct value msg_value(const uint8_t *p, size_t size)
{
    const uint8_t *end = p + size;
    struct value v = { .type = V_OTHER };
    uint8_t c = *p;
    size_t head, n;
    if (c == 0xc0) {
        v.type = V_NIL;
    } else if (c == 0xc2 || c == 0xc3) {
        v.type = V_BOOL;
        v.b = c == 0xc3;
    } else if (c == 0xca) {
        uint32_t bits = (uint32_t)big_endian(p + 1, 4);
        float f;
        memcpy(&f, &bits, 4);
        v.type = V_FLOAT;
        v.f = (double)f;
    } else if (c == 0xcb) {
        uint64_t bits = big_endian(p + 1, 8);
        v.type = V_FLOAT;
        memcpy(&v.f, &bits, 8);
    } else if ((n = msg_str(p, end, &head)) != SIZE_MAX) {
        v.type = V_STR;
        v.s = (struct text){ (const char *)p + head, n };
    } else if ((n = msg_bin(p, end, &head)) != SIZE_MAX) {
        v.type = V_BIN;
        v.s = (struct text){ (const char *)p + head, n };
    } else if ((n = msg_map(p, end, &head)) != SIZE_MAX) {
        struct text first = n ? word(p + head, end) : (struct text){ NULL, 0 };
        if (as_written(p, end, &v.t) || (is(first, "nd") && tensor_of(p + head, end, n, &v.t)))
            v.type = V_TENSOR;
        else if (is(first, "sparse") && sparse_of(p + head, end, n, &v.sp))
            v.type = V_SPARSE;
    } else if (integer(p, &v.i)) {
        v.type = V_INT;
    }
    return v;
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors are little-endian: this machine would need to swap them"
#endif

#define CONVERT(SCOPE, NAME, OUT)                                                           \
SCOPE void NAME(const struct tensor *t, OUT *to)                                            \
{                                                                                           \
    const uint8_t *p = t->data;                                                             \
    for (size_t i = 0; i < t->count; i++, p += dtypes[t->type].size) {                      \
        float f4; double f8; int32_t i4; uint32_t u4; uint16_t f2;                             \
        switch (t->type) {                                                                  \
        case T_F4: memcpy(&f4, p, 4); to[i] = (OUT)f4; break;                               \
        case T_F8: memcpy(&f8, p, 8); to[i] = (OUT)f8; break;                               \
        case T_F2: memcpy(&f2, p, 2); to[i] = (OUT)half_to_float(f2); break;                \
        case T_I4: memcpy(&i4, p, 4); to[i] = (OUT)i4; break;                               \
        case T_U4: memcpy(&u4, p, 4); to[i] = (OUT)u4; break;                               \
        }                                                                                   \
    }                                                                                       \
}
CONVERT(static, convert_f32, float)
CONVERT(, tensor_f64, double)

void tensor_f32(const struct tensor *t, float *to)
{
    if (t->type != T_F4)
        convert_f32(t, to);
    else if (t->count)
        memcpy(to, t->data, t->count * sizeof *to);
}

void sparse_f32(const struct sparse *s, float *to)
{
    memset(to, 0, s->d * sizeof *to);
    for (size_t i = 0; i < s->nnz; i++) {
        uint32_t at;
        memcpy(&at, s->index + 4 * i, sizeof at);
        memcpy(to + at, s->value + 4 * i, sizeof *to);
    }
}

size_t tensor_finite(const struct tensor *t)
{
    float f;
    double d;
    size_t n = 0, size = dtype_size(t->type);
    for (const uint8_t *p = t->data; n < t->count; n++, p += size) {
        if (t->type == T_F4 && (memcpy(&f, p, sizeof f), !isfinite(f)))
            break;
        if (t->type == T_F8 && (memcpy(&d, p, sizeof d), !isfinite(d)))
            break;
    }
    return n;
}

void msg_append(struct msg_buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    mem_grow(&b->p, &b->cap, b->n + n, 1);
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void msg_free(struct msg_buf *b)
{
    free(b->p);
    *b = (struct msg_buf){ NULL, 0, 0 };
}

static int append(void *b, const char *p, size_t n)
{
    msg_append(b, p, n);
    return 0;
}

size_t msg_map_head(size_t n, uint8_t head[5])
{
    if (n < 16) {
        head[0] = (uint8_t)(0x80 | n);
        return 1;
    }
    if (n < 65536) {
        head[0] = 0xde;
        head[1] = (uint8_t)(n >> 8);
        head[2] = (uint8_t)n;
        return 3;
    }
    head[0] = 0xdf;
    for (int i = 0; i < 4; i++)
        head[1 + i] = (uint8_t)(n >> (24 - 8 * i));
    return 5;
}

msgpack_packer msg_packer(struct msg_buf *b)
{
    msgpack_packer pk;
    msgpack_packer_init(&pk, b, append);
    return pk;
}

void msg_put_str(msgpack_packer *pk, const char *s, size_t n)
{
    msgpack_pack_str(pk, n);
    if (n)                              /* s may be NULL then, which memcpy must not get */
        msgpack_pack_str_body(pk, s, n);
}

void msg_put_text(msgpack_packer *pk, const char *s)
{
    msg_put_str(pk, s, strlen(s));
}

void msg_put_tensor_head(msgpack_packer *pk, enum dtype type, int ndim, const size_t *shape)
{
    size_t count = 1;
    char head[sizeof before_shape];
    memcpy(head, before_shape, sizeof head);
    memcpy(head + TYPE_AT, dtype_name(type), TYPE_LEN);
    pk->callback(pk->data, head, sizeof head);
    msgpack_pack_array(pk, (size_t)ndim);
    for (int i = 0; i < ndim; i++) {
        msgpack_pack_uint64(pk, shape[i]);
        count = mem_mul(count, shape[i]);
    }
    pk->callback(pk->data, (const char *)before_data, sizeof before_data);
    msgpack_pack_bin(pk, mem_mul(count, dtype_size(type)));
}
