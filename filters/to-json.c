/* to-json - write records as JSON Lines
 *
 * in      any records
 * out     text: an object a line, its members in the order of the fields
 * memory  one record
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/progress.h"
#include "base/utf8.h"
#include "drive/item.h"
#include "files/base64.h"
#include "files/line.h"

static struct {
    const char *output;
} arg;

static const struct opt opts[] = {
    OPT_NOTE(0, "output", &arg.output, "FILE", "write to FILE, which appears when it is whole"),
    OPT_END
};
static const struct opt *const also[] = { rec_in_opts, NULL };
static const struct prog prog = {
    .name = "to-json", .brief = "write records as JSON Lines",
    .in = IO_ANY, .out = IO_TEXT, .writes = "an object a line", .opts = opts, .also = also,
};

enum { DEEPEST = 1000 };        /* values within values */

static struct line_out *out;
static size_t not_finite, not_utf8;

/* ---- numbers and strings ---- */

static void put_f32(float x)
{
    if (isfinite(x)) {
        line_took(out, number_f32(line_room(out, NUMBER_MOST), x));
    } else {
        line_text(out, "null");
        not_finite++;
    }
}

/* `whole`: 3 is "3.0", so that it is a float to a reader. */
static void put_f64(double x, bool whole)
{
    if (!isfinite(x)) {
        line_text(out, "null");
        not_finite++;
        return;
    }
    char *text = line_room(out, NUMBER_MOST);
    size_t n = number_f64(text, x);
    bool mark = whole && !memchr(text, '.', n) && !memchr(text, 'e', n);
    line_took(out, n);
    if (mark)
        line_text(out, ".0");
}

static void put_int(int64_t v)
{
    line_took(out, (size_t)snprintf(line_room(out, NUMBER_MOST), NUMBER_MOST, "%" PRId64, v));
}

