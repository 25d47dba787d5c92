/* musicnn, mel_patches: TensorFlow's and PyTorch's layers, librosa's spectrogram
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npy.h"
#include "dsp/mel_patches.h"
#include "nn/musicnn.h"
#include "text/safetensors.h"

enum { T = MUSICNN_FRAMES, BANDS = MUSICNN_BANDS };

static const float *find(void *file, const char *name, int ndim, size_t *shape)
{
    const struct safe_tensor *t = safetensors_find(file, name);
    if (!t || t->ndim != ndim)
        return NULL;
    for (int i = 0; i < ndim; i++) {
        if (shape[i] && shape[i] != t->shape[i])
            return NULL;
        shape[i] = t->shape[i];
    }
    return safetensors_view(t);
}

static struct musicnn *net(const char *path)
{
    char why[300];
    struct safetensors *file = safetensors_open(path, why, sizeof why);
    if (!file)
        return NULL;
    struct musicnn *m = musicnn_new(find, file);
    assert_non_null(m);
    safetensors_close(file);
    return m;
}

static void close_to(const float *got, const float *want, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - (double)want[i]) <= tolerance))
            fail_msg("[%zu] is %.9g, not %.9g", i, (double)got[i], (double)want[i]);
}

/* Random weights, few channels; float against PyTorch's double. Twice: nothing stays of the patch before. */
static void own(void **state)
{
    (void)state;
    static float x[T * BANDS];
    size_t n;
    float *want = npy_read(golden_path("golden/ear/layers.npy"), &n);
    struct musicnn *m = net(golden_path("golden/ear/model.safetensors"));
    assert_non_null(want);
    assert_non_null(m);
    assert_int_equal(musicnn_live(m), 6);
    struct musicnn_room *room = musicnn_room_new(m);
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < T * BANDS; i++)
            x[i] = turn ? (float)((31 * (i / BANDS) + 17 * (i % BANDS) + i / BANDS * (i % BANDS)) % 101) / 25 : 9;
        musicnn_run(m, room, x);
    }
    size_t at = 0;
    for (int k = 0; k < MUSICNN_LAYERS; k++) {
        size_t count = musicnn_width(m, (enum musicnn_layer)k) * (k <= MUSICNN_CNN3 ? T : 1);
        close_to(musicnn_at(room, (enum musicnn_layer)k), want + at, count, 2e-5);
        at += count;
    }
    assert_int_equal(at, n);
    musicnn_room_free(room);
    musicnn_free(m);
    free(want);
}

static void spectrogram(void **state)
{
    (void)state;
    static float x[BANDS];
    static const size_t frames[] = { 0, 1, 100, 187 };
    size_t n;
    float *want = npy_read(golden_path("golden/ear/logmel.npy"), &n);
    assert_non_null(want);
    assert_int_equal(n, 4 * BANDS);
    struct mel_patches *p = mel_patches_new();
    float *y = mel_patches_samples(p, 48000);
    for (size_t i = 0; i < 48000; i++)
        y[i] = (float)((int)(i * i % 1009) - 504) / 1024;
    assert_int_equal(mel_patches_begin(p), 188);
    for (size_t k = 0; k < 4; k++) {
        mel_patches_take(p, frames[k], 1, x);
        close_to(x, want + k * BANDS, BANDS, 1e-5);
    }
    mel_patches_take(p, 188, 1, x);             /* the first again */
    close_to(x, want, BANDS, 1e-5);
    mel_patches_free(p);
    free(want);
}

/* The real weights, layer by layer; maxima as near as cnn3, whose values go up to 89. Of cnn2, TensorFlow's own numbers are up to
 * 5e-5 from those of double precision, PyTorch's 9e-5, ours 1e-4. */
static void real(void **state)
{
    (void)state;
    static const struct { const char *name; enum musicnn_layer layer; double tolerance; } parts[] = {
        { "cnn1", MUSICNN_CNN1, 1e-4 }, { "cnn2", MUSICNN_CNN2, 2e-4 }, { "cnn3", MUSICNN_CNN3, 4e-4 },
        { "max_pool", MUSICNN_MAX, 4e-4 }, { "mean_pool", MUSICNN_MEAN, 1e-4 }, { "penultimate", MUSICNN_PENULTIMATE, 1e-5 },
        { "logits", MUSICNN_LOGITS, 2e-5 } };
    size_t n;
    float *x = npy_read(golden_path("golden/musicnn/patch_logmel.npy"), &n);
    struct musicnn *m = net(golden_path("models/musicnn-msd/model.safetensors"));
    if (!x || !m) {
        free(x);
        musicnn_free(m);
        skip();
    }
    assert_int_equal(musicnn_live(m), 64);
    struct musicnn_room *room = musicnn_room_new(m);
    musicnn_run(m, room, x);
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        char name[80];
        snprintf(name, sizeof name, "golden/musicnn/MSD_musicnn.%s.npy", parts[k].name);
        float *want = npy_read(golden_path(name), &n);
        assert_non_null(want);
        close_to(musicnn_at(room, parts[k].layer), want, n, parts[k].tolerance);
        free(want);
    }
    for (size_t part = 0; part < 2; part++) {
        float *want = npy_read(golden_path(part ? "golden/musicnn/MSD_musicnn.temporal.npy" :
                                           "golden/musicnn/MSD_musicnn.timbral.npy"), &n);
        assert_non_null(want);
        for (size_t t = 0; t < T; t++)
            close_to(musicnn_at(room, MUSICNN_FRONT) + t * 561 + part * 408, want + t * n / T, n / T, 1e-4);
        free(want);
    }
    musicnn_room_free(room);
    musicnn_free(m);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(own), cmocka_unit_test(spectrogram), cmocka_unit_test(real) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
