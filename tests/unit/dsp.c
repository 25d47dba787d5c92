/* dsp: spectra against a slow transform, banks and bases against librosa's, decibels against log10
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>

#include "base/mem.h"
#include "base/rng.h"
#include "dsp/chroma.h"
#include "dsp/db.h"
#include "dsp/dct.h"
#include "dsp/logmel.h"
#include "dsp/mel.h"
#include "dsp/stft.h"
#include "npy.h"

static const double pi = 3.14159265358979323846;

#define NEAR(GOT, WANT, TOL) do {                                               \
        double got_ = (GOT), want_ = (WANT);                                    \
        if (!(fabs(got_ - want_) <= (TOL)))                                     \
            fail_msg("%s is %.9g, not %.9g", #GOT, got_, want_);                \
    } while (0)

/* ---- stft ---- */

/* Sample i of y[n], beyond its ends by the mode's own definition. */
static double beyond(const float *y, long n, long i, int mode)
{
    if (mode == STFT_CONSTANT)
        return i < 0 || i >= n ? 0 : (double)y[i];
    if (mode == STFT_EDGE)
        return (double)y[i < 0 ? 0 : i >= n ? n - 1 : i];
    for (int steps = 0; i < 0 || i >= n; steps++) {     /* to and fro, one mirror at a time */
        assert_in_range(steps, 0, 100000);
        long at = mode == STFT_SYMMETRIC ? 1 : 0;
        if (n == 1)
            return (double)y[0];
        i = i < 0 ? -i - at : 2 * (n - 1) - i + at;
    }
    return (double)y[i];
}

static void check_stft(struct stft_conf c, size_t n)
{
    struct stft *s = stft_new(&c);
    struct rng rng;
    rng_init(&rng, 7, n);
    float *y = mem_new(n, sizeof *y);
    for (size_t i = 0; i < n; i++)
        y[i] = (float)rng_normal(&rng);
    memcpy(stft_samples(s, n), y, n * sizeof *y);
    size_t frames = stft_begin(s), bins = stft_bins(s), n_fft = (size_t)c.n_fft;
    size_t all = c.no_center ? n : n + n_fft / 2 * 2;
    assert_int_equal(frames, all < n_fft ? 0 : 1 + (all - n_fft) / (size_t)c.hop_length);
    size_t win = c.win_length ? (size_t)c.win_length : n_fft, before = (n_fft - win) / 2;
    double *w = mem_new(win, sizeof *w);
    float *p = mem_new(bins + STFT_SLACK, sizeof *p);
    stft_window(w, win, c.window);
    for (size_t t = 0; t < frames; t++) {
        stft_frame(s, t, 2, p);
        for (size_t k = 0; k < bins; k++) {
            double re = 0, im = 0;
            for (size_t i = 0; i < win; i++) {
                long at = (long)(t * (size_t)c.hop_length + before + i) - (c.no_center ? 0 : (long)(n_fft / 2));
                double a = 2 * pi * (double)(k * (before + i)) / (double)n_fft;
                double v = w[i] * beyond(y, (long)n, at, c.pad_mode);
                re += v * cos(a);
                im -= v * sin(a);
            }
            NEAR(p[k], re * re + im * im, 2e-5 * (double)n_fft);
        }
        for (size_t k = 0; k < STFT_SLACK; k++)
            assert_true(p[bins + k] == 0);
    }
    stft_frame(s, 0, 1, p);
    double one = (double)p[bins / 2];
    stft_frame(s, 0, 2, p);
    NEAR(p[bins / 2], one * one, 1e-5 * one * one);
    stft_frame(s, 0, 3, p);
    NEAR(p[bins / 2], one * one * one, 1e-5 * one * one * one);
    stft_free(s);
    free(y);
    free(w);
    free(p);
}

static void test_stft(void **state)
{
    (void)state;
    check_stft((struct stft_conf){ .n_fft = 64, .hop_length = 16 }, 200);
    check_stft((struct stft_conf){ .n_fft = 63, .hop_length = 17, .window = STFT_BLACKMAN }, 200);
    check_stft((struct stft_conf){ .n_fft = 64, .hop_length = 16, .win_length = 41, .window = STFT_HAMMING }, 200);
    check_stft((struct stft_conf){ .n_fft = 64, .hop_length = 16, .no_center = true, .window = STFT_BARTLETT }, 200);
    check_stft((struct stft_conf){ .n_fft = 2, .hop_length = 1, .window = STFT_ONES }, 5);
    for (int mode = STFT_CONSTANT; mode <= STFT_SYMMETRIC; mode++)
        for (size_t n = 1; n < 80; n = 2 * n + 1)
            check_stft((struct stft_conf){ .n_fft = 64, .hop_length = 10, .pad_mode = mode }, n);
}

