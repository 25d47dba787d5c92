/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/bert.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/blas.h"
#include "math/activate.h"

/* y = x W^T + b, with W[out][in] as PyTorch stores it. */
struct dense { const float *w, *b; };
struct norm { const float *w, *b; };

struct layer {
    struct dense query, key, value, attention, inner, outer;
    struct norm after_attention, after_outer;
};

struct bert {
    struct bert_shape shape;
    const float *words, *positions, *types;
    struct norm embedded;
    struct layer *layers;
    float **owned;              /* tensors that had to be widened */
    size_t n_owned;
};

/* ---- weights ---- */

struct loading {
    struct bert *b;
    const struct safetensors *file;
    const char *prefix;
    char *why;
    size_t room;
    bool failed;
};

/* Tensor of a name that is made by printf, [rows][columns] or, with rows 0, [columns]. */
__attribute__((format(printf, 4, 5)))
static const float *tensor(struct loading *l, size_t rows, size_t columns, const char *format, ...)
{
    char name[256];
    size_t used = (size_t)snprintf(name, sizeof name, "%s", l->prefix);
    va_list args;
    va_start(args, format);
    vsnprintf(name + used, sizeof name - used, format, args);
    va_end(args);
    if (l->failed)
        return NULL;
    const struct safe_tensor *t = safetensors_find(l->file, name);
    bool fits = t && t->ndim == (rows ? 2 : 1) && t->shape[0] == (rows ? rows : columns) &&
                (!rows || t->shape[1] == columns) && t->type != SAFE_OTHER;
    if (!fits) {
        if (t && t->type == SAFE_OTHER)
            snprintf(l->why, l->room, "tensor %s is not of F32, F16 or BF16", name);
        else if (t && rows)
            snprintf(l->why, l->room, "tensor %s is not %zu x %zu, as config.json has it", name, rows, columns);
        else
            snprintf(l->why, l->room, t ? "tensor %s is not of %zu numbers, as config.json has it" :
                     "no tensor %s: no BERT encoder", name, columns);
        l->failed = true;
        return NULL;
    }
    const float *view = safetensors_view(t);
    if (view)
        return view;
    float *wide = mem_aligned(t->count, sizeof *wide);
    safetensors_f32(t, wide);
    l->b->owned = mem_resize(l->b->owned, l->b->n_owned + 1, sizeof *l->b->owned);
    l->b->owned[l->b->n_owned++] = wide;
    return wide;
}

static struct dense dense(struct loading *l, size_t out, size_t in, size_t layer, const char *name)
{
    return (struct dense){ tensor(l, out, in, "encoder.layer.%zu.%s.weight", layer, name),
                           tensor(l, 0, out, "encoder.layer.%zu.%s.bias", layer, name) };
}

static struct norm norm(struct loading *l, size_t layer, const char *name)
{
    size_t h = l->b->shape.hidden;
    return (struct norm){ tensor(l, 0, h, "encoder.layer.%zu.%s.LayerNorm.weight", layer, name),
                          tensor(l, 0, h, "encoder.layer.%zu.%s.LayerNorm.bias", layer, name) };
}

struct bert *bert_new(const struct safetensors *file, const struct bert_shape *shape, char *why, size_t room)
{
    struct bert *b = mem_zero(1, sizeof *b);
    const char *prefix = safetensors_find(file, "embeddings.word_embeddings.weight") ? "" :
                         safetensors_find(file, "roberta.embeddings.word_embeddings.weight") ? "roberta." : "bert.";
    struct loading l = { b, file, prefix, why, room, false };
    size_t h = shape->hidden;
    b->shape = *shape;
    b->words = tensor(&l, shape->words, h, "embeddings.word_embeddings.weight");
    b->positions = tensor(&l, shape->positions, h, "embeddings.position_embeddings.weight");
    b->types = tensor(&l, shape->types, h, "embeddings.token_type_embeddings.weight");
    b->embedded.w = tensor(&l, 0, h, "embeddings.LayerNorm.weight");
    b->embedded.b = tensor(&l, 0, h, "embeddings.LayerNorm.bias");
    for (size_t i = 0; i < shape->layers && !l.failed; i++) {
        b->layers = mem_resize(b->layers, i + 1, sizeof *b->layers);
        b->layers[i] = (struct layer){
            dense(&l, h, h, i, "attention.self.query"), dense(&l, h, h, i, "attention.self.key"),
            dense(&l, h, h, i, "attention.self.value"), dense(&l, h, h, i, "attention.output.dense"),
            dense(&l, shape->inner, h, i, "intermediate.dense"), dense(&l, h, shape->inner, i, "output.dense"),
            norm(&l, i, "attention.output"), norm(&l, i, "output") };
    }
    if (l.failed) {
        bert_free(b);
        return NULL;
    }
    return b;
}

