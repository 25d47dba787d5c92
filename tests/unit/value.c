/* value: keys, names, order and text of values; tally, alike
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drive/alike.h"
#include "stream/tally.h"

static struct value integer(int64_t i) { return (struct value){ .type = V_INT, .i = i }; }
static struct value real(double f) { return (struct value){ .type = V_FLOAT, .f = f }; }
static struct value truth(bool b) { return (struct value){ .type = V_BOOL, .b = b }; }
static struct value text(const char *s) { return (struct value){ .type = V_STR, .s = { s, strlen(s) } }; }

/* -1, 0 or 1: the order of two values by value_order. */
static int order(const struct value *a, const struct value *b, bool falling)
{
    struct msg_buf x = { NULL, 0, 0 }, y = { NULL, 0, 0 };
    value_order(a, falling, &x);
    value_order(b, falling, &y);
    int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    order = order ? (order > 0) - (order < 0) : (x.n > y.n) - (x.n < y.n);
    msg_free(&x);
    msg_free(&y);
    return order;
}

/* Whether two values have the same key; -1 if one of them has none. */
static int same(struct value a, struct value b)
{
    struct msg_buf x = { NULL, 0, 0 }, y = { NULL, 0, 0 };
    int same = !value_key(&a, &x) || !value_key(&b, &y) ? -1 : x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
    msg_free(&x);
    msg_free(&y);
    return same;
}

static void test_key(void **state)
{
    (void)state;
    assert_int_equal(same(integer(3), real(3)), 1);
    assert_int_equal(same(integer(0), real(-0.0)), 1);
    assert_int_equal(same(integer(-200), real(-200)), 1);
    assert_int_equal(same(integer(INT64_MIN), real(-0x1p63)), 1);
    assert_int_equal(same(integer(INT64_MAX), real(0x1p63)), 0);
    assert_int_equal(same(integer((int64_t)1 << 60), real(0x1p60)), 1);
    assert_int_equal(same(integer(((int64_t)1 << 53) + 1), real(0x1p53)), 0);
    assert_int_equal(same(real(0.1), real(0.1)), 1);
    assert_int_equal(same(real(0.1), real((double)0.1f)), 0);
    assert_int_equal(same(integer(3), text("3")), 0);
    assert_int_equal(same(truth(true), text("true")), 0);
    assert_int_equal(same(truth(true), integer(1)), 0);
    assert_int_equal(same(text(""), text("")), 1);
    const struct value none[] = { { .type = V_NIL }, { .type = V_BIN, .s = { "a", 1 } }, { .type = V_TENSOR },
                                  { .type = V_SPARSE }, { .type = V_OTHER }, real(NAN), real(INFINITY) };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(same(none[i], none[i]), -1);

    /* Keys behind each other do not run together. */
    struct msg_buf x = { NULL, 0, 0 }, y = { NULL, 0, 0 };
    const struct value a[] = { text("a"), text("bc") }, b[] = { text("ab"), text("c") };
    for (int i = 0; i < 2; i++)
        assert_true(value_key(a + i, &x) && value_key(b + i, &y));
    assert_true(x.n == y.n && memcmp(x.p, y.p, x.n) != 0);
    msg_free(&x);
    msg_free(&y);
}

static void test_same(void **state)
{
    (void)state;
#define SAME(a, b) value_same((const uint8_t *)(a), sizeof (a) - 1, (const uint8_t *)(b), sizeof (b) - 1)
    assert_true(SAME("\x03", "\xcd\x00\x03"));
    assert_true(SAME("\xff", "\xd1\xff\xff"));
    assert_true(SAME("\xa1" "a", "\xd9\x01" "a"));
    assert_true(SAME("\xc0", "\xc0"));
    assert_true(SAME("\x91\x01", "\x91\x01"));
    assert_false(SAME("\x91\x01", "\x91\xcc\x01"));     /* no labels: byte for byte */
    assert_false(SAME("\xc0", "\xc2"));
    assert_false(SAME("\xa1" "1", "\x01"));
}

static void test_names(void **state)
{
    (void)state;
    struct names n = { 0 };
    const struct value v[] = { text("b"), real(2), text("true"), integer(2), truth(true), text("2"), real(-1.5), truth(false),
                               integer(10) };
    const size_t want[] = { 0, 1, 2, 1, 3, 4, 5, 6, 7 };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        assert_int_equal(value_name(&n, v + i), want[i]);
    struct value nil = { .type = V_NIL }, nan = real(NAN);
    assert_true(value_name(&n, &nil) == SIZE_MAX && value_name(&n, &nan) == SIZE_MAX && n.n == 8);
    static const char *const order[] = { "false", "true", "-1.5", "2", "10", "2", "b", "true" };
    struct ranking r = names_rank(&n, 100);
    for (size_t i = 0; i < 8; i++)
        assert_string_equal(n.v[r.shown_name[i]].text, order[i]);
    ranking_free(&r);
    names_free(&n);
}

