/* match: against all permutations
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "score/match.h"

/* The largest sum, by trying everything: row by row, each free column or none. */
static double best(const double *count, size_t rows, size_t columns, size_t row, size_t taken, size_t spare)
{
    if (row == rows)
        return 0;
    double most = spare ? best(count, rows, columns, row + 1, taken, spare - 1) : -INFINITY;
    for (size_t j = 0; j < columns; j++) {
        if (taken >> j & 1)
            continue;
        double sum = count[row * columns + j] + best(count, rows, columns, row + 1, taken | (size_t)1 << j, spare);
        most = sum > most ? sum : most;
    }
    return most;
}

static void tables(void **unused)
{
    (void)unused;
    struct rng r;
    rng_init(&r, 5, 0);
    for (int round = 0; round < 400; round++) {
        size_t rows = 1 + (size_t)rng_below(&r, 6), columns = 1 + (size_t)rng_below(&r, 6), column[6], chosen = 0;
        double count[36], sum = 0;
        bool taken[6] = { false };
        for (size_t i = 0; i < rows * columns; i++)
            count[i] = (double)rng_below(&r, round % 2 ? 4 : 1000);
        match_best(count, rows, columns, column);
        for (size_t i = 0; i < rows; i++) {
            if (column[i] == SIZE_MAX)
                continue;
            assert_in_range(column[i], 0, columns - 1);
            assert_false(taken[column[i]]);
            taken[column[i]] = true;
            sum += count[i * columns + column[i]];
            chosen++;
        }
        assert_int_equal(chosen, rows < columns ? rows : columns);
        double want = best(count, rows, columns, 0, 0, rows > columns ? rows - columns : 0);
        assert_true(sum == want);
    }
    match_best(NULL, 0, 0, NULL);
}

static void orders(void **unused)
{
    (void)unused;
    const double count[] = { 0, 5, 1, 0,  9, 5, 0, 0 }, tall[] = { 1, 0,  5, 0,  0, 7 };
    size_t order[4];
    match_order(count, 2, 4, order);
    assert_true(order[0] == 1 && order[1] == 0 && order[2] == 2 && order[3] == 3);
    match_order(tall, 3, 2, order);             /* the first row is matched with none */
    assert_true(order[0] == 0 && order[1] == 1);
    match_order(NULL, 0, 2, order);
    assert_true(order[0] == 0 && order[1] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(tables), cmocka_unit_test(orders) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
