/* plot: classes are counted and ranked, texts quoted, sizes read
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "plot/gnuplot.h"

static void test_classes(void **state)
{
    (void)state;
    struct names c = { 0 };
    char name[32];
    for (int i = 0; i < 3000; i++) {        /* 1000 numbers, from 999 down, three times each */
        int value = 999 - i % 1000, n = snprintf(name, sizeof name, "%d", value);
        assert_int_equal(names_add(&c, name, (size_t)n, NAME_NUMBER, value), i % 1000);
    }
    assert_int_equal(names_add(&c, "b", 1, NAME_TEXT, 0), 1000);
    assert_int_equal(names_add(&c, "ab", 2, NAME_TEXT, 0), 1001);
    assert_int_equal(names_add(&c, "b", 1, NAME_TEXT, 0), 1000);
    assert_int_equal(c.v[0].count, 3);
    struct ranking r = names_rank(&c, 2000);
    assert_int_equal(r.shown, 1002);
    assert_int_equal(r.others, 0);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(c.v[r.shown_name[i]].number, i);
        assert_int_equal(r.rank[i], 999 - i);
    }
    assert_int_equal(r.shown_name[1000], 1001);        /* ab, then b */
    ranking_free(&r);
    r = names_rank(&c, 4);                            /* of equally large ones the first */
    assert_int_equal(r.shown, 3);
    assert_int_equal(r.others, 999);
    assert_int_equal(r.others_count, 3 * 997 + 3);
    assert_int_equal(c.v[r.shown_name[2]].number, 2);
    assert_int_equal(r.rank[1000], 3);
    ranking_free(&r);
    names_free(&c);
    struct names none = { 0 };
    r = names_rank(&none, 4);
    assert_int_equal(r.shown + r.others, 0);
    ranking_free(&r);
}

static void quotes(const char *text, size_t most, const char *want)
{
    struct str g = { NULL, 0, 0 };
    gnuplot_quote(&g, text, strlen(text), most);
    assert_string_equal(g.p, want);
    str_free(&g);
}

static void test_quote(void **state)
{
    (void)state;
    quotes("", 0, "''");
    quotes("it's `x` \"y\" \\n", 0, "'it\u2019s `x` \"y\" \\n'");
    quotes("'a'", 0, "'\u2019a\u2019'");
    quotes("a\nb\x7f", 0, "'a b '");
    quotes("\xff|\xc3|", 0, "'?|?|'");
    quotes("\u00e4\u00f6\u00fc", 2, "'\u00e4\u00f6\u2026'");
    quotes("abc", 3, "'abc'");
}

static void test_size(void **state)
{
    (void)state;
    int64_t w = 0, h = 0;
    assert_true(gnuplot_size("640x480", &w, &h));
    assert_int_equal(w * 10000 + h, 6400480);
    assert_true(gnuplot_size("20,20000", &w, &h));
    const char *const wrong[] = { "", "640", "640x", "640x480x", "19x20", "20x20001", "x", "640 480", "-640x480" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(gnuplot_size(wrong[i], &w, &h));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes), cmocka_unit_test(test_quote), cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
