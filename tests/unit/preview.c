/* preview: the loudest part, and files that other programs read
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <unistd.h>

#include <cmocka.h>

#include "audio/preview.h"

enum { N = 2 * PREVIEW_RATE };

static float *sine(double hertz, float top)
{
    float *x = malloc(N * sizeof *x);
    for (size_t i = 0; i < N; i++)
        x[i] = top * (float)sin(6.283185307179586 * hertz * (double)i / PREVIEW_RATE);
    return x;
}

static void test_loudest(void **unused)
{
    const float x[] = { 1, 0, 0, -2, 1, 0, 0, 2, -1, 0 };
    (void)unused;
    assert_int_equal(preview_loudest(x, 10, 2), 3);         /* of equal ones the first */
    assert_int_equal(preview_loudest(x, 10, 1), 3);
    assert_int_equal(preview_loudest(x, 10, 10), 0);
    assert_int_equal(preview_loudest(x, 10, 6), 3);         /* both peaks: 4 + 1 + 4 */
    assert_int_equal(preview_loudest(x, 3, 3), 0);
}

/* The file of x by libsndfile: how many samples of it, and the correlation with x in the middle. */
static void check(const float *x, float top)
{
    struct str a = { NULL, 0, 0 }, b = { NULL, 0, 0 };
    char why[PREVIEW_WHY], name[] = "/tmp/preview.XXXXXX";
    assert_true(preview_encode(x, N, &a, why));
    assert_true(preview_encode(x, N, &b, why));
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    assert_in_range(a.n, 1000, 2 * PREVIEW_BITS / 8 + 4000);
    int fd = mkstemp(name);
    assert_true(fd >= 0 && write(fd, a.p, a.n) == (ssize_t)a.n);
    close(fd);
    SF_INFO info = { 0 };
    SNDFILE *in = sf_open(name, SFM_READ, &info);
    assert_non_null(in);
    assert_int_equal(info.channels, 1);
    float *y = calloc(N, sizeof *y);
    assert_true(info.samplerate == PREVIEW_RATE || info.samplerate == 48000);
    assert_in_range(info.frames * PREVIEW_RATE / info.samplerate, N - 1, N + 1);
    if (info.samplerate == PREVIEW_RATE) {
        double xx = 0, yy = 0, xy = 0;
        assert_int_equal(sf_readf_float(in, y, N), N);
        for (size_t i = N / 4; i < 3 * N / 4; i++) {
            xx += (double)x[i] * (double)x[i] / (double)top / (double)top;
            yy += (double)y[i] * (double)y[i];
            xy += (double)x[i] * (double)y[i] / (double)top;
        }
        assert_true(xy / sqrt(xx * yy) > 0.95);
        assert_true(fabs(yy / xx - 1) < 0.15);
        assert_true(fabsf(y[0]) < 0.05f);           /* faded in */
    }
    sf_close(in);
    unlink(name);
    free(y);
    str_free(&a);
    str_free(&b);
}

static void test_encode(void **unused)
{
    float *x = sine(440, 0.5f), *loud = sine(300, 3);
    (void)unused;
    check(x, 1);
    check(loud, 3);         /* made softer */
    free(x);
    free(loud);
}

static void test_short(void **unused)
{
    struct str a = { NULL, 0, 0 };
    char why[PREVIEW_WHY];
    (void)unused;
    assert_true(preview_encode((const float[1]){ 0.5f }, 1, &a, why));
    assert_memory_equal(a.p, "OggS", 4);
    str_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loudest), cmocka_unit_test(test_encode), cmocka_unit_test(test_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
