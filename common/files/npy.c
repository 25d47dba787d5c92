/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/npy.h"

#include <stdio.h>
#include <string.h>

#include "stream/msg.h"

const char *npy_start(const uint8_t s[NPY_START], size_t *at, size_t *n)
{
    if (memcmp(s, "\x93NUMPY", 6) != 0)
        return "not a .npy file: it does not begin with NumPy's magic bytes";
    if (s[6] < 1 || s[6] > 3)
        return "a version of .npy later than 3";
    *at = s[6] == 1 ? 10 : 12;
    *n = s[8] | (size_t)s[9] << 8;
    if (s[6] > 1)
        *n |= (size_t)s[10] << 16 | (size_t)s[11] << 24;
    return *n > 1 << 20 ? "malformed header: it claims to be over 1 MiB" : NULL;
}

/* ---- the dictionary: a Python literal ---- */

struct cursor { const char *p, *end; };

static void blanks(struct cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t'))
        c->p++;
}

static bool take(struct cursor *c, char what)
{
    blanks(c);
    if (c->p == c->end || *c->p != what)
        return false;
    c->p++;
    return true;
}

static bool word(struct cursor *c, const char *what)
{
    size_t n = strlen(what);
    blanks(c);
    if ((size_t)(c->end - c->p) < n || memcmp(c->p, what, n) != 0)
        return false;
    c->p += n;
    return true;
}

static struct text string(struct cursor *c)
{
    blanks(c);
    if (c->p == c->end || (*c->p != '\'' && *c->p != '"'))
        return (struct text){ NULL, 0 };
    char quote = *c->p++;
    const char *from = c->p;
    while (c->p < c->end && *c->p != quote)
        c->p++;
    if (c->p == c->end)
        return (struct text){ NULL, 0 };
    return (struct text){ from, (size_t)(c->p++ - from) };
}

static bool is(struct text t, const char *s)
{
    return t.n == strlen(s) && memcmp(t.p, s, t.n) == 0;
}

static const char *parse_type(struct cursor *c, struct npy *a)
{
    blanks(c);
    if (c->p < c->end && *c->p == '[')
        return "a structured array: save its columns as one plain array";
    struct text t = string(c);
    if (!t.p || t.n < 2)
        return "malformed header: no type";
    if (!strchr("<>|=", t.p[0]))
        return "malformed header: the type's byte order";
    a->swapped = t.p[0] == '>';
    a->kind = t.p[1];
    if (a->kind == 'O')
        return "an array of Python objects: save an array of numbers";
    a->size = t.n == 3 ? (size_t)(t.p[2] - '0') : 0;
    bool fits = a->kind == 'f' ? a->size == 2 || a->size == 4 || a->size == 8
              : a->kind == 'i' || a->kind == 'u' ? a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8
              : a->kind == 'b' && a->size == 1;
    return fits ? NULL : "neither floats of 16 to 64 bits, whole numbers nor booleans: convert it, x.astype('f4')";
}

static const char *parse_shape(struct cursor *c, struct npy *a)
{
    if (!take(c, '('))
        return "malformed header: no shape";
    a->count = 1;
    for (a->ndim = 0; !take(c, ')'); ) {
        if (a->ndim && !take(c, ','))
            return "malformed header: the shape";
        if (take(c, ')'))
            break;
        size_t v = 0, digits = 0;
        for (blanks(c); c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++, digits++)
            if (__builtin_mul_overflow(v, (size_t)10, &v) || __builtin_add_overflow(v, (size_t)(*c->p - '0'), &v))
                return "malformed header: the shape is too large";
        if (c->p < c->end && *c->p == 'L')      /* written by Python 2 */
            c->p++;
        if (!digits)
            return "malformed header: the shape";
        if (a->ndim == NPY_DIMS)
            return "an array of too many dimensions";
        a->shape[a->ndim++] = v;
    }
    size_t most = 1;                            /* a shape of (0, 2^60, 2^60) is no harm to numpy, but to us */
    for (int i = 0; i < a->ndim; i++) {
        a->count *= a->shape[i];
        if (__builtin_mul_overflow(most, a->shape[i] ? a->shape[i] : 1, &most))
            return "malformed header: the shape is too large";
    }
    if (a->count == 0 && most > TENSOR_ROWS)
        return "malformed header: an array without elements of over 65536 rows";
    return most > SIZE_MAX / 16 ? "malformed header: the shape is too large" : NULL;
}