static void test_no_frames(void **state)
{
    (void)state;
    struct stft *s = stft_new(&(struct stft_conf){ .n_fft = 64, .hop_length = 16, .no_center = true });
    memset(stft_samples(s, 63), 0, 63 * sizeof(float));
    assert_int_equal(stft_begin(s), 0);
    memset(stft_samples(s, 64), 0, 64 * sizeof(float));
    assert_int_equal(stft_begin(s), 1);
    stft_free(s);
    for (int mode = STFT_CONSTANT; mode <= STFT_SYMMETRIC; mode++) {
        s = stft_new(&(struct stft_conf){ .n_fft = 64, .hop_length = 16, .pad_mode = mode });
        stft_samples(s, 0);
        assert_int_equal(stft_begin(s), mode == STFT_CONSTANT ? 1 : 0);
        stft_free(s);
    }
}

/* The same samples give the same bits, wherever the frame lies. */
static void test_same_bits(void **state)
{
    (void)state;
    enum { N = 2048, BINS = N / 2 + 1 };
    struct stft *s = stft_new(&(struct stft_conf){ .n_fft = N, .hop_length = 1, .no_center = true });
    float *y = stft_samples(s, N + 7), a[BINS + STFT_SLACK], b[BINS + STFT_SLACK];
    for (size_t i = 0; i < N + 7; i++)
        y[i] = sinf((float)(i % 7));
    assert_int_equal(stft_begin(s), 8);
    stft_frame(s, 0, 2, a);
    stft_frame(s, 7, 2, b);
    assert_memory_equal(a, b, BINS * sizeof *a);
    stft_free(s);
}

static void test_window(void **state)
{
    (void)state;
    double w[400];
    size_t n;
    stft_window(w, 8, STFT_HANN);
    NEAR(w[0], 0, 0);
    NEAR(w[2], 0.5, 1e-15);
    NEAR(w[4], 1, 1e-15);
    stft_window(w, 1, STFT_HANN);
    NEAR(w[0], 1, 0);
    float *want = npy_read("tests/golden/dsp/hann_400_in_512.npy", &n);
    assert_non_null(want);
    assert_int_equal(n, 512);
    stft_window(w, 400, STFT_HANN);
    for (size_t i = 0; i < 512; i++)
        NEAR(i < 56 || i >= 456 ? 0 : w[i - 56], want[i], 1e-7);
    free(want);
}

/* ---- mel ---- */

static void check_mel(const float *want, size_t count, struct mel_conf c, double rate, size_t n_fft, double tol)
{
    struct mel_bank *b = mel_bank_new(&c, rate, n_fft);
    assert_int_equal(count, b->n_mels * b->bins);
    float *p = mem_zero(b->bins + STFT_SLACK, sizeof *p), *m = mem_new(b->n_mels, sizeof *m);
    for (size_t k = 0; k < b->bins; k++) {      /* a spectrum of one bin gives a column */
        p[k] = 1;
        mel_apply(b, p, m);
        p[k] = 0;
        for (size_t i = 0; i < b->n_mels; i++)
            NEAR(m[i], want[i * b->bins + k], tol);
    }
    free(p);
    free(m);
    mel_bank_free(b);
}

static void test_mel(void **state)
{
    (void)state;
    size_t n;
    float *want = npy_read("tests/golden/dsp/mel_slaney_40x257_8000.npy", &n);
    assert_non_null(want);
    check_mel(want, n, (struct mel_conf){ .n_mels = 40, .fmin = 20, .fmax = 3800 }, 8000, 512, 1e-8);
    free(want);
    if ((want = npy_shared("golden/audio/filters/mel_slaney_128x1025.npy", &n)))
        check_mel(want, n, (struct mel_conf){ .n_mels = 128, .fmax = NAN }, 22050, 2048, 1e-8);
    free(want);
    struct mel_conf htk = { .n_mels = 128, .fmax = NAN, .htk = true, .norm = MEL_NONE };
    if ((want = npy_shared("golden/audio/filters/mel_htk_128x1025.npy", &n)))
        check_mel(want, n, htk, 22050, 2048, 1e-7);
    free(want);
}

