/* weigh: tf, idf and norms against their closed forms
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "text/weigh.h"

static void near(double got, double want)
{
    assert_true(fabs(got - want) <= 1e-7 * fabs(want));
}

static void test_idf(void **state)
{
    (void)state;
    const uint32_t df[] = { 1, 3, 4 };
    double idf[3];
    weigh_idf(df, 3, 4, false, idf);
    near(idf[0], log(4) + 1);
    near(idf[1], log(4. / 3) + 1);
    near(idf[2], 1);
    weigh_idf(df, 3, 4, true, idf);
    near(idf[0], log(5. / 2) + 1);
    near(idf[1], log(5. / 4) + 1);
    near(idf[2], 1);
}

/* Columns 1 and 2 with tf 4 and 1, idf 3 and 5. */
static void test_row(void **state)
{
    (void)state;
    uint32_t column[] = { 1, 2 }, count[] = { 4, 1 };
    const struct vocab_row row = { .nnz = 2, .column = column, .count = count };
    const double idf[] = { 100, 3, 5 };
    static const struct { struct weigh how; bool idf; double a, b; } cases[] = {
        { { false, false, WEIGH_NONE, NULL }, true, 12, 5 },
        { { false, false, WEIGH_L2, NULL }, true, 12. / 13, 5. / 13 },
        { { false, false, WEIGH_L1, NULL }, true, 12. / 17, 5. / 17 },
        { { true, false, WEIGH_NONE, NULL }, true, 3, 5 },
        { { false, false, WEIGH_NONE, NULL }, false, 4, 1 },
        { { false, true, WEIGH_NONE, NULL }, false, 2.386294361119891, 1 },     /* 1 + ln 4 */
        { { true, true, WEIGH_L1, NULL }, false, 0.5, 0.5 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct weigh how = cases[i].how;
        float value[2];
        how.idf = cases[i].idf ? idf : NULL;
        weigh_row(&how, &row, value);
        near((double)value[0], cases[i].a);
        near((double)value[1], cases[i].b);
    }
    const struct vocab_row empty = { .nnz = 0 };
    weigh_row(&cases[1].how, &empty, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_idf), cmocka_unit_test(test_row) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
