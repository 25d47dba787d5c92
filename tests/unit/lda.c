/* lda: directions within groups, by hand
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "math/lda.h"

/* Two groups, far from each other, that vary by 3 along (-1, 1) and by 1 along (1, 1), and one of a single row. */
static void test_by_hand(void **state)
{
    (void)state;
    static const double step[4][2] = { { -3, 3 }, { 3, -3 }, { 1, 1 }, { -1, -1 } };
    struct lda *l = lda_new(2);
    double w[2], v[4];
    for (size_t g = 0; g < 2; g++)
        for (int i = 0; i < 4; i++)
            lda_add(l, (double[]){ 100 * (double)g + step[i][0], -7 + step[i][1] }, g);
    lda_add(l, (double[]){ 1000, 1000 }, 2);
    assert_true(lda_solve(l, w, v));
    assert_true(fabs(w[0] - 2 * 4.0 / 9) < 1e-7);     /* of each group, 2 rows of squared length 2 */
    assert_true(fabs(w[1] - 2 * 36.0 / 9) < 1e-7);    /* and 2 of 18 */
    for (int i = 0; i < 4; i++)
        assert_true(fabs(fabs(v[i]) - sqrt(.5)) < 1e-7);
    assert_true(v[0] * v[1] > 0 && v[2] * v[3] < 0);
    lda_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_by_hand) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
