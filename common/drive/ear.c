/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/ear.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "drive/weights.h"
#include "text/safetensors.h"
#include "text/settings.h"

/* Weights that are being taken. */
struct taking { struct settings *s; struct safetensors *file; float **copies; size_t n, cap; };

static const float *find(void *state, const char *name, int ndim, size_t *shape)
{
    struct taking *w = state;
    const struct safe_tensor *t = safetensors_find(w->file, name);
    bool right = t && t->type != SAFE_OTHER && t->ndim == ndim && t->count > 0;
    for (int i = 0; right && i < ndim; i++) {
        right = !shape[i] || shape[i] == t->shape[i];
        shape[i] = t->shape[i];
    }
    if (!right) {
        settings_wrong(w->s, "model.safetensors", t ? "tensor %s is not of the type or shape that musicnn has" :
                       "no tensor %s: no musicnn network", name);
        return NULL;
    }
    mem_grow(&w->copies, &w->cap, w->n + 1, sizeof *w->copies);
    float *x = w->copies[w->n++] = mem_new(t->count, sizeof *x);
    safetensors_f32(t, x);
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite(x[i])) {
            settings_wrong(w->s, "model.safetensors", "%s[%zu] is %g", name, i, (double)x[i]);
            return NULL;
        }
    return x;
}

/* Numbers that the spectrogram is made with: absent, or these. */
static bool read_front(const struct settings *s, const json_t *j)
{
    static const struct { const char *key; double is; } known[] = { { "sample_rate", 16000 }, { "n_fft", 512 },
        { "hop_length", 256 }, { "n_mels", MUSICNN_BANDS }, { "fmin", 0 }, { "fmax", 8000 },
        { "patch_frames", MUSICNN_FRAMES }, { "batch_norm_eps", 1e-3 } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const json_t *v = json_object_get(j, known[i].key);
        if (v && (!json_is_number(v) || json_number_value(v) != known[i].is))
            return settings_wrong(s, "config.json", "%s is not %g", known[i].key, known[i].is);
    }
    return settings_word(s, "config.json", j, "log", "log10(10000 x + 1)");
}

static bool read_tags(const struct settings *s, const json_t *j, struct ear *e)
{
    const json_t *tags = json_object_get(j, "tags");
    size_t n = musicnn_width(e->net, MUSICNN_LOGITS);
    if (json_array_size(tags) != n)
        return settings_wrong(s, "config.json", "%zu tags, the network has %zu", json_array_size(tags), n);
    e->tags = mem_new(n, sizeof *e->tags);
    for (size_t i = 0; i < n; i++) {
        const char *tag = json_string_value(json_array_get(tags, i));
        if (!tag || !*tag)
            return settings_wrong(s, "config.json", "tag %zu is not a text", i);
        for (size_t k = 0; k < i; k++)
            if (strcmp(e->tags[k], tag) == 0)
                return settings_wrong(s, "config.json", "tag %s is there twice", tag);
        e->tags[i] = mem_text(tag, strlen(tag));
    }
    return true;
}

static bool read_weights(struct settings *s, const char *path, struct ear *e)
{
    char why[300];
    size_t n;
    struct taking w = { .s = s, .file = safetensors_open(path, why, sizeof why) };
    if (!w.file)
        return settings_wrong(s, "model.safetensors", "%s", why);
    e->net = musicnn_new(find, &w);
    const uint8_t *bytes = safetensors_bytes(w.file, &n);
    sha256_mapped(bytes, n, e->sha256);
    if (!safetensors_same(w.file))
        io_changed(path);
    safetensors_close(w.file);
    while (w.n)
        free(w.copies[--w.n]);
    free(w.copies);
    return e->net;
}

struct ear *ear_open(const char *dir)
{
    char why[512] = "";
    struct settings s = { dir, why, sizeof why };
    struct ear *e = mem_zero(1, sizeof *e);
    json_t *j = NULL;
    const char *path = weights_guard(dir, "a network's folder holds config.json and model.safetensors; "
                                     "examples/get-musicnn makes one");
    bool good = settings_json(&s, "config.json", true, &j);
    if (good && strcmp(settings_string(j, "model_type"), "musicnn") != 0)
        good = settings_wrong(&s, "config.json", "model_type is %.60s, not musicnn", *settings_string(j, "model_type") ?
                              settings_string(j, "model_type") : "missing");
    if (!good || !read_front(&s, j) || !read_weights(&s, path, e) || !read_tags(&s, j, e))
        die(ST_STREAM, "%s", why);
    json_decref(j);
    return e;
}
