/* texture: against numpy's numbers of a made-up song and of real ones, and what is by definition
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/mem.h"
#include "dsp/texture.h"
#include "npy.h"

#define ALL { true, true, true, true, true }

static const struct texture_conf small = { .bands = 16, .cepstra = 8, .with = ALL };
static const struct texture_conf usual = { .bands = 64, .cepstra = 20, .with = ALL };

/* got[n] of a group within tol of the largest of want[n]. */
static void near_group(const float *got, const double *want, size_t n, double tol, const char *name)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(want[i]));
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= tol * most + 1e-7))
            fail_msg("%s %zu is %.9g, not %.9g", name, i, (double)got[i], want[i]);
}

/* Floats were read, doubles summed; the modulation spectrum is in single precision. */
static void near_crop(const struct texture_conf *c, const float *x, const double *want)
{
    size_t half = c->cepstra * (c->cepstra + 1) / 2;
    const double tol = 2e-6;
    const struct { const char *name; size_t n; double tol; } groups[] = {
        { "mean", c->bands, tol }, { "std", c->bands, tol }, { "skew", c->bands, tol }, { "q10", c->bands, tol },
        { "q90", c->bands, tol }, { "step", c->bands, tol }, { "cepstrum", c->cepstra, tol }, { "cov", half, tol },
        { "delta 70", half, tol }, { "delta 280", half, tol },
        { "modulation", TEXTURE_TRIANGLES * texture_coarse(c), 1e-5 },
    };
    size_t at = 0;
    for (size_t g = 0; g < sizeof groups / sizeof *groups; at += groups[g++].n)
        near_group(x + at, want + at, groups[g].n, groups[g].tol, groups[g].name);
    assert_int_equal(at, texture_width(c));
}

/* The song of tests/golden/texture/make.py. */
static float *made(size_t frames, bool still)
{
    float *m = mem_new(frames * 26, sizeof *m);
    for (size_t t = 0; t < frames; t++)
        for (size_t b = 0; b < 26; b++) {
            double i = (double)t, j = (double)b;
            m[t * 26 + b] = still ? -80 : (float)(-30 - j + 12 * sin(.37 * i + .9 * j) + 7 * cos(.053 * i * (j + 1)));
        }
    return m;
}

static void test_made(void **state)
{
    (void)state;
    size_t count, width = texture_width(&small);
    double *want = npy_read_f64(golden_path("golden/texture/crops.npy"), &count);
    assert_non_null(want);
    assert_int_equal(count, 4 * width);
    struct texture *t = texture_new(&small);
    float *x = mem_new(width, sizeof *x);
    static const struct { size_t frames, first, n; bool still; } rows[] = {
        { 100, 0, 60, false }, { 100, 30, 60, false }, { 45, 0, 45, false }, { 100, 0, 60, true },
    };
    for (size_t i = 0; i < 4; i++) {
        float *m = made(rows[i].frames, rows[i].still);
        texture_song(t, m, rows[i].frames, 26, 20);
        texture_crop(t, rows[i].first, rows[i].n, x);
        near_crop(&small, x, want + i * width);
        free(m);
    }
    texture_free(t);
    free(want);
    free(x);
}

/* Real songs, from numpy and librosa; not in the repository. */
static void test_real(void **state)
{
    (void)state;
    size_t count, width = texture_width(&usual);
    assert_int_equal(width, 1202);
    double *want = npy_read_f64(golden_path("golden/texture/descriptor.npy"), &count);
    if (!want)
        skip();
    struct texture *t = texture_new(&usual);
    float *x = mem_new(width, sizeof *x);
    for (size_t i = 0; i < 4; i++) {
        double *song = npy_read_f64(golden_path(i < 2 ? "golden/texture/logmel64_blues.00000.npy"
                                                      : "golden/texture/logmel64_metal.00007.npy"), &count);
        float *m = mem_new(count, sizeof *m);
        for (size_t k = 0; k < count; k++)
            m[k] = (float)song[k];
        texture_song(t, m, count / 64, 64, 22050.0 / 512);
        texture_crop(t, i % 2 * 107, 215, x);
        near_crop(&usual, x, want + i * width);
        free(song);
        free(m);
    }
    texture_free(t);
    free(want);
    free(x);
}