/* Whether c stands for itself in a string. */
static bool plain_char(unsigned char c)
{
    return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

static void put_str(const char *p, size_t n)
{
    line_char(out, '"');
    while (n) {
        size_t plain = 0, size;
        while (plain < n && plain_char((unsigned char)p[plain]))
            plain++;
        line_put(out, p, plain);
        p += plain;
        n -= plain;
        if (!n)
            break;
        unsigned char c = (unsigned char)*p;
        if (c >= 0x80) {
            size = utf8_size(p, n);
            line_put(out, size ? p : "\xef\xbf\xbd", size ? size : 3);
            not_utf8 += size == 0;
        } else {
            static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
            const char *at = c ? strchr(letters, c) : NULL;
            size_t k = at ? (size_t)(at - letters) & ~(size_t)1 : 0;
            if (at && letters[k] == (char)c)
                line_put(out, (const char[]){ '\\', letters[k + 1] }, 2);
            else
                line_took(out, (size_t)snprintf(line_room(out, 8), 8, "\\u%04x", c));
            size = 1;
        }
        p += size ? size : 1;
        n -= size ? size : 1;
    }
    line_char(out, '"');
}

static void put_bytes(const char *p, size_t n)
{
    base64_encode((const uint8_t *)p, n, line_room(out, BASE64_SIZE(n)));
    line_took(out, BASE64_SIZE(n));
}

/* ---- arrays ---- */

static void put_element(const struct tensor *t, size_t i)
{
    struct tensor one = { .type = t->type, .count = 1, .data = t->data + i * dtype_size(t->type) };
    if (t->type == T_F4 || t->type == T_F2) {
        float x;
        tensor_f32(&one, &x);
        put_f32(x);
    } else {
        double x;
        tensor_f64(&one, &x);
        put_f64(x, false);
    }
}

/* The elements of dimension `dim` and below, from element *i on. */
static void put_dim(const struct tensor *t, int dim, size_t *i)
{
    if (dim == t->ndim) {
        put_element(t, (*i)++);
        return;
    }
    line_char(out, '[');
    for (size_t k = 0; k < t->shape[dim]; k++) {
        if (k)
            line_char(out, ',');
        put_dim(t, dim + 1, i);
    }
    line_char(out, ']');
}

static void put_tensor(const struct tensor *t)
{
    size_t i = 0;
    put_dim(t, 0, &i);
}

static void put_sparse(const struct sparse *s)
{
    line_text(out, "{\"sparse\":");
    put_int((int64_t)s->d);
    line_text(out, ",\"index\":");
    put_tensor(&(struct tensor){ .type = T_U4, .ndim = 1, .shape = { s->nnz }, .data = s->index });
    line_text(out, ",\"value\":");
    put_tensor(&(struct tensor){ .type = T_F4, .ndim = 1, .shape = { s->nnz }, .data = s->value });
    line_char(out, '}');
}

/* ---- values ---- */

static const uint8_t *put_value(const uint8_t *p, const uint8_t *end, int depth);

/* What has no type of its own: arrays and maps of values, large integers, extensions. */
static const uint8_t *put_other(const uint8_t *p, const uint8_t *end, int depth)
{
    size_t size = 0, head, n;
    if ((n = msg_array(p, end, &head)) != SIZE_MAX) {
        line_char(out, '[');
        p += head;
        for (size_t i = 0; i < n && p; i++) {
            if (i)
                line_char(out, ',');
            p = put_value(p, end, depth + 1);
        }
        line_char(out, ']');
        return p;
    }
    if ((n = msg_map(p, end, &head)) != SIZE_MAX) {
        line_char(out, '{');
        p += head;
        for (size_t i = 0; i < n && p; i++) {
            if (i)
                line_char(out, ',');
            size = msg_size(p, end);
            struct value key = msg_value(p, size);
            if (key.type == V_STR || key.type == V_BIN)
                put_str(key.s.p, key.s.n);
            else if (key.type == V_INT)
                line_char(out, '"'), put_int(key.i), line_char(out, '"');
            else
                return NULL;
            line_char(out, ':');
            p = put_value(p + size, end, depth + 1);
        }
        line_char(out, '}');
        return p;
    }
    size = msg_size(p, end);
    if (*p == 0xcf) {
        uint64_t v = 0;
        for (int i = 1; i <= 8; i++)
            v = v << 8 | p[i];
        line_took(out, (size_t)snprintf(line_room(out, NUMBER_MOST), NUMBER_MOST, "%" PRIu64, v));
    } else {                    /* an extension: all its bytes */
        line_text(out, "{\"ext\":\"");
        put_bytes((const char *)p, size);
        line_text(out, "\"}");
    }
    return p + size;
}

/* Write the value at p; returns the place behind it, or NULL if JSON has nothing like it. */
static const uint8_t *put_value(const uint8_t *p, const uint8_t *end, int depth)
{
    if (depth > DEEPEST)
        return NULL;
    size_t size = msg_size(p, end);
    struct value v = msg_value(p, size);
    switch (v.type) {
    case V_NIL: line_text(out, "null"); break;
    case V_BOOL: line_text(out, v.b ? "true" : "false"); break;
    case V_INT: put_int(v.i); break;
    case V_FLOAT: put_f64(v.f, true); break;
    case V_STR: put_str(v.s.p, v.s.n); break;
    case V_BIN:
        line_text(out, "{\"bin\":\"");
        put_bytes(v.s.p, v.s.n);
        line_text(out, "\"}");
        break;
    case V_TENSOR: put_tensor(&v.t); break;
    case V_SPARSE: put_sparse(&v.sp); break;
    case V_OTHER: return put_other(p, end, depth);
    }
    return p + size;
}

static void put_record(const struct rec *r)
{
    line_char(out, '{');
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->fields + i;
        if (i)
            line_char(out, ',');
        put_str(f->name, f->len);
        line_char(out, ':');
        if (!put_value(f->raw + f->key, f->raw + f->size, 0))
            die(ST_STOPPED, "%.*s: %.*s has no form in JSON: a map whose keys are no names, or values nested over"
                " %d deep", (int)rec_id(r).n, rec_id(r).p, (int)f->len, f->name, DEEPEST);
    }
    line_char(out, '}');
    line_end(out);
}

int main(int argc, char **argv)
{
    struct rec_in *in = rec_open(&prog, opt_parse(&prog, argc, argv), false);
    struct rec *r = rec_new();
    out = line_create(arg.output);
    while (rec_next(in, r)) {
        put_record(r);
        if (!rec_ready(in))
            line_flush(out);
    }
    line_finish(out);
    rec_free(r);
    rec_close(in);
    if (not_finite)
        warn("values that are NaN or infinite, written as null: %zu", not_finite);
    if (not_utf8)
        warn("bytes that are not UTF-8, written as U+FFFD: %zu", not_utf8);
    return item_status();
}