static void test_mel_scale(void **state)
{
    (void)state;
    NEAR(mel_from_hz(1000, false), 15, 1e-12);
    NEAR(mel_from_hz(6400, false), 42, 1e-12);
    NEAR(mel_from_hz(700, true), 2595 * log10(2), 1e-12);
    for (double hz = 0; hz < 20000; hz += 97) {
        NEAR(mel_to_hz(mel_from_hz(hz, false), false), hz, 1e-9);
        NEAR(mel_to_hz(mel_from_hz(hz, true), true), hz, 1e-9);
    }
}

/* At 8 kHz and 128 bands of 64 samples, most filters fall between two bins. */
static void test_mel_empty(void **state)
{
    (void)state;
    struct mel_bank *b = mel_bank_new(&(struct mel_conf){ .n_mels = 128, .fmax = NAN }, 8000, 64);
    float p[33 + STFT_SLACK] = { 0 }, m[128];
    for (size_t k = 0; k < 33; k++)
        p[k] = 1;
    mel_apply(b, p, m);
    size_t zeros = 0;
    for (size_t i = 0; i < 128; i++)
        zeros += m[i] == 0;
    assert_true(zeros > 64 && zeros < 128);
    assert_int_equal(b->empty, zeros);
    mel_bank_free(b);
}

/* ---- dct ---- */

static void test_dct_orthonormal(void **state)
{
    (void)state;
    for (int type = 1; type <= 3; type++)
        for (size_t a = 0; a < 9; a++)
            for (size_t b = 0; b < 9; b++) {
                double sum = 0;
                for (size_t i = 0; i < 9; i++)
                    sum += dct_entry(type, true, 9, a, i) * dct_entry(type, true, 9, b, i);
                NEAR(sum, a == b, 1e-14);
            }
}

static void test_dct_golden(void **state)
{
    (void)state;
    for (int type = 2; type <= 3; type++)
        for (int ortho = 0; ortho < 2; ortho++) {
            char name[128];
            size_t n;
            snprintf(name, sizeof name, "golden/audio/filters/dct%d_%s_40x128.npy", type, ortho ? "ortho" : "raw");
            float *want = npy_shared(name, &n);
            for (size_t k = 0; want && k < 40; k++)
                for (size_t i = 0; i < 128; i++)
                    NEAR(dct_entry(type, ortho, 128, k, i), want[k * 128 + i], ortho ? 1e-8 : 2e-7);
            free(want);
        }
}

static void test_dct_apply(void **state)
{
    (void)state;
    const size_t shapes[][3] = { { 1, 1, 1 }, { 40, 13, 7 }, { 128, 40, 4 }, { 128, 128, 3 }, { 17, 9, 5 } };
    struct rng rng;
    rng_init(&rng, 3, 0);
    for (size_t c = 0; c < sizeof shapes / sizeof *shapes; c++) {
        size_t n = shapes[c][0], count = shapes[c][1], rows = shapes[c][2];
        float *x = mem_new(rows * n, sizeof *x), *y = mem_new(rows * count, sizeof *y);
        for (size_t i = 0; i < rows * n; i++)
            x[i] = (float)rng_normal(&rng);
        struct dct *d = dct_new(2, true, 22, n, count);
        dct_apply(d, x, rows, y);
        for (size_t t = 0; t < rows; t++)
            for (size_t k = 0; k < count; k++) {
                double sum = 0;
                for (size_t i = 0; i < n; i++)
                    sum += dct_entry(2, true, n, k, i) * (double)x[t * n + i];
                NEAR(y[t * count + k], sum * (1 + 11 * sin(pi * (double)(k + 1) / 22)), 1e-5);
            }
        dct_free(d);
        free(x);
        free(y);
    }
}

/* ---- chroma ---- */

static void test_chroma(void **state)
{
    (void)state;
    const char *const names[] = { "chroma_12x1025", "chroma_tuned_12x1025" };
    const double tunings[] = { 0, -0.13 };
    struct chroma_conf c = { .n_chroma = 12, .ctroct = 5, .octwidth = 2 };
    for (size_t i = 0; i < 2; i++) {
        char name[128];
        size_t n;
        snprintf(name, sizeof name, "golden/audio/filters/%s.npy", names[i]);
        float *want = npy_shared(name, &n), *p = mem_zero(1025 + STFT_SLACK, sizeof *p), m[12];
        struct chroma_bank *b = chroma_bank_new(&c, 22050, 2048, tunings[i]);
        for (size_t k = 0; want && k < 1025; k++) {     /* a spectrum of one bin gives a column */
            p[k] = 1;
            chroma_apply(b, p, m);
            p[k] = 0;
            for (size_t row = 0; row < 12; row++)
                NEAR(m[row], want[row * 1025 + k], 1e-7);
        }
        chroma_bank_free(b);
        free(want);
        free(p);
    }
}