/* Each group by itself is what it is among all, and louder by 20 dB is the same. */
static void test_groups(void **state)
{
    (void)state;
    size_t width = texture_width(&small), at = 0;
    float *m = made(100, false), *all = mem_new(width, sizeof *all), *x = mem_new(width, sizeof *x);
    struct texture *t = texture_new(&small);
    texture_song(t, m, 100, 26, 20);
    texture_crop(t, 10, 60, all);
    texture_free(t);
    for (size_t i = 0; i < 100 * 26; i++)
        m[i] += 20;
    for (int kind = 0; kind < TEXTURE_KINDS; kind++) {
        struct texture_conf one = { .bands = 16, .cepstra = 8, .with = { false } };
        one.with[kind] = true;
        t = texture_new(&one);
        texture_song(t, m, 100, 26, 20);
        texture_crop(t, 10, 60, x);
        for (size_t i = 0; i < texture_width(&one); i++, at++)
            if (!(fabsf(x[i] - all[at]) <= 2e-5f))
                fail_msg("group %d: %zu is %.9g, not %.9g", kind, i, (double)x[i], (double)all[at]);
        texture_free(t);
    }
    assert_int_equal(at, width);
    free(m);
    free(all);
    free(x);
}

/* One band and one cepstrum; the fewest frames; a crop of many frames. */
static void test_extremes(void **state)
{
    (void)state;
    const struct texture_conf one = { .bands = 1, .cepstra = 1, .with = ALL };
    assert_int_equal(texture_width(&one), 6 + 1 + 1 + 2 + 14);
    assert_int_equal(texture_least(2), 3);
    assert_int_equal(texture_least(22050.0 / 512), 14);
    size_t n = 30011;                   /* a prime */
    float *m = mem_new(n, sizeof *m), x[24];
    for (size_t i = 0; i < n; i++)
        m[i] = (float)(i % 10);
    struct texture *t = texture_new(&one);
    texture_song(t, m, n - 1, 1, 2);    /* whole periods */
    texture_crop(t, 0, n - 1, x);
    const double want[] = { 0, sqrt(8.25) + 1e-6, 0, -3.6, 3.6 };
    for (int i = 0; i < 5; i++)
        assert_true(fabs((double)x[i] - want[i]) < 2e-3);
    for (size_t length = 3; length <= n; length += n - 3) {
        texture_song(t, m, length, 1, 2);
        texture_crop(t, 0, length, x);
        for (size_t i = 0; i < 24; i++)
            assert_true(isfinite(x[i]));
    }
    for (size_t i = 0; i < n; i++)
        m[i] = i % 2 ? 3e38f : -3e38f;
    texture_song(t, m, n, 1, 2);
    texture_crop(t, 0, n, x);           /* ends; not all are finite */
    assert_true(isnan(x[23]) || isinf(x[23]));
    texture_free(t);
    free(m);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const all[] = {
        "band0.mean", "band1.mean", "band2.mean", "band0.std", "band1.std", "band2.std", "band0.skew", "band1.skew", "band2.skew",
        "band0.q10", "band1.q10", "band2.q10", "band0.q90", "band1.q90", "band2.q90", "band0.step", "band1.step", "band2.step",
        "cepstrum0.mean", "cepstrum1.mean", "cov0.0", "cov0.1", "cov1.1", "delta70ms0.0", "delta70ms0.1", "delta70ms1.1",
        "delta280ms0.0", "delta280ms0.1", "delta280ms1.1", "modulation0.0", "modulation0.1",
    };
    const struct texture_conf c = { .bands = 3, .cepstra = 2, .with = ALL };
    char name[64];
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        texture_name(&c, i, name, sizeof name);
        assert_string_equal(name, all[i]);
    }
    texture_name(&c, texture_width(&c) - 1, name, sizeof name);
    assert_string_equal(name, "modulation2.13");
    const struct texture_conf delta = { .bands = 3, .cepstra = 2, .with = { [TEXTURE_DELTA] = true } };
    texture_name(&delta, 4, name, sizeof name);
    assert_string_equal(name, "delta280ms0.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made), cmocka_unit_test(test_real), cmocka_unit_test(test_groups), cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