static void test_compare(void **state)
{
    (void)state;
    const struct value up[] = {     /* in rising order */
        truth(false), truth(true), real(-INFINITY), real(-DBL_MAX), real(-0x1p63 * 2), integer(INT64_MIN), integer(-2), real(-1.5), integer(-1),
        real(0.25), integer(1), real(1.5), integer((int64_t)1 << 53), integer(((int64_t)1 << 53) + 1), real(0x1p53 + 2),
        integer(INT64_MAX), real(0x1p63), real(DBL_MAX), real(INFINITY), text(""), text("3"), text("a"), text("ab"), text("b"),
        text("\xc3\xa9"), real(NAN),
    };
    size_t n = sizeof up / sizeof *up;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            if (value_compare(up + i, up + k) != (i > k) - (i < k))
                fail_msg("%zu and %zu", i, k);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            int want = value_compare(up + i, up + k), last = (i == n - 1) - (k == n - 1);
            if (order(up + i, up + k, false) != want || order(up + i, up + k, true) != (last ? last : -want))
                fail_msg("keys of %zu and %zu", i, k);
        }
    struct value three = integer(3), also = real(3), nil = { .type = V_NIL }, bytes = { .type = V_BIN, .s = { "a", 1 } };
    assert_int_equal(value_compare(&three, &also), 0);
    assert_int_equal(value_compare(&nil, &bytes), 0);
    assert_int_equal(value_compare(&nil, &three), 1);
    assert_int_equal(order(&three, &also, false), 0);
    assert_int_equal(order(&nil, &bytes, true), 0);
    struct value zero = real(-0.0), none = integer(0), with = { .type = V_STR, .s = { "a\0", 2 } }, a = text("a"), one = { .type = V_STR, .s = { "a\1", 2 } };
    assert_int_equal(order(&zero, &none, false), 0);
    assert_int_equal(order(&a, &with, false), -1);
    assert_int_equal(order(&with, &one, false), -1);
    assert_int_equal(order(&with, &one, true), 1);
}

static void test_text(void **state)
{
    (void)state;
    const struct { struct value v; const char *text, *brief; } t[] = {
        { integer(-7), "-7", "-7" }, { real(3), "3", "3" }, { real(-0.0), "0", "-0" }, { real(0.5), "0.5", "0.5" },
        { truth(true), "true", "true" }, { text("a\n\"b"), "a\n\"b", "\"a?\"b\"" }, { text(""), "", "\"\"" },
        { real(NAN), NULL, "nan" }, { { .type = V_NIL }, NULL, "nil" }, { { .type = V_BIN, .s = { "ab", 2 } }, NULL, "2 bytes" },
        { { .type = V_TENSOR, .t = { .ndim = 2, .shape = { 3, 4 } } }, NULL, "an array [3,4]" },
        { { .type = V_SPARSE, .sp = { .d = 9 } }, NULL, "a sparse vector [9]" }, { { .type = V_OTHER }, NULL, "of another type" },
        { text("a\xff" "b"), "a\xff" "b", "\"a?b\"" },
    };
    char brief[VALUE_BRIEF];
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct msg_buf b = { NULL, 0, 0 };
        assert_int_equal(value_text(&t[i].v, &b), t[i].text != NULL);
        assert_true(!t[i].text || (b.n == strlen(t[i].text) && (!b.n || memcmp(b.p, t[i].text, b.n) == 0)));
        assert_string_equal(value_brief(&t[i].v, brief), t[i].brief);
        msg_free(&b);
    }
    char longest[300];                              /* cut between characters, never over the room */
    for (size_t lead = 0; lead < 4; lead++) {
        memset(longest, 'a', lead);
        for (size_t i = 0; i < 90; i++)
            memcpy(longest + lead + 3 * i, "\xe2\x82\xac", 4);
        struct value v = text(longest);
        value_brief(&v, brief);
        size_t n = strlen(brief);
        assert_true(n < VALUE_BRIEF && n >= VALUE_BRIEF - 6 && strcmp(brief + n - 4, "...\"") == 0);
        assert_int_equal((n - 5 - lead) % 3, 0);
    }
    struct value wide = { .type = V_TENSOR, .t = { .ndim = TENSOR_DIMS } };
    for (int k = 0; k < TENSOR_DIMS; k++)
        wide.t.shape[k] = SIZE_MAX;
    assert_true(strlen(value_brief(&wide, brief)) < VALUE_BRIEF);
}