/* Peaks whose parabolas are known: the top of y = h - (x - x0)^2 lies at x0. */
static void test_tuning(void **state)
{
    (void)state;
    struct tuning t = { 0 };
    float p[1025] = { 0 };
    assert_true(tuning_estimate(&t, 12) == 0);
    double at = 440 * exp2(0.105 / 12) / 10;            /* bins of 10 Hz; a tenth of a semitone high */
    for (int k = 43; k <= 46; k++)
        p[k] = (float)(9 - (k - at) * (k - at));
    p[5] = 20;                                          /* below 150 Hz: no peak, but the maximum; */
    p[500] = 9;                                         /* above 4000 Hz; */
    p[100] = 1;                                         /* too low */
    tuning_add(&t, p, 1025, 20480, 2048);
    assert_int_equal(t.n, 1);
    NEAR(t.hz[0], 10 * at, 1e-3);
    NEAR(t.height[0], 9, 1e-5);
    NEAR(tuning_estimate(&t, 12), 0.10, 1e-12);
    assert_int_equal(t.n, 0);
    free(t.hz);
    free(t.height);
}

/* ---- decibels ---- */

static void test_db(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    float *x = mem_new(N, sizeof *x), *y = mem_new(N, sizeof *y);
    struct rng rng;
    rng_init(&rng, 5, 0);
    for (size_t i = 0; i < N; i++)      /* all sizes, and close to 1 */
        x[i] = i % 3 ? (float)exp(170 * rng_uniform(&rng) - 85) : (float)(1 + 0.01 * rng_normal(&rng));
    x[0] = 1;
    x[1] = FLT_MAX;
    x[2] = FLT_MIN;
    memcpy(y, x, N * sizeof *x);
    db_power(y, N, FLT_MIN);
    assert_true(y[0] == 0);
    for (size_t i = 0; i < N; i++) {
        double want = 10 * log10((double)x[i]);
        NEAR(y[i], want, 1.2e-7 * fabs(want) + 3e-7);
    }
    float low[] = { 0, -1, 1e-11f, 1e-10f, 1e-9f };
    db_power(low, 5, 1e-10f);
    for (size_t i = 0; i < 4; i++)
        NEAR(low[i], -100, 1e-5);
    NEAR(low[4], -90, 1e-5);
    free(x);
    free(y);
}

static struct logmel_conf usual(void)
{
    return (struct logmel_conf){ .stft = { .n_fft = 2048, .hop_length = 512 }, .mel = { .n_mels = 128, .fmax = NAN },
                                 .power = 2, .amin = 1e-10, .ref = 1, .top_db = 80 };
}

static void test_logmel(void **state)
{
    (void)state;
    struct logmel_conf c = usual();
    struct logmel *l = logmel_new(&c);
    size_t frames;
    float *y = logmel_samples(l, 5000);
    memset(y, 0, 5000 * sizeof *y);
    const float *m = logmel_track(l, 22050, &frames);
    assert_int_equal(frames, 10);
    for (size_t i = 0; i < frames * 128; i++)
        NEAR(m[i], -100, 1e-5);
    for (int bad = 0; bad < 3; bad++) {     /* overflow, infinity, NaN */
        y = logmel_samples(l, 5000);
        for (size_t i = 0; i < 5000; i++)
            y[i] = i == 3000 ? bad == 0 ? 1e30f : bad == 1 ? INFINITY : NAN : 0;
        assert_null(logmel_track(l, 22050, &frames));
    }
    logmel_free(l);
    c.ref = 0;
    c.top_db = 30;
    l = logmel_new(&c);
    y = logmel_samples(l, 9000);
    for (size_t i = 0; i < 9000; i++)
        y[i] = sinf((float)i * 0.1f);
    m = logmel_track(l, 22050, &frames);
    float most = -INFINITY, least = INFINITY;
    for (size_t i = 0; i < frames * 128; i++) {
        most = fmaxf(most, m[i]);
        least = fminf(least, m[i]);
    }
    NEAR(most, 0, 0);
    NEAR(least, -30, 0);
    logmel_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stft), cmocka_unit_test(test_no_frames), cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_window), cmocka_unit_test(test_mel), cmocka_unit_test(test_mel_scale),
        cmocka_unit_test(test_mel_empty), cmocka_unit_test(test_dct_orthonormal), cmocka_unit_test(test_dct_golden),
        cmocka_unit_test(test_dct_apply), cmocka_unit_test(test_chroma), cmocka_unit_test(test_tuning), cmocka_unit_test(test_db), cmocka_unit_test(test_logmel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
