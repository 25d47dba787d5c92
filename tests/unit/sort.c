/* sort: numbers in order, and their quantiles
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "math/sort.h"

static void order(void **state)
{
    (void)state;
    double x[] = { 3, -1, INFINITY, 0.5, -1, -INFINITY }, want[] = { -INFINITY, -1, -1, 0.5, 3, INFINITY };
    sort_f64(x, 6);
    assert_memory_equal(x, want, sizeof x);
    sort_f64(x, 0);
}

/* numpy.quantile([1, 2, 4, 8], q). */
static void quantiles(void **state)
{
    (void)state;
    const double x[] = { 1, 2, 4, 8 }, q[] = { 0, 0.1, 0.5, 0.75, 1 }, want[] = { 1, 1.3, 3, 5, 8 };
    for (int i = 0; i < 5; i++)
        assert_true(fabs(sort_quantile(x, 4, q[i]) - want[i]) < 1e-15);
    assert_true(sort_quantile(x, 1, 0.5) == 1 && sort_quantile(x + 3, 1, 1) == 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(order), cmocka_unit_test(quantiles) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
