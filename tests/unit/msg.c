/* msg: the cursor on every type of MessagePack, on cut and lying bytes, and beside msgpack-c;
 * tensors and sparse vectors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stream/msg.h"

/* Bytes of their own size, so that a sanitizer sees a read beyond them. */
static uint8_t *exact(const void *p, size_t n)
{
    uint8_t *copy = mem_new(n, 1);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

static size_t size_of(const void *p, size_t n)
{
    uint8_t *copy = exact(p, n);
    size_t size = n ? msg_size(copy, copy + n) : 0;
    free(copy);
    return size;
}

/* The whole is its size, and every part of it is cut. */
static void whole(const void *p, size_t n)
{
    assert_int_equal(size_of(p, n), n);
    for (size_t k = 0; k < n; k++)
        if (size_of(p, k) != 0)
            fail_msg("%zu of %zu bytes, first %02x, are no value", k, n, *(const uint8_t *)p);
}

/* ---- sizes ---- */

static void test_every_head(void **state)
{
    (void)state;
    static const struct { uint8_t code; size_t size; } fixed[] = {
        { 0xc0, 1 }, { 0xc2, 1 }, { 0xc3, 1 }, { 0xca, 5 }, { 0xcb, 9 }, { 0xcc, 2 }, { 0xcd, 3 }, { 0xce, 5 }, { 0xcf, 9 },
        { 0xd0, 2 }, { 0xd1, 3 }, { 0xd2, 5 }, { 0xd3, 9 }, { 0xd4, 3 }, { 0xd5, 4 }, { 0xd6, 6 }, { 0xd7, 10 }, { 0xd8, 18 },
    };
    uint8_t bytes[80] = { 0 };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        bytes[0] = fixed[i].code;
        whole(bytes, fixed[i].size);
    }
    for (unsigned c = 0; c < 256; c++) {
        bytes[0] = (uint8_t)c;
        if (c <= 0x7f || c >= 0xe0)
            whole(bytes, 1);
        else if (c <= 0x8f)
            whole(bytes, 1 + 2 * (c & 15));     /* of zeros, one byte each */
        else if (c <= 0x9f)
            whole(bytes, 1 + (c & 15));
        else if (c <= 0xbf)
            whole(bytes, 1 + (c & 31));
    }
    bytes[0] = 0xc1;                            /* never used */
    assert_int_equal(size_of(bytes, sizeof bytes), 0);
    bytes[0] = 0x91;
    bytes[1] = 0xc1;
    assert_int_equal(size_of(bytes, sizeof bytes), 0);
}

/* Heads with a length field: code, bytes of the length, bytes before the content besides. */
static void test_lengths(void **state)
{
    (void)state;
    static const struct { uint8_t code; unsigned len, more, unit; } heads[] = {
        { 0xc4, 1, 0, 1 }, { 0xc5, 2, 0, 1 }, { 0xc6, 4, 0, 1 }, { 0xc7, 1, 1, 1 }, { 0xc8, 2, 1, 1 }, { 0xc9, 4, 1, 1 },
        { 0xd9, 1, 0, 1 }, { 0xda, 2, 0, 1 }, { 0xdb, 4, 0, 1 }, { 0xdc, 2, 0, 1 }, { 0xdd, 4, 0, 1 }, { 0xde, 2, 0, 2 },
        { 0xdf, 4, 0, 2 },
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (size_t n = 0; n <= 200; n += 40) {
            uint8_t bytes[500] = { heads[i].code };
            bytes[heads[i].len] = (uint8_t)n;
            whole(bytes, 1 + heads[i].len + heads[i].more + heads[i].unit * n);
        }
    /* Large claims with little behind them. */
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        uint8_t bytes[200];
        memset(bytes, 0, sizeof bytes);
        bytes[0] = heads[i].code;
        memset(bytes + 1, 0xff, heads[i].len);
        assert_int_equal(size_of(bytes, sizeof bytes), 0);
    }
}

static void test_deep(void **state)
{
    (void)state;
    enum { DEEP = 1 << 20 };
    uint8_t *p = mem_new(DEEP, 1);
    memset(p, 0x91, DEEP);
    assert_int_equal(msg_size(p, p + DEEP), 0);
    p[DEEP - 1] = 0xc0;
    assert_int_equal(msg_size(p, p + DEEP), DEEP);
    /* Each array claims four more: the sum must not overflow into what looks right. */
    for (size_t i = 0; i + 5 <= DEEP; i += 5)
        memcpy(p + i, "\xdd\xff\xff\xff\xff", 5);
    assert_int_equal(msg_size(p, p + DEEP), 0);
    free(p);
}

