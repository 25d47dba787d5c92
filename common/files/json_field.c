/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/json_field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "files/base64.h"

/* Shape of v as nested arrays of numbers; null counts as a number beside others. -1: it
 * is none. `found` is set where there is a number, or no element at all. */
static int shape_of(const json_t *v, size_t *shape, int most, bool *found)
{
    if (json_is_number(v) || json_is_null(v)) {
        *found |= json_is_number(v);
        return 0;
    }
    if (!json_is_array(v) || most == 0)
        return -1;
    size_t n = json_array_size(v), inner[TENSOR_DIMS];
    shape[0] = n;
    *found |= n == 0;
    int ndim = n ? shape_of(json_array_get(v, 0), shape + 1, most - 1, found) : 0;
    for (size_t i = 1; i < n && ndim >= 0; i++) {
        int other = shape_of(json_array_get(v, i), inner, most - 1, found);
        if (other != ndim || memcmp(inner, shape + 1, (size_t)ndim * sizeof *inner) != 0)
            ndim = -1;
    }
    return ndim < 0 ? -1 : ndim + 1;
}

/* Put v's numbers behind each other; false if one is beyond 32-bit floats. */
static bool flatten(const json_t *v, float **to)
{
    if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++)
            if (!flatten(json_array_get(v, i), to))
                return false;
        return true;
    }
    double x = json_is_null(v) ? NAN : json_number_value(v);
    *(*to)++ = (float)x;
    return !(fabs(x) > 3.4028235677973366e38);      /* from here on the nearest float is infinite */
}

/* Everything that has no type of its own in a stream, as it stands. */
static void pack(msgpack_packer *pk, const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT: {
        msgpack_pack_map(pk, json_object_size(v));
        for (void *i = json_object_iter((json_t *)v); i; i = json_object_iter_next((json_t *)v, i)) {
            msg_put_text(pk, json_object_iter_key(i));
            pack(pk, json_object_iter_value(i));
        }
        break;
    }
    case JSON_ARRAY:
        msgpack_pack_array(pk, json_array_size(v));
        for (size_t i = 0; i < json_array_size(v); i++)
            pack(pk, json_array_get(v, i));
        break;
    case JSON_STRING: msg_put_str(pk, json_string_value(v), json_string_length(v)); break;
    case JSON_INTEGER: msgpack_pack_int64(pk, json_integer_value(v)); break;
    case JSON_REAL: msgpack_pack_double(pk, json_real_value(v)); break;
    case JSON_TRUE: msgpack_pack_true(pk); break;
    case JSON_FALSE: msgpack_pack_false(pk); break;
    case JSON_NULL: msgpack_pack_nil(pk); break;
    }
}

/* {"sparse": d, "index": [...], "value": [...]}, as to-json writes it. */
static bool set_sparse(struct rec *r, const char *name, const json_t *v)
{
    const json_t *d = json_object_get(v, "sparse"), *index = json_object_get(v, "index"),
                 *value = json_object_get(v, "value");
    size_t n = json_array_size(index);
    if (json_object_size(v) != 3 || !json_is_integer(d) || !json_is_array(index) || !json_is_array(value) ||
        json_array_size(value) != n || json_integer_value(d) < 0)
        return false;
    uint32_t *at = mem_new(n, sizeof *at);
    float *x = mem_new(n, sizeof *x), *to = x;
    json_int_t last = -1;
    bool fits = true;
    for (size_t i = 0; i < n && fits; i++) {
        const json_t *k = json_array_get(index, i), *e = json_array_get(value, i);
        json_int_t j = json_is_integer(k) ? json_integer_value(k) : -1;
        fits = j > last && j < json_integer_value(d) && j <= UINT32_MAX &&
               (json_is_number(e) || json_is_null(e)) && flatten(e, &to);
        if (fits)
            at[i] = (uint32_t)(last = j);
    }
    if (fits)
        rec_set_sparse(r, name, (size_t)json_integer_value(d), n, at, x);
    free(at);
    free(x);
    return fits;
}

/* {"bin": "base64"}, as to-json writes it. */
static bool set_bin(struct rec *r, const char *name, const json_t *v)
{
    const json_t *s = json_object_get(v, "bin");
    size_t n;
    if (json_object_size(v) != 1 || !json_is_string(s))
        return false;
    uint8_t *bytes = mem_new(json_string_length(s), 1);
    bool fits = base64_decode(json_string_value(s), json_string_length(s), bytes, &n);
    if (fits)
        rec_set_bin(r, name, bytes, n);
    free(bytes);
    return fits;
}

bool json_set(struct rec *r, const char *name, const json_t *v)
{
    size_t shape[TENSOR_DIMS], count = 1;
    bool found = false;
    int ndim = json_is_array(v) ? shape_of(v, shape, TENSOR_DIMS, &found) : -1;
    if (ndim > 0 && found) {
        for (int i = 0; i < ndim; i++)
            count = mem_mul(count, shape[i]);
        float *x = mem_new(count, sizeof *x), *to = x;
        bool fits = flatten(v, &to);
        if (fits)
            rec_set_tensor(r, name, T_F4, ndim, shape, x);
        free(x);
        return fits || rec_error(r, "%s: a number too large for a 32-bit float", name);
    }
    if (json_is_object(v) && (set_sparse(r, name, v) || set_bin(r, name, v)))
        return true;
    struct msg_buf b = { NULL, 0, 0 };
    msgpack_packer pk = msg_packer(&b);
    pack(&pk, v);
    rec_set_raw(r, name, b.p, b.n);
    msg_free(&b);
    return true;
}