void bert_free(struct bert *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n_owned; i++)
        free(b->owned[i]);
    free(b->owned);
    free(b->layers);
    free(b);
}

/* ---- the forward pass ---- */

/* Products run over whole blocks of rows, so that what a row gives does not depend on how
 * many others there are: OpenBLAS has other kernels for the rest of a block. */
enum { BLOCK = 64, INNER_ROWS = 256 };

struct bert_room {
    size_t rows, pieces;        /* room for so many rows; for one text of so many */
    float *x, *query, *key, *value, *context, *inner, *scores;
};

struct bert_room *bert_room_new(const struct bert *b)
{
    (void)b;
    return mem_zero(1, sizeof(struct bert_room));
}

static void empty(struct bert_room *r)
{
    free(r->x);
    free(r->query);
    free(r->key);
    free(r->value);
    free(r->context);
    free(r->inner);
    free(r->scores);
}

void bert_room_free(struct bert_room *room)
{
    if (!room)
        return;
    empty(room);
    free(room);
}

static float *matrix(size_t rows, size_t columns)
{
    float *x = mem_aligned(mem_mul(rows, columns), sizeof *x);
    memset(x, 0, rows * columns * sizeof *x);
    return x;
}

static void make_room(struct bert_room *r, const struct bert_shape *s, size_t rows, size_t pieces)
{
    if (rows <= r->rows && pieces <= r->pieces)
        return;
    empty(r);
    r->rows = rows > r->rows ? rows : r->rows;
    r->pieces = pieces > r->pieces ? pieces : r->pieces;
    r->x = matrix(r->rows, s->hidden);
    r->query = matrix(r->rows, s->hidden);
    r->key = matrix(r->rows, s->hidden);
    r->value = matrix(r->rows, s->hidden);
    r->context = matrix(r->rows, s->hidden);
    r->inner = matrix(r->rows < INNER_ROWS ? r->rows : INNER_ROWS, s->inner);
    r->scores = matrix(r->pieces, r->pieces);
}

static double sum(const float *x, size_t n)
{
    double lane[8] = { 0 }, total = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            lane[k] += (double)x[i + k];
    for (; i < n; i++)
        total += (double)x[i];
    for (size_t k = 0; k < 8; k++)
        total += lane[k];
    return total;
}

static double sum_of_squares(const float *x, size_t n)
{
    double lane[8] = { 0 }, total = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            lane[k] += (double)x[i + k] * (double)x[i + k];
    for (; i < n; i++)
        total += (double)x[i] * (double)x[i];
    for (size_t k = 0; k < 8; k++)
        total += lane[k];
    return total;
}

static void layer_norm(float *x, size_t n, struct norm by, double eps)
{
    float mean = (float)(sum(x, n) / (double)n);
    for (size_t i = 0; i < n; i++)
        x[i] -= mean;
    float scale = (float)(1 / sqrt(sum_of_squares(x, n) / (double)n + eps));
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] * scale * by.w[i] + by.b[i];
}

static void add(float *restrict x, const float *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += y[i];
}

/* y[rows][out] = x[rows][in] W^T */
static void product(const float *x, const float *w, size_t rows, size_t out, size_t in, float *y)
{
    blas_f32(false, true, rows, out, in, 1, x, in, w, in, 0, y, out);
}

static void project(const float *x, struct dense d, size_t rows, size_t h, float *y)
{
    product(x, d.w, rows, h, h, y);
    for (size_t i = 0; i < rows; i++)
        add(y + i * h, d.b, h);
}

/* x += y + bias, then the norm, row by row. */
static void add_and_norm(float *x, const float *y, const float *bias, size_t rows, size_t h, struct norm by,
                         double eps)
{
    for (size_t i = 0; i < rows; i++) {
        add(x + i * h, y + i * h, h);
        add(x + i * h, bias, h);
        layer_norm(x + i * h, h, by, eps);
    }
}

