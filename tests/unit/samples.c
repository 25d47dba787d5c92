/* samples: half floats and how they are rounded, side fields, names of statistics
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "drive/samples.h"
#include "drive/stat_words.h"

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

static void test_side(void **state)
{
    (void)state;
    struct rec *r = rec_new();
    double x = 0;
    rec_begin(r, "a", 1);
    assert_false(side_number(r, "pcm", "pcm", "rate", &x));
    assert_true(isnan(x));
    rec_set_int(r, "rate", 8);
    assert_true(side_number(r, "pcm", "pcm", "rate", &x) && x == 8);
    assert_true(side_number(r, "voice", "pcm", "rate", &x) && x == 8);
    rec_set_f64(r, "voice.rate", 2.5);
    assert_true(side_number(r, "voice", "pcm", "rate", &x) && x == 2.5);
    rec_set_str(r, "voice.rate", "8", 1);
    assert_true(side_number(r, "voice", "pcm", "rate", &x) && isnan(x));
    rec_free(r);
}

static void test_stat_words(void **state)
{
    (void)state;
    static const struct { const char *word; struct stat_of s; } right[] = {
        { "mean", { STAT_MEAN, false, 0.5 } }, { "kurtosis", { STAT_KURTOSIS, false, 0.5 } },
        { "median", { STAT_QUANTILE, false, 0.5 } }, { "q10", { STAT_QUANTILE, false, 0.1 } },
        { "q2.5", { STAT_QUANTILE, false, 0.025 } }, { "delta:std", { STAT_STD, true, 0.5 } },
        { "delta:q0", { STAT_QUANTILE, true, 0 } }, { "q100", { STAT_QUANTILE, false, 1 } },
    };
    struct stat_of s;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        if (!stat_read(right[i].word, &s) || s.kind != right[i].s.kind || s.delta != right[i].s.delta)
            fail_msg("%s", right[i].word);
        if (s.kind == STAT_QUANTILE)
            assert_true(fabs(s.q - right[i].s.q) < 1e-15);
    }
    static const char *const wrong[] = { "", "q", "q101", "q-1", "qx", "delta:", "delta:delta:std", "Mean", "means", " mean" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (stat_read(wrong[i], &s))
            fail_msg("'%s' is read", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_all), cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_side), cmocka_unit_test(test_stat_words) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
