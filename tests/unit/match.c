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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(tables) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
