/* number: texts that are known, and the way back for random bits
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "base/rng.h"

static void known(void **unused)
{
    (void)unused;
    /* as Python's repr of numpy.float32 and of float has them, without ".0" */
    static const struct { float x; const char *text; } f32[] = {
        { 0, "0" }, { -0.0f, "-0" }, { 1, "1" }, { -3.5f, "-3.5" }, { 0.1f, "0.1" }, { 1 / 3.0f, "0.33333334" },
        { 1e6f, "1000000" }, { 16777216, "16777216" }, { 123456.789f, "123456.79" }, { 1e-4f, "0.0001" },
        { 1e-5f, "1e-05" }, { FLT_MAX, "3.4028235e+38" }, { FLT_MIN, "1.1754944e-38" }, { 1e-45f, "1e-45" },
        { 9.9999998e8f, "1000000000" }, { 0.99999994f, "0.99999994" }, { 9.999999e-5f, "9.999999e-05" },
        { 2.3283064e-10f, "2.3283064e-10" }, { 8388608.5f, "8388608" }, { 67108864, "67108864" },
        { 1e15f, "1000000000000000" }, { 1e16f, "1e+16" },
    };
    static const struct { double x; const char *text; } f64[] = {
        { 0, "0" }, { -0.0, "-0" }, { 0.1, "0.1" }, { 1 / 3.0, "0.3333333333333333" }, { 123.456, "123.456" },
        { 0.1 + 0.2, "0.30000000000000004" }, { 1e15, "1000000000000000" }, { 9007199254740992, "9007199254740992" },
        { 1e16, "1e+16" }, { 1e-5, "1e-05" }, { 1e22, "1e+22" }, { -1e23, "-1e+23" },
        { 5e-324, "5e-324" }, { DBL_MAX, "1.7976931348623157e+308" },
    };
    char text[NUMBER_MOST];
    for (size_t i = 0; i < sizeof f32 / sizeof *f32; i++) {
        assert_int_equal(number_f32(text, f32[i].x), strlen(f32[i].text));
        assert_string_equal(text, f32[i].text);
    }
    for (size_t i = 0; i < sizeof f64 / sizeof *f64; i++) {
        assert_int_equal(number_f64(text, f64[i].x), strlen(f64[i].text));
        assert_string_equal(text, f64[i].text);
    }
}

/* Digits that count in a text. */
static int significant(const char *text)
{
    int n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        n++;
    }
    return n - zeros;
}

/* Of a float, the text that the C library finds with the fewest digits. */
static void slow(char *text, float x)
{
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, NUMBER_MOST, "%.*g", digits, (double)x);
        if (strtof(text, NULL) == x)
            return;
    }
}

static void floats(void **unused)
{
    (void)unused;
    struct rng rng;
    char text[NUMBER_MOST], want[NUMBER_MOST];
    rng_init(&rng, 1, 0);
    for (int i = 0; i < 300000; i++) {
        uint32_t bits = rng_u32(&rng);
        float x;
        if (i % 3 == 1)                 /* a few decimals */
            x = (float)(bits % 100000) / (float)(1 + bits % 7 * 99);
        else if (i % 3 == 2)            /* of the size of features */
            x = (float)(rng_normal(&rng) * pow(10, (double)(bits % 12) - 6));
        else
            memcpy(&x, &bits, sizeof x);
        if (!isfinite(x) || x == 0)
            continue;
        size_t n = number_f32(text, x);
        slow(want, x);
        if (n != strlen(text) || n >= NUMBER_MOST || strtof(text, NULL) != x ||
            strtod(text, NULL) != strtod(want, NULL))
            fail_msg("%a: %s, not %s", (double)x, text, want);
        if (significant(text) != significant(want))
            fail_msg("%a: %s has not the digits of %s", (double)x, text, want);
    }
}

static void doubles(void **unused)
{
    (void)unused;
    struct rng rng;
    char text[NUMBER_MOST];
    rng_init(&rng, 2, 0);
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = rng_u64(&rng);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (i % 2)
            x = (double)(int64_t)(bits % 1000000007) / 1000;
        if (!isfinite(x))
            continue;
        size_t n = number_f64(text, x);
        if (n != strlen(text) || n >= NUMBER_MOST || strtod(text, NULL) != x)
            fail_msg("%a: %s", x, text);
        if (i % 2 && significant(text) > 13)
            fail_msg("%a: %s has too many digits", x, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),
        cmocka_unit_test(floats),
        cmocka_unit_test(doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