const char *npy_parse(const char *text, size_t n, struct npy *a)
{
    struct cursor c = { text, text + n };
    bool type = false, order = false, shape = false;
    *a = (struct npy){ .ndim = 0 };
    if (!take(&c, '{'))
        return "malformed header: no dictionary";
    while (!take(&c, '}')) {
        struct text key = string(&c);
        if (!key.p || !take(&c, ':'))
            return "malformed header: no dictionary";
        const char *why = NULL;
        if (is(key, "descr")) {
            why = parse_type(&c, a);
            type = true;
        } else if (is(key, "fortran_order")) {
            a->fortran = word(&c, "True");
            if (!a->fortran && !word(&c, "False"))
                why = "malformed header: the order is neither True nor False";
            order = true;
        } else if (is(key, "shape")) {
            why = parse_shape(&c, a);
            shape = true;
        } else {
            why = "malformed header: a key other than descr, fortran_order and shape";
        }
        if (why)
            return why;
        if (!take(&c, ',')) {
            if (!take(&c, '}'))
                return "malformed header: no dictionary";
            break;
        }
    }
    blanks(&c);
    if (!type || !order || !shape || c.p != c.end)
        return "malformed header: not descr, fortran_order and shape alone";
    return NULL;
}

/* ---- numbers ---- */

static uint64_t bits(const struct npy *a, const uint8_t *p)
{
    uint64_t v = 0;
    for (size_t i = 0; i < a->size; i++)
        v = v << 8 | p[a->swapped ? i : a->size - 1 - i];
    return v;
}

bool npy_whole(const struct npy *a, const uint8_t *p, int64_t *v)
{
    uint64_t u = bits(a, p);
    unsigned unused = (unsigned)(64 - 8 * a->size);
    if (a->kind == 'b')
        u = u != 0;
    else if (a->kind == 'i' && unused && u >> (63 - unused))
        u |= UINT64_MAX << (64 - unused);
    memcpy(v, &u, sizeof u);
    return a->kind == 'i' || *v >= 0;
}

double npy_number(const struct npy *a, const uint8_t *p)
{
    uint64_t u = bits(a, p);
    if (a->kind != 'f') {
        int64_t v;
        return npy_whole(a, p, &v) ? (double)v : (double)u;
    }
    double x;
    if (a->size == 8) {
        memcpy(&x, &u, sizeof x);
        return x;
    }
    uint8_t little[4] = { (uint8_t)u, (uint8_t)(u >> 8), (uint8_t)(u >> 16), (uint8_t)(u >> 24) };
    tensor_f64(&(struct tensor){ .type = a->size == 2 ? T_F2 : T_F4, .count = 1, .data = little }, &x);
    return x;
}

/* ---- writing ---- */

size_t npy_pack(char to[NPY_HEAD], char kind, size_t size, int ndim, const size_t *shape)
{
    int n = 10 + snprintf(to + 10, NPY_HEAD - 10, "{'descr': '%c%c%zu', 'fortran_order': False, 'shape': (",
                          size == 1 ? '|' : '<', kind, size);
    for (int i = 0; i < ndim; i++)
        n += snprintf(to + n, NPY_HEAD - (size_t)n, "%s%zu%s", i ? ", " : "", shape[i], ndim == 1 ? "," : "");
    n += snprintf(to + n, NPY_HEAD - (size_t)n, "), }");
    size_t whole = ((size_t)n + 1 + 63) / 64 * 64;
    memset(to + n, ' ', whole - (size_t)n - 1);
    to[whole - 1] = '\n';
    memcpy(to, "\x93NUMPY\x01\x00", 8);
    to[8] = (char)((whole - 10) & 255);
    to[9] = (char)((whole - 10) >> 8);
    return whole;
}

size_t npy_write(char *to, char kind, size_t size, double v, int64_t whole)
{
    float narrow = (float)v;
    uint64_t bits = kind == 'b' ? whole != 0 : (uint64_t)whole;
    uint32_t bits4;
    if (kind == 'f' && size == 8)
        memcpy(&bits, &v, sizeof bits);
    if (kind == 'f' && size == 4) {
        memcpy(&bits4, &narrow, sizeof bits4);
        bits = bits4;
    }
    for (size_t i = 0; i < size; i++)
        to[i] = (char)(bits >> 8 * i);
    return size;
}
