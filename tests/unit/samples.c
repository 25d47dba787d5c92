/* samples: half floats, every one of them and the way they are rounded
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "drive/samples.h"

/* Every half is its own float's half: reading undoes writing. */
static void test_all(void **state)
{
    (void)state;
    static uint16_t half[65536], back[65536];
    static float x[65536];
    for (unsigned i = 0; i < 65536; i++)
        half[i] = (uint16_t)i;
    struct tensor t = { T_F2, 1, { 65536 }, 65536, (const uint8_t *)half };
    tensor_f32(&t, x);
    frames_half(x, 65536, back);
    for (unsigned i = 0; i < 65536; i++)
        if (isnan(x[i]))
            assert_true((back[i] & 0x7c00) == 0x7c00 && (back[i] & 0x3ff));
        else
            assert_int_equal(back[i], i);
}

/* Between two neighbours the nearer is taken, in the middle the even one. */
static void test_rounding(void **state)
{
    (void)state;
    static const uint16_t low[] = { 0, 1, 0x3ff, 0x400, 0x3bff, 0x3c00, 0x3c01, 0x7bfe };
    for (size_t i = 0; i < sizeof low / sizeof *low; i++) {
        uint16_t pair[2] = { low[i], (uint16_t)(low[i] + 1) }, got[3];
        float x[2];
        struct tensor t = { T_F2, 1, { 2 }, 2, (const uint8_t *)pair };
        tensor_f32(&t, x);
        float middle = (x[0] + x[1]) / 2;
        float tries[3] = { nextafterf(middle, 0), middle, nextafterf(middle, INFINITY) };
        frames_half(tries, 3, got);
        assert_int_equal(got[0], pair[0]);
        assert_int_equal(got[1], pair[0] & 1 ? pair[1] : pair[0]);
        assert_int_equal(got[2], pair[1]);
    }
    const float large[] = { 65519.9f, 65520, 1e30f, -65520 };
    uint16_t got[4];
    frames_half(large, 4, got);
    assert_int_equal(got[0], 0x7bff);
    assert_int_equal(got[1], 0x7c00);
    assert_int_equal(got[2], 0x7c00);
    assert_int_equal(got[3], 0xfc00);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_all), cmocka_unit_test(test_rounding) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
