/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "files/base64.h"

static void put_f32(struct str *to, float x, struct json_lost *lost)
{
    if (isfinite(x))
        str_f32(to, x);
    else
        str_text(to, "null");
    lost->not_finite += isfinite(x) ? 0 : 1;
}

static void put_f64(struct str *to, double x, struct json_lost *lost)
{
    if (isfinite(x))
        str_f64(to, x);
    else
        str_text(to, "null");
    lost->not_finite += isfinite(x) ? 0 : 1;
}

/* A float to every reader: 3 is "3.0". */
static void put_float(struct str *to, double x, struct json_lost *lost)
{
    size_t before = to->n;
    put_f64(to, x, lost);
    if (isfinite(x) && !memchr(to->p + before, '.', to->n - before) && !memchr(to->p + before, 'e', to->n - before))
        str_text(to, ".0");
}

static bool plain_char(unsigned char c)
{
    return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

static void put_escaped(struct str *to, unsigned char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";      /* a character, and its letter */
    for (const char *at = letters; *at; at += 2)
        if ((unsigned char)*at == c) {
            str_put(to, (const char[]){ '\\', at[1] }, 2);
            return;
        }
    str_printf(to, "\\u%04x", c);
}

void json_put_text(struct str *to, const char *p, size_t n, struct json_lost *lost)
{
    str_char(to, '"');
    for (size_t i = 0, size; i < n; i += size) {
        for (size = 0; i + size < n && plain_char((unsigned char)p[i + size]); )
            size++;
        if (size) {
            str_put(to, p + i, size);
        } else if ((unsigned char)p[i] < 0x80) {
            put_escaped(to, (unsigned char)p[i]);
            size = 1;
        } else {
            size = utf8_size(p + i, n - i);
            str_put(to, size ? p + i : "\xef\xbf\xbd", size ? size : 3);
            lost->not_utf8 += size == 0;
            size += size == 0;
        }
    }
    str_char(to, '"');
}

static void put_bytes(struct str *to, const char *name, const void *p, size_t n)
{
    str_printf(to, "{\"%s\":\"", name);
    base64_encode(p, n, str_room(to, BASE64_SIZE(n)));
    to->n += BASE64_SIZE(n);
    str_text(to, "\"}");
}

static void put_element(struct str *to, const struct tensor *t, size_t i, struct json_lost *lost)
{
    struct tensor one = { .type = t->type, .count = 1, .data = t->data + i * dtype_size(t->type) };
    float f;
    double x;
    if (t->type == T_F4 || t->type == T_F2) {
        tensor_f32(&one, &f);
        put_f32(to, f, lost);
    } else {
        tensor_f64(&one, &x);
        put_f64(to, x, lost);
    }
}

/* The elements of dimension `dim` and below, from element *i on. */
static void put_dim(struct str *to, const struct tensor *t, int dim, size_t *i, struct json_lost *lost)
{
    if (dim == t->ndim) {
        put_element(to, t, (*i)++, lost);
        return;
    }
    str_char(to, '[');
    for (size_t k = 0; k < t->shape[dim]; k++) {
        if (k)
            str_char(to, ',');
        put_dim(to, t, dim + 1, i, lost);
    }
    str_char(to, ']');
}

static void put_tensor(struct str *to, const struct tensor *t, struct json_lost *lost)
{
    size_t i = 0;
    put_dim(to, t, 0, &i, lost);
}

static void put_sparse(struct str *to, const struct sparse *s, struct json_lost *lost)
{
    str_printf(to, "{\"sparse\":%zu,\"index\":", s->d);
    put_tensor(to, &(struct tensor){ .type = T_U4, .ndim = 1, .shape = { s->nnz }, .data = s->index }, lost);
    str_text(to, ",\"value\":");
    put_tensor(to, &(struct tensor){ .type = T_F4, .ndim = 1, .shape = { s->nnz }, .data = s->value }, lost);
    str_char(to, '}');
}

static const uint8_t *put_value(struct str *to, const uint8_t *p, const uint8_t *end, int depth, struct json_lost *lost);

/* A key of a map: a text, bytes or a whole number; NULL if it is none. */
static const uint8_t *put_key(struct str *to, const uint8_t *p, const uint8_t *end, struct json_lost *lost)
{
    size_t size = msg_size(p, end);
    struct value key = msg_value(p, size);
    if (key.type == V_STR || key.type == V_BIN)
        json_put_text(to, key.s.p, key.s.n, lost);
    else if (key.type == V_INT)
        str_printf(to, "\"%" PRId64 "\"", key.i);
    else
        return NULL;
    str_char(to, ':');
    return p + size;
}

/* What has no type of its own: arrays and maps of values, large integers, extensions. */
static const uint8_t *put_other(struct str *to, const uint8_t *p, const uint8_t *end, int depth, struct json_lost *lost)
{
    size_t head, n = msg_array(p, end, &head);
    bool map = n == SIZE_MAX && (n = msg_map(p, end, &head)) != SIZE_MAX;
    if (n != SIZE_MAX) {
        str_char(to, map ? '{' : '[');
        p += head;
        for (size_t i = 0; i < n && p; i++) {
            if (i)
                str_char(to, ',');
            if (map)
                p = put_key(to, p, end, lost);
            if (p)
                p = put_value(to, p, end, depth + 1, lost);
        }
        str_char(to, map ? '}' : ']');
        return p;
    }
    size_t size = msg_size(p, end);
    if (*p == 0xcf)
        str_printf(to, "%" PRIu64, msg_u64(p));
    else
        put_bytes(to, "ext", p, size);
    return p + size;
}

static const uint8_t *put_value(struct str *to, const uint8_t *p, const uint8_t *end, int depth, struct json_lost *lost)
{
    if (depth > JSON_DEEPEST)
        return NULL;
    size_t size = msg_size(p, end);
    struct value v = msg_value(p, size);
    switch (v.type) {
    case V_NIL: str_text(to, "null"); break;
    case V_BOOL: str_text(to, v.b ? "true" : "false"); break;
    case V_INT: str_printf(to, "%" PRId64, v.i); break;
    case V_FLOAT: put_float(to, v.f, lost); break;
    case V_STR: json_put_text(to, v.s.p, v.s.n, lost); break;
    case V_BIN: put_bytes(to, "bin", v.s.p, v.s.n); break;
    case V_TENSOR: put_tensor(to, &v.t, lost); break;
    case V_SPARSE: put_sparse(to, &v.sp, lost); break;
    case V_OTHER: return put_other(to, p, end, depth, lost);
    }
    return p + size;
}

const uint8_t *json_put_value(struct str *to, const uint8_t *p, const uint8_t *end, struct json_lost *lost)
{
    return put_value(to, p, end, 0, lost);
}