/* A random value by msgpack-c. */
static void random_value(struct rng *r, msgpack_packer *pk, int depth)
{
    char bytes[300];
    size_t n = rng_below(r, rng_below(r, 8) ? 40 : sizeof bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)rng_u32(r);
    switch (rng_below(r, depth > 5 ? 8 : 10)) {
    case 0: msgpack_pack_nil(pk); break;
    case 1: rng_below(r, 2) ? msgpack_pack_true(pk) : msgpack_pack_false(pk); break;
    case 2: msgpack_pack_int64(pk, (int64_t)(rng_u64(r) >> rng_below(r, 64))); break;
    case 3: msgpack_pack_int64(pk, -(int64_t)(rng_u64(r) >> (1 + rng_below(r, 63)))); break;
    case 4: rng_below(r, 2) ? msgpack_pack_float(pk, (float)rng_normal(r)) : msgpack_pack_double(pk, rng_normal(r)); break;
    case 5: msg_put_str(pk, bytes, n); break;
    case 6:
        msgpack_pack_bin(pk, n);
        msgpack_pack_bin_body(pk, bytes, n);
        break;
    case 7:
        msgpack_pack_ext(pk, n, (int8_t)rng_u32(r));
        msgpack_pack_ext_body(pk, bytes, n);
        break;
    default: {
        size_t count = rng_below(r, rng_below(r, 9) ? 6 : 20);
        bool map = rng_below(r, 2);
        map ? msgpack_pack_map(pk, count) : msgpack_pack_array(pk, count);
        for (size_t i = 0; i < count << map; i++)
            random_value(r, pk, depth + 1);
    } }
}

static void test_random_values(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 1, 0);
    for (int i = 0; i < 2000; i++) {
        struct msg_buf b = { NULL, 0, 0 };
        msgpack_packer pk = msg_packer(&b);
        random_value(&r, &pk, 0);
        assert_int_equal(size_of(b.p, b.n), b.n);
        for (int k = 0; k < 20; k++)
            assert_int_equal(size_of(b.p, rng_below(&r, b.n)), 0);
        uint8_t *copy = exact(b.p, b.n);
        msg_value(copy, b.n);                   /* reads nothing beyond */
        for (int k = 0; k < 20; k++) {          /* nor after a flipped bit */
            size_t at = rng_below(&r, b.n);
            copy[at] ^= (uint8_t)(1 << rng_below(&r, 8));
            size_t size = msg_size(copy, copy + b.n);
            assert_true(size <= b.n);
            if (size)
                msg_value(copy, size);
        }
        free(copy);
        msg_free(&b);
    }
}

/* Random bytes: msgpack-c and the cursor find the same values whole. */
static void test_beside_msgpack_c(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 2, 0);
    size_t right = 0;
    for (int i = 0; i < 200000; i++) {
        uint8_t bytes[24];
        size_t n = 1 + rng_below(&r, sizeof bytes);
        for (size_t k = 0; k < n; k++) {
            bytes[k] = (uint8_t)rng_u32(&r);
            if (rng_below(&r, 2))
                bytes[k] &= 0x93;               /* more of what contains something */
            if (bytes[k] >= 0xdc && bytes[k] <= 0xdf)
                bytes[k] = 0x92;                /* for these msgpack-c takes gigabytes first */
        }
        msgpack_unpacked object;
        msgpack_unpacked_init(&object);
        size_t offset = 0;
        bool whole_there = msgpack_unpack_next(&object, (const char *)bytes, n, &offset) > 0;
        size_t size = size_of(bytes, n);
        if (size != (whole_there ? offset : 0))
            fail_msg("case %d of %zu bytes: %zu, msgpack-c %zu", i, n, size, whole_there ? offset : 0);
        right += whole_there;
        msgpack_unpacked_destroy(&object);
    }
    assert_true(right > 20000 && right < 180000);
}

/* ---- values ---- */

static struct value value_of(const char *bytes, size_t n)
{
    static uint8_t *copy;                       /* what the value points to lives until the next */
    free(copy);
    copy = n ? exact(bytes, n) : NULL;
    if (!n)
        return (struct value){ .type = V_NIL };
    assert_int_equal(msg_size(copy, copy + n), n);
    return msg_value(copy, n);
}
#define VALUE(S) value_of(S, sizeof S - 1)

