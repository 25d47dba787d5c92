/* json_field: JSON values as fields
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "files/json_field.h"

static struct rec *r;

/* The field that a text becomes. */
static struct value of(const char *text)
{
    json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(v);
    assert_true(json_set(r, "f", v));
    json_decref(v);
    return rec_get(r, "f");
}

static void scalars(void **state)
{
    (void)state;
    assert_int_equal(of("null").type, V_NIL);
    assert_true(of("true").b);
    assert_int_equal(of("-7").i, -7);
    assert_true(of("0.25").f == 0.25);
    struct value v = of("\"\\u00e9\"");
    assert_int_equal(v.type, V_STR);
    assert_int_equal(v.s.n, 2);
    v = of("{\"bin\": \"AAH/\"}");
    assert_int_equal(v.type, V_BIN);
    assert_memory_equal(v.s.p, "\0\1\xff", 3);
}

static void tensors(void **state)
{
    (void)state;
    static const struct { const char *text; int ndim; size_t shape[2]; } good[] = {
        { "[1, 2, 3]", 1, { 3 } }, { "[]", 1, { 0 } }, { "[null, 2]", 1, { 2 } }, { "[[1, 2], [3, null], [5, 6]]", 2, { 3, 2 } },
        { "[[], []]", 2, { 2, 0 } } };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct value v = of(good[i].text);
        assert_int_equal(v.type, V_TENSOR);
        assert_int_equal(v.t.ndim, good[i].ndim);
        for (int k = 0; k < v.t.ndim; k++)
            assert_int_equal(v.t.shape[k], good[i].shape[k]);
    }
    float x[6];
    struct value v = of("[[1, 2], [3, null], [5, 3.4028235e38]]");
    tensor_f32(&v.t, x);
    assert_true(x[2] == 3 && isnan(x[3]) && isfinite(x[5]));
    /* what is no tensor stays what it is */
    static const char *const other[] = { "[1, \"a\"]", "[[1], [1, 2]]", "[1, [2]]", "[null]", "{\"a\": 1}" };
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_int_equal(of(other[i]).type, V_OTHER);
    json_t *large = json_loads("[1, 1e39]", 0, NULL);
    assert_false(json_set(r, "f", large));
    assert_string_equal(r->error, "f: a number too large for a 32-bit float");
    json_decref(large);
}

static void sparse(void **state)
{
    (void)state;
    struct value v = of("{\"sparse\": 9, \"index\": [2, 8], \"value\": [0.5, 1]}");
    assert_int_equal(v.type, V_SPARSE);
    assert_int_equal(v.sp.d, 9);
    assert_int_equal(v.sp.nnz, 2);
    static const char *const other[] = {        /* out of order, out of range, of two lengths, with more beside it */
        "{\"sparse\": 9, \"index\": [8, 2], \"value\": [1, 1]}", "{\"sparse\": 9, \"index\": [9], \"value\": [1]}",
        "{\"sparse\": 9, \"index\": [1], \"value\": []}", "{\"sparse\": 9, \"index\": [], \"value\": [], \"a\": 1}" };
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_int_equal(of(other[i]).type, V_OTHER);
}

int main(void)
{
    r = rec_new();
    rec_begin(r, "a", 1);
    const struct CMUnitTest tests[] = { cmocka_unit_test(scalars), cmocka_unit_test(tensors), cmocka_unit_test(sparse) };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rec_free(r);
    return failed;
}
