/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/encoder.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"

enum { TEXT_MOST = 64 << 20 };      /* bytes of a file other than the weights */

struct opening {
    const char *dir;
    char *why;
    size_t room;
};

__attribute__((format(printf, 3, 4)))
static bool wrong(struct opening *o, const char *name, const char *format, ...)
{
    va_list args;
    int n = snprintf(o->why, o->room, "%s/%s: ", o->dir, name);
    va_start(args, format);
    if (n > 0 && (size_t)n < o->room)
        vsnprintf(o->why + n, o->room - (size_t)n, format, args);
    va_end(args);
    return false;
}

static char *path_of(const struct opening *o, const char *name)
{
    size_t n = strlen(o->dir) + strlen(name) + 2;
    char *path = mem_new(n, 1);
    snprintf(path, n, "%s/%s", o->dir, name);
    return path;
}

/* All of a file with a NUL behind it, size in *n; NULL if it cannot be read, `missing`
 * then says whether there is none. */
static char *read_all(struct opening *o, const char *name, size_t *n, bool *missing)
{
    char *path = path_of(o, name), *p = io_file(path, TEXT_MOST, n);
    int failed = errno;
    free(path);
    *missing = !p && failed == ENOENT;
    if (!p)
        wrong(o, name, failed == EFBIG ? "larger than 64 MB" : "cannot read: %s",
              failed == EINVAL ? "not a regular file" : strerror(failed));
    return p;
}

/* A JSON file; *j is NULL if there is none and it is not `needed`. */
static bool read_json(struct opening *o, const char *name, bool needed, json_t **j)
{
    size_t n;
    bool missing;
    char *text = read_all(o, name, &n, &missing);
    *j = NULL;
    if (!text)
        return missing && !needed;
    json_error_t error;
    *j = json_loadb(text, n, 0, &error);
    free(text);
    return *j || wrong(o, name, "line %d: %s", error.line, error.text);
}

/* A whole number from 1 to `most`. */
static bool whole(struct opening *o, const char *name, const json_t *j, const char *key, size_t most, size_t *to)
{
    const json_t *v = json_object_get(j, key);
    if (!json_is_integer(v) || json_integer_value(v) < 1 || (size_t)json_integer_value(v) > most)
        return wrong(o, name, "%s is not a number from 1 to %zu", key, most);
    *to = (size_t)json_integer_value(v);
    return true;
}

/* The value of key is absent, or this word. */
static bool word(struct opening *o, const char *name, const json_t *j, const char *key, const char *want)
{
    const char *got = json_string_value(json_object_get(j, key));
    if (json_object_get(j, key) && (!got || strcmp(got, want) != 0))
        return wrong(o, name, "%s is %.40s: only %s is known", key, got ? got : "no text", want);
    return true;
}

static bool read_shape(struct opening *o, struct encoder *e)
{
    json_t *j;
    const char *name = "config.json";
    struct bert_shape *s = &e->shape;
    if (!read_json(o, name, true, &j))
        return false;
    const json_t *given = json_object_get(j, "layer_norm_eps");
    double eps = given ? json_number_value(given) : 1e-12;
    bool ok = word(o, name, j, "model_type", "bert") && word(o, name, j, "hidden_act", "gelu") &&
              word(o, name, j, "position_embedding_type", "absolute") &&
              whole(o, name, j, "num_hidden_layers", 1000, &s->layers) &&
              whole(o, name, j, "hidden_size", 1 << 16, &s->hidden) &&
              whole(o, name, j, "num_attention_heads", 1 << 12, &s->heads) &&
              whole(o, name, j, "intermediate_size", 1 << 20, &s->inner) &&
              whole(o, name, j, "max_position_embeddings", 1 << 16, &s->positions) &&
              whole(o, name, j, "vocab_size", 1 << 24, &s->words) &&
              whole(o, name, j, "type_vocab_size", 1 << 10, &s->types);
    json_decref(j);
    if (ok && s->hidden % s->heads)
        return wrong(o, name, "%zu heads do not divide hidden_size %zu", s->heads, s->hidden);
    if (ok && !(eps > 0 && eps < 1))
        return wrong(o, name, "layer_norm_eps is %g", eps);
    s->eps = eps;
    return ok;
}

/* A truth value, or `usual` where there is none or null. */
static bool flag(const json_t *j, const char *key, bool usual)
{
    const json_t *v = json_object_get(j, key);
    return json_is_boolean(v) ? json_is_true(v) : usual;
}