static void test_scalars(void **state)
{
    (void)state;
    static const struct { const char *bytes; size_t n; int64_t v; } ints[] = {
        { "\x00", 1, 0 }, { "\x7f", 1, 127 }, { "\xff", 1, -1 }, { "\xe0", 1, -32 }, { "\xcc\xff", 2, 255 },
        { "\xcd\x01\x02", 3, 258 }, { "\xce\xff\xff\xff\xff", 5, 4294967295 }, { "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX },
        { "\xd0\x80", 2, -128 }, { "\xd1\x80\x00", 3, -32768 }, { "\xd2\x80\x00\x00\x00", 5, INT32_MIN },
        { "\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9, INT64_MIN }, { "\xd3\x00\x00\x00\x00\x00\x00\x00\x05", 9, 5 },
    };
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
        struct value v = value_of(ints[i].bytes, ints[i].n);
        assert_int_equal(v.type, V_INT);
        assert_true(v.i == ints[i].v);
    }
    assert_int_equal(VALUE("\xcf\x80\x00\x00\x00\x00\x00\x00\x00").type, V_OTHER);
    assert_int_equal(VALUE("\xc0").type, V_NIL);
    assert_true(VALUE("\xc3").type == V_BOOL && VALUE("\xc3").b && !VALUE("\xc2").b);
    assert_true(VALUE("\xca\x3f\x80\x00\x00").type == V_FLOAT && VALUE("\xca\xbf\xc0\x00\x00").f == -1.5);
    assert_true(VALUE("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a").f == 0.1);
    assert_true(isnan(VALUE("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00").f));
    static const char *const texts[] = { "\xa3" "abc", "\xd9\x03" "abc", "\xda\x00\x03" "abc", "\xdb\x00\x00\x00\x03" "abc" };
    static const char *const bins[] = { NULL, "\xc4\x03" "abc", "\xc5\x00\x03" "abc", "\xc6\x00\x00\x00\x03" "abc" };
    for (size_t i = 0; i < 4; i++) {
        size_t head = i == 0 ? 1 : 1 + (1u << (i - 1));
        struct value v = value_of(texts[i], head + 3);
        assert_true(v.type == V_STR && v.s.n == 3 && !memcmp(v.s.p, "abc", 3));
        v = bins[i] ? value_of(bins[i], head + 3) : v;
        assert_true(!bins[i] || (v.type == V_BIN && v.s.n == 3 && !memcmp(v.s.p, "abc", 3)));
    }
    assert_true(VALUE("\xa0").type == V_STR && VALUE("\xa0").s.n == 0);
    assert_int_equal(VALUE("\x90").type, V_OTHER);
    assert_int_equal(VALUE("\x80").type, V_OTHER);
    assert_int_equal(VALUE("\xd4\x05\x00").type, V_OTHER);
    /* The heads by themselves, and at the end of what may be read. */
    size_t head;
    const uint8_t *cut = (const uint8_t *)"\xdc\x00";
    assert_true(msg_array(cut, cut + 2, &head) == SIZE_MAX && msg_array(cut, cut, &head) == SIZE_MAX);
    assert_true(msg_map((const uint8_t *)"\x83", (const uint8_t *)"\x83" + 1, &head) == SIZE_MAX || head == 1);
}

/* ---- tensors ---- */

struct made { const char *type; int nd; int64_t shape[10]; int ndim; size_t bytes; bool as_str, no_data; };

/* A map like a tensor, right or not; the caller frees it. */
static struct msg_buf make(const struct made *m)
{
    struct msg_buf b = { NULL, 0, 0 };
    msgpack_packer pk = msg_packer(&b);
    static const uint8_t data[4096];
#define KEY(S) (m->as_str ? msg_put_text(&pk, S) : (void)(msgpack_pack_bin(&pk, strlen(S)), msgpack_pack_bin_body(&pk, S, strlen(S))))
    msgpack_pack_map(&pk, 4 - m->no_data);
    KEY("nd");
    m->nd ? msgpack_pack_true(&pk) : msgpack_pack_false(&pk);
    KEY("type");
    msg_put_text(&pk, m->type);
    KEY("shape");
    msgpack_pack_array(&pk, (size_t)m->ndim);
    for (int i = 0; i < m->ndim; i++)
        msgpack_pack_int64(&pk, m->shape[i]);
    if (!m->no_data) {
        KEY("data");
        msgpack_pack_bin(&pk, m->bytes);
        msgpack_pack_bin_body(&pk, data, m->bytes);
    }
#undef KEY
    return b;
}

static void test_tensors(void **state)
{
    (void)state;
    static const struct { struct made m; bool right; } cases[] = {
        { { "<f4", 1, { 3 }, 1, 12, 0, 0 }, true }, { { "<f4", 1, { 3 }, 1, 12, 1, 0 }, true },
        { { "<f8", 1, { 2, 3 }, 2, 48, 0, 0 }, true }, { { "<f2", 1, { 5 }, 1, 10, 0, 0 }, true },
        { { "<i4", 1, { 0 }, 1, 0, 0, 0 }, true }, { { "<u4", 1, { 0 }, 0, 4, 0, 0 }, true },   /* of no dimension: one number */
        { { "<f4", 1, { 1, 1, 1, 1, 1, 1, 1, 1 }, 8, 4, 0, 0 }, true },
        { { "<f4", 1, { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 9, 4, 0, 0 }, false },      /* too many dimensions */
        { { "<f4", 1, { 3 }, 1, 11, 0, 0 }, false }, { { "<f4", 1, { 3 }, 1, 13, 0, 0 }, false },
        { { "<f4", 1, { 4 }, 1, 12, 0, 0 }, false }, { { "<f4", 1, { -3 }, 1, 12, 0, 0 }, false },
        { { "<f4", 1, { (int64_t)1 << 62 }, 1, 0, 0, 0 }, false },               /* times 4 is 0 in 64 bits */
        { { "<f4", 1, { (int64_t)1 << 32, (int64_t)1 << 32 }, 2, 0, 0, 0 }, false },
        { { "<f4", 1, { INT64_MAX, INT64_MAX, 2 }, 3, 8, 0, 0 }, false },
        { { "<i8", 1, { 1 }, 1, 8, 0, 0 }, false }, { { ">f4", 1, { 1 }, 1, 4, 0, 0 }, false },
        { { "", 1, { 1 }, 1, 4, 0, 0 }, false }, { { "<f4", 0, { 1 }, 1, 4, 0, 0 }, false },   /* a numpy scalar */
        { { "<f4", 1, { 1 }, 1, 4, 0, 1 }, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct msg_buf b = make(&cases[i].m);
        uint8_t *copy = exact(b.p, b.n);
        assert_int_equal(msg_size(copy, copy + b.n), b.n);
        struct value v = msg_value(copy, b.n);
        if ((v.type == V_TENSOR) != cases[i].right || (v.type != V_TENSOR && v.type != V_OTHER))
            fail_msg("case %zu is %d", i, v.type);
        if (cases[i].right) {
            assert_int_equal(v.t.ndim, cases[i].m.ndim);
            assert_int_equal(v.t.count * dtype_size(v.t.type), cases[i].m.bytes);
            assert_string_equal(dtype_name(v.t.type), cases[i].m.type);
            assert_true(v.t.data + cases[i].m.bytes == copy + b.n);
        }
        free(copy);
        msg_free(&b);
    }
}

/* What our own writer puts out, numbers in all types, at every alignment. */
static void test_convert(void **state)
{
    (void)state;
    static const double want[] = { 0, 1, -2, 1024, 65504 };
    static const uint16_t f2[] = { 0, 0x3c00, 0xc000, 0x6400, 0x7bff };
    for (unsigned type = T_F4; type <= T_U4; type++) {
        uint8_t raw[5 * 8];
        for (int i = 0; i < 5; i++) {
            float f4 = (float)want[i];
            int32_t i4 = (int32_t)want[i];
            const void *from = type == T_F4 ? (void *)&f4 : type == T_F8 ? (void *)&want[i] : type == T_F2 ? (void *)&f2[i] : (void *)&i4;
            memcpy(raw + (size_t)i * dtype_size((enum dtype)type), from, dtype_size((enum dtype)type));
        }
        for (size_t shift = 0; shift < 4; shift++) {
            struct msg_buf b = { NULL, 0, 0 };
            msg_append(&b, "....", shift);
            msgpack_packer pk = msg_packer(&b);
            msg_put_tensor_head(&pk, (enum dtype)type, 2, (size_t[]){ 1, 5 });
            assert_true(b.n - shift <= TENSOR_HEAD);
            msg_append(&b, raw, 5 * dtype_size((enum dtype)type));
            assert_int_equal(msg_size(b.p + shift, b.p + b.n), b.n - shift);
            struct value v = msg_value(b.p + shift, b.n - shift);
            assert_true(v.type == V_TENSOR && v.t.type == type && v.t.ndim == 2 && v.t.shape[0] == 1 && v.t.shape[1] == 5);
            float f[5];
            double d[5];
            assert_int_equal(tensor_finite(&v.t), 5);
            tensor_f32(&v.t, f);
            tensor_f64(&v.t, d);
            for (int i = 0; i < 5; i++) {
                double w = type == T_U4 && want[i] < 0 ? 4294967294.0 : want[i];
                assert_true(f[i] == (float)w && d[i] == w);
            }
            msg_free(&b);
        }
    }
    const float f[] = { 1, -INFINITY, 2 };
    const double d[] = { 1, 2, NAN };
    struct tensor t = { .type = T_F4, .count = 3, .data = (const uint8_t *)f };
    assert_int_equal(tensor_finite(&t), 1);
    t = (struct tensor){ .type = T_F8, .count = 3, .data = (const uint8_t *)d };
    assert_int_equal(tensor_finite(&t), 2);
    struct msg_buf b = { NULL, 0, 0 };
    msgpack_packer pk = msg_packer(&b);
    msg_put_tensor_head(&pk, T_F4, 8, (size_t[]){ UINT32_MAX, 1, 1, 1, 1, 1, 1, 1 });
    assert_true(b.n <= TENSOR_HEAD);
    msg_free(&b);
}

/* ---- sparse ---- */

static enum vtype sparse_type(int64_t d, const uint32_t *index, size_t n, size_t values, enum dtype it, enum dtype vt)
{
    static const float x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    struct msg_buf b = { NULL, 0, 0 };
    msgpack_packer pk = msg_packer(&b);
    msgpack_pack_map(&pk, 3);
    msg_put_text(&pk, "sparse");
    msgpack_pack_int64(&pk, d);
    msg_put_text(&pk, "index");
    msg_put_tensor_head(&pk, it, 1, &n);
    msg_append(&b, index, n * 4);
    msg_put_text(&pk, "value");
    msg_put_tensor_head(&pk, vt, 1, &values);
    msg_append(&b, x, values * dtype_size(vt));
    uint8_t *copy = exact(b.p, b.n);
    assert_int_equal(msg_size(copy, copy + b.n), b.n);
    struct value v = msg_value(copy, b.n);
    if (v.type == V_SPARSE) {
        assert_true((int64_t)v.sp.d == d && v.sp.nnz == n);
        assert_memory_equal(v.sp.index, index, 4 * n);
        assert_memory_equal(v.sp.value, x, 4 * n);
    }
    free(copy);
    msg_free(&b);
    return v.type;
}

static void test_sparse(void **state)
{
    (void)state;
    const uint32_t up[] = { 0, 3, 9 }, same[] = { 0, 3, 3 }, down[] = { 0, 9, 3 }, top[] = { UINT32_MAX };
    assert_int_equal(sparse_type(10, up, 3, 3, T_U4, T_F4), V_SPARSE);
    assert_int_equal(sparse_type(10, up, 0, 0, T_U4, T_F4), V_SPARSE);
    assert_int_equal(sparse_type(0, up, 0, 0, T_U4, T_F4), V_SPARSE);
    assert_int_equal(sparse_type((int64_t)1 << 32, top, 1, 1, T_U4, T_F4), V_SPARSE);
    assert_int_equal(sparse_type(9, up, 3, 3, T_U4, T_F4), V_OTHER);            /* 9 is not below 9 */
    assert_int_equal(sparse_type(-1, up, 0, 0, T_U4, T_F4), V_OTHER);
    assert_int_equal(sparse_type(10, same, 3, 3, T_U4, T_F4), V_OTHER);
    assert_int_equal(sparse_type(10, down, 3, 3, T_U4, T_F4), V_OTHER);
    assert_int_equal(sparse_type(10, up, 3, 2, T_U4, T_F4), V_OTHER);
    assert_int_equal(sparse_type(10, up, 3, 3, T_I4, T_F4), V_OTHER);
    assert_int_equal(sparse_type(10, up, 3, 3, T_U4, T_F8), V_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_head), cmocka_unit_test(test_lengths), cmocka_unit_test(test_deep),
        cmocka_unit_test(test_random_values), cmocka_unit_test(test_beside_msgpack_c), cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_tensors), cmocka_unit_test(test_convert), cmocka_unit_test(test_sparse),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    value_of(NULL, 0);
    return failed;
}