static void attend(struct bert_room *r, const struct bert_shape *s, const struct bert_text *text, size_t texts)
{
    size_t h = s->hidden, d = h / s->heads, at = 0;
    float scale = (float)(1 / sqrt((double)d));
    for (size_t i = 0; i < texts; i++) {
        size_t n = text[i].n;
        for (size_t head = 0; head < s->heads; head++) {
            size_t from = at * h + head * d;
            blas_f32(false, true, n, n, d, scale, r->query + from, h, r->key + from, h, 0, r->scores, n);
            for (size_t row = 0; row < n; row++)
                activate_softmax(r->scores + row * n, n);
            blas_f32(false, false, n, d, n, 1, r->scores, n, r->value + from, h, 0, r->context + from, h);
        }
        at += n;
    }
}

static void run_layer(const struct bert *b, struct bert_room *r, const struct layer *l,
                      const struct bert_text *text, size_t texts, size_t rows, size_t padded)
{
    const struct bert_shape *s = &b->shape;
    size_t h = s->hidden;
    project(r->x, l->query, padded, h, r->query);
    project(r->x, l->key, padded, h, r->key);
    project(r->x, l->value, padded, h, r->value);
    attend(r, s, text, texts);
    product(r->context, l->attention.w, padded, h, h, r->query);
    add_and_norm(r->x, r->query, l->attention.b, rows, h, l->after_attention, s->eps);
    /* In parts, so that the inner rows stay in the cache. */
    for (size_t begin = 0; begin < padded; begin += INNER_ROWS) {
        size_t n = padded - begin < INNER_ROWS ? padded - begin : INNER_ROWS;
        product(r->x + begin * h, l->inner.w, n, s->inner, h, r->inner);
        for (size_t i = 0; i < n; i++)
            activate_bias_gelu(r->inner + i * s->inner, l->inner.b, s->inner);
        product(r->inner, l->outer.w, n, h, s->inner, r->query + begin * h);
    }
    add_and_norm(r->x, r->query, l->outer.b, rows, h, l->after_outer, s->eps);
}

static void pool(const float *x, size_t n, size_t h, enum bert_pooling pooling, float *to)
{
    for (size_t j = 0; j < h; j++) {
        double sum_of = 0;
        float most = x[j];
        for (size_t i = 0; i < n; i++) {
            sum_of += (double)x[i * h + j];
            most = x[i * h + j] > most ? x[i * h + j] : most;
        }
        to[j] = pooling == BERT_CLS ? x[j] : pooling == BERT_MAX ? most : (float)(sum_of / (double)n);
    }
}

void bert_run(const struct bert *b, struct bert_room *room, const struct bert_text *text, size_t texts,
              enum bert_pooling pooling, float *to, float *hidden)
{
    const struct bert_shape *s = &b->shape;
    size_t rows = 0, longest = 0, h = s->hidden, at = 0;
    for (size_t i = 0; i < texts; i++) {
        rows += text[i].n;
        longest = text[i].n > longest ? text[i].n : longest;
    }
    size_t padded = (rows + BLOCK - 1) / BLOCK * BLOCK;
    make_room(room, s, padded, longest);
    memset(room->x + rows * h, 0, (padded - rows) * h * sizeof *room->x);
    memset(room->context + rows * h, 0, (padded - rows) * h * sizeof *room->context);
    for (size_t i = 0; i < texts; i++) {
        size_t counted = s->counts_padding ? s->padding + 1 : 0;
        for (size_t k = 0; k < text[i].n; k++, at++) {
            float *x = room->x + at * h;
            bool padding = s->counts_padding && text[i].id[k] == s->padding;
            memcpy(x, b->words + text[i].id[k] * h, h * sizeof *x);
            add(x, b->types, h);
            add(x, b->positions + (padding ? s->padding : counted++) * h, h);
            layer_norm(x, h, b->embedded, s->eps);
        }
    }
    for (size_t i = 0; i <= s->layers; i++) {
        if (hidden)
            memcpy(hidden + i * rows * h, room->x, rows * h * sizeof *hidden);
        if (i < s->layers)
            run_layer(b, room, b->layers + i, text, texts, rows, padded);
    }
    at = 0;
    for (size_t i = 0; i < texts; i++) {
        pool(room->x + at * h, text[i].n, h, pooling, to + i * h);
        at += text[i].n;
    }
}