static bool read_pieces(struct opening *o, struct encoder *e)
{
    json_t *j;
    size_t n;
    bool none;
    const char *missing;
    if (!read_json(o, "tokenizer_config.json", false, &j))
        return false;
    struct wordpiece_how how = { .lowercase = flag(j, "do_lower_case", true),
                                 .chinese = flag(j, "tokenize_chinese_chars", true) };
    how.strip_accents = flag(j, "strip_accents", how.lowercase);
    json_decref(j);
    char *vocab = read_all(o, "vocab.txt", &n, &none);
    if (!vocab)
        return false;
    e->pieces = wordpiece_new(vocab, n, how, &missing);
    free(vocab);
    if (!e->pieces)
        return wrong(o, "vocab.txt", "no %s in it: no WordPiece vocabulary", missing);
    if (wordpiece_size(e->pieces) > e->shape.words)
        return wrong(o, "vocab.txt", "%zu pieces, but config.json has %zu", wordpiece_size(e->pieces),
                     e->shape.words);
    return true;
}

static bool read_limit(struct opening *o, struct encoder *e)
{
    json_t *j;
    const char *name = "sentence_bert_config.json";
    if (!read_json(o, name, false, &j))
        return false;
    e->limit = e->shape.positions;
    const json_t *v = json_object_get(j, "max_seq_length");
    bool ok = !v || json_is_null(v) || whole(o, name, j, "max_seq_length", 1 << 20, &e->limit);
    json_decref(j);
    if (ok && e->limit < 3)
        return wrong(o, name, "max_seq_length is below 3");
    if (e->limit > e->shape.positions)
        e->limit = e->shape.positions;
    return ok;
}

static bool read_pooling(struct opening *o, struct encoder *e)
{
    json_t *j, *module;
    size_t i;
    bool ok = read_json(o, "modules.json", false, &j);
    json_array_foreach(j, i, module) {
        const char *type = json_string_value(json_object_get(module, "type"));
        const char *last = type ? strrchr(type, '.') : NULL;
        last = last ? last + 1 : type;
        bool known = last && (strcmp(last, "Transformer") == 0 || strcmp(last, "Pooling") == 0 ||
                              strcmp(last, "Normalize") == 0);
        if (!known)
            ok = wrong(o, "modules.json", "module %.60s: only Transformer, Pooling and Normalize are known",
                       type ? type : "without type");
    }
    json_decref(j);
    if (!ok || !read_json(o, "1_Pooling/config.json", false, &j))
        return false;
    bool cls = flag(j, "pooling_mode_cls_token", false), max = flag(j, "pooling_mode_max_tokens", false);
    bool mean = flag(j, "pooling_mode_mean_tokens", !cls && !max);
    const char *mode = json_string_value(json_object_get(j, "pooling_mode"));
    if (mode) {
        cls = strcmp(mode, "cls") == 0;
        max = strcmp(mode, "max") == 0;
        mean = strcmp(mode, "mean") == 0;
    }
    bool other = flag(j, "pooling_mode_mean_sqrt_len_tokens", false) ||
                 flag(j, "pooling_mode_weightedmean_tokens", false) || flag(j, "pooling_mode_lasttoken", false);
    json_decref(j);
    if (other || cls + max + mean != 1)
        return wrong(o, "1_Pooling/config.json", "its pooling is not one of mean, cls and max alone");
    e->pooling = cls ? BERT_CLS : max ? BERT_MAX : BERT_MEAN;
    return true;
}

static bool read_weights(struct opening *o, struct encoder *e)
{
    const char *name = "model.safetensors";
    char *path = path_of(o, name), why[300];
    e->file = safetensors_open(path, why, sizeof why);
    free(path);
    if (!e->file)
        return wrong(o, name, "%s", why);
    e->bert = bert_new(e->file, &e->shape, why, sizeof why);
    return e->bert || wrong(o, name, "%s", why);
}

struct encoder *encoder_open(const char *dir, char *why, size_t room)
{
    struct encoder *e = mem_zero(1, sizeof *e);
    struct opening o = { dir, why, room };
    if (read_shape(&o, e) && read_limit(&o, e) && read_pooling(&o, e) && read_weights(&o, e) && read_pieces(&o, e))
        return e;
    encoder_close(e);
    return NULL;
}

void encoder_close(struct encoder *e)
{
    if (!e)
        return;
    bert_free(e->bert);
    wordpiece_free(e->pieces);
    safetensors_close(e->file);
    free(e);
}