static void test_word(void **state)
{
    (void)state;
    assert_true(value_word("12").type == V_INT && value_word("12").i == 12);
    assert_true(value_word("-3").type == V_INT && value_word("-3").i == -3);
    assert_true(value_word("9223372036854775807").type == V_INT && value_word("9223372036854775807").i == INT64_MAX);
    assert_true(value_word("9223372036854775808").type == V_FLOAT && value_word("1.7e308").type == V_FLOAT);
    assert_true(value_word("1e3").type == V_FLOAT && value_word("1e3").f == 1000);
    assert_true(value_word("true").type == V_BOOL && value_word("null").type == V_NIL);
    assert_true(value_word("").type == V_STR && value_word("nan").type == V_STR && value_word("1x").type == V_STR);
    struct rec *r = rec_new();
    const struct value v[] = { integer(1), real(2.5), truth(true), text("t"), { .type = V_NIL }, { .type = V_BIN, .s = { "b", 1 } } };
    rec_begin(r, "i", 1);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        rec_set_value(r, "f", v + i);
        assert_int_equal(rec_get(r, "f").type, v[i].type);
    }
    rec_free(r);
}

static void test_tally(void **state)
{
    (void)state;
    struct tally t = { NULL, 0, 0, 0 };
    assert_null(tally_best(&t));
    static const char *const votes[] = { "\xa1" "b", "\x03", "\xa1" "a", "\xcc\x03", "\xd9\x01" "b", "\xd0\x03" };
    const size_t sizes[] = { 2, 1, 2, 2, 3, 2 };
    for (size_t i = 0; i < 5; i++)
        tally_add(&t, (const uint8_t *)votes[i], sizes[i]);
    assert_true(t.n == 3 && t.all == 5);
    assert_true(tally_best(&t)->count == 2 && tally_best(&t)->size == 2 && memcmp(tally_best(&t)->raw, "\xa1" "b", 2) == 0);
    tally_add(&t, (const uint8_t *)votes[5], sizes[5]);
    assert_true(tally_best(&t)->count == 3 && tally_best(&t)->size == 1);      /* as it was first packed */
    tally_free(&t);
}

/* ---- alike ---- */

static bool is_left(const struct field *f) { return f->len == 4 && memcmp(f->name, "left", 4) == 0; }

static void add_song(struct alike *a, struct rec *r, const char *id, struct value year, const char *title, int64_t start)
{
    rec_begin(r, id, strlen(id));
    rec_set_value(r, "year", &year);
    rec_set_str(r, "title", title, strlen(title));
    rec_set_int(r, "start", start);
    rec_set_int(r, "left", 1);
    rec_set_vector(r, "x", (float[]){ 1 }, 1);
    alike_add(a, r, is_left);
}

static void test_alike(void **state)
{
    (void)state;
    struct alike a = { .records = 0 }, b = { .records = 0 }, c = { .records = 0 };
    struct alike_seen seen = { .somewhere = NULL };
    struct rec *r = rec_new();
    add_song(&a, r, "a1", integer(1999), "one", 0);
    add_song(&a, r, "a2", real(1999), "another, longer", 1);
    add_song(&a, r, "a3", integer(1999), "one", 2);
    add_song(&b, r, "b1", integer(5), "same", 0);
    add_song(&b, r, "b2", text("5"), "same", 1);
    add_song(&c, r, "c", integer(7), "alone", 9);
    alike_look(&seen, &a);
    alike_look(&seen, &b);
    alike_look(&seen, &c);
    rec_begin(r, "A", 1);
    alike_set(r, &a, &seen);            /* start is alike nowhere, title in b */
    assert_int_equal(r->n, 3);
    assert_true(rec_get(r, "year").i == 1999 && rec_find(r, "title") && rec_get(r, "title").type == V_NIL);
    rec_begin(r, "B", 1);
    alike_set(r, &b, &seen);
    assert_true(r->n == 3 && rec_get(r, "year").type == V_NIL && rec_get(r, "title").s.n == 4);
    rec_begin(r, "C", 1);
    alike_set(r, &c, &seen);
    assert_true(r->n == 3 && rec_get(r, "year").i == 7);
    assert_true(names_find(&seen.names, "year", 4, NAME_TEXT) == 0 && names_find(&seen.names, "left", 4, NAME_TEXT) == SIZE_MAX);
    assert_true(names_find(&(struct names){ 0 }, "year", 4, NAME_TEXT) == SIZE_MAX);
    alike_free(&a);
    alike_free(&b);
    alike_free(&c);
    names_free(&seen.names);
    free(seen.somewhere);
    rec_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key), cmocka_unit_test(test_same), cmocka_unit_test(test_names),
        cmocka_unit_test(test_compare), cmocka_unit_test(test_text), cmocka_unit_test(test_word),
        cmocka_unit_test(test_tally), cmocka_unit_test(test_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
