/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/bert.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/activate.h"
#include "math/gemm.h"
#include "math/gemm_bf16.h"

/* y = x W^T + b. Of W[out][in], as PyTorch stores it, GEMM_COLS rows at a time are turned: panel[in][GEMM_COLS],
 * zeros beyond `out`; with bf16 panel[pairs][GEMM_COLS]. */
struct dense { const void *panels; const float *b; };
struct norm { const float *w, *b; };

struct layer {
    struct dense query, key, value, attention, inner, outer;
    struct norm after_attention, after_outer;
};

struct bert {
    struct bert_shape shape;
    bool bf16;
    const float *words, *positions, *types;
    struct norm embedded;
    struct layer *layers;
    void **owned;               /* tensors that had to be widened or turned */
    size_t n_owned;
};

/* ---- weights ---- */

static void *own(struct bert *b, void *p)
{
    b->owned = mem_resize(b->owned, b->n_owned + 1, sizeof *b->owned);
    return b->owned[b->n_owned++] = p;
}

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
    float *wide = own(l->b, mem_aligned(t->count, sizeof *wide));
    safetensors_f32(t, wide);
    return wide;
}

static size_t panels_of(size_t out) { return (out + GEMM_COLS - 1) / GEMM_COLS; }

/* Rows of a panel of weights with `in` columns, each of 4 bytes a column. */
static size_t depth(const struct bert *b, size_t in) { return b->bf16 ? gemm_bf16_pairs(in) : in; }

static struct dense dense(struct loading *l, size_t out, size_t in, size_t layer, const char *name)
{
    size_t owned = l->b->n_owned;
    const float *w = tensor(l, out, in, "encoder.layer.%zu.%s.weight", layer, name),
                *b = tensor(l, 0, out, "encoder.layer.%zu.%s.bias", layer, name);
    if (!w || !b)
        return (struct dense){ NULL, NULL };
    size_t deep = depth(l->b, in);
    float *panels = mem_aligned(mem_mul(panels_of(out) * GEMM_COLS, deep), sizeof *panels);
    for (size_t j = 0; j < out; j += GEMM_COLS) {
        size_t rows = out - j < GEMM_COLS ? out - j : GEMM_COLS;
        if (l->b->bf16)
            gemm_bf16_panel(w + j * in, rows, in, (uint32_t *)panels + j * deep);
        else
            gemm_turn_wide(w + j * in, in, rows, in, panels + j * deep);
    }
    if (l->b->n_owned > owned && l->b->owned[owned] == w) {      /* widened, and not needed any more */
        free(l->b->owned[owned]);
        l->b->owned[owned] = panels;
    } else {
        own(l->b, panels);
    }
    return (struct dense){ panels, b };
}

static struct norm norm(struct loading *l, size_t layer, const char *name)
{
    size_t h = l->b->shape.hidden;
    return (struct norm){ tensor(l, 0, h, "encoder.layer.%zu.%s.LayerNorm.weight", layer, name),
                          tensor(l, 0, h, "encoder.layer.%zu.%s.LayerNorm.bias", layer, name) };
}

struct bert *bert_new(const struct safetensors *file, const struct bert_shape *shape, bool bf16, char *why, size_t room)
{
    struct bert *b = mem_zero(1, sizeof *b);
    const char *prefix = safetensors_find(file, "embeddings.word_embeddings.weight") ? "" :
                         safetensors_find(file, "roberta.embeddings.word_embeddings.weight") ? "roberta." : "bert.";
    struct loading l = { b, file, prefix, why, room, false };
    size_t h = shape->hidden;
    b->shape = *shape;
    b->bf16 = bf16;
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

/* Rows at a time, which stay in the second cache while the panels of the weights go by; whole GEMM_BF16_ROWS. */
enum { ROWS = 192 };

struct bert_room {
    size_t rows, pieces;        /* room for so many rows; for one text of so many */
    float *x, *query, *key, *value, *context, *inner, *scores, *turned;
    uint32_t *left;             /* bf16: up to ROWS rows of a product, rounded */
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
    free(r->turned);
    free(r->left);
}

void bert_room_free(struct bert_room *room)
{
    if (!room)
        return;
    empty(room);
    free(room);
}

static void *matrix(size_t rows, size_t columns) { return mem_aligned_zero(mem_mul(rows, columns), sizeof(float)); }

static void make_room(struct bert_room *r, const struct bert *b, size_t rows, size_t pieces)
{
    const struct bert_shape *s = &b->shape;
    if (rows <= r->rows && pieces <= r->pieces)
        return;
    empty(r);
    r->rows = rows > r->rows ? rows : r->rows;
    r->pieces = pieces > r->pieces ? pieces : r->pieces;
    r->x = matrix(r->rows, s->hidden);
    r->query = matrix(r->rows, s->hidden);
    r->key = matrix(r->rows, s->hidden);
    r->value = matrix(r->rows + GEMM_COLS, s->hidden);      /* a product reads GEMM_COLS columns, of the last rows too */
    r->context = matrix(r->rows, s->hidden);
    r->inner = matrix(ROWS, s->inner);
    r->scores = matrix(ROWS, r->pieces);
    r->turned = matrix(panels_of(r->pieces) * GEMM_COLS, s->hidden / s->heads);
    r->left = b->bf16 ? matrix(ROWS, depth(b, s->inner > s->hidden ? s->inner : s->hidden)) : NULL;
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

/* x[rows][in], rows <= ROWS, as the left operand of products: itself or, until the next call, rounded to bf16. */
static const void *left(const struct bert *b, struct bert_room *r, const float *x, size_t rows, size_t in)
{
    if (!b->bf16)
        return x;
    gemm_bf16_left(x, rows, in, r->left);
    return r->left;
}

/* y[rows][out] = x[rows][in] W^T */
static void product(const struct bert *b, const void *x, struct dense d, size_t rows, size_t out, size_t in, float *y)
{
    if (b->bf16) {
        gemm_bf16(rows, in, x, d.panels, out, y);
        return;
    }
    const float *panels = d.panels;
    for (size_t j = 0; j < out; j += GEMM_COLS)
        gemm_panel(rows, in, x, in, 1, panels + j * in, GEMM_COLS, y + j, out, out - j < GEMM_COLS ? out - j : GEMM_COLS,
                   false, true);
}

static void project(const struct bert *b, const void *x, struct dense d, size_t rows, size_t h, float *y)
{
    product(b, x, d, rows, h, h, y);
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

/* One head of one text of n pieces, whose rows of length h begin at the pointers. */
static void attend_head(struct bert_room *r, const float *query, const float *key, const float *value, float *context,
                        size_t n, size_t d, size_t h)
{
    float scale = (float)(1 / sqrt((double)d));
    for (size_t j = 0; j < n; j += GEMM_COLS)
        gemm_turn_wide(key + j * h, h, n - j < GEMM_COLS ? n - j : GEMM_COLS, d, r->turned + j * d);
    for (size_t i = 0; i < n; i += ROWS) {
        size_t rows = n - i < ROWS ? n - i : ROWS;
        for (size_t j = 0; j < n; j += GEMM_COLS)
            gemm_panel(rows, d, query + i * h, h, 1, r->turned + j * d, GEMM_COLS, r->scores + j, n,
                       n - j < GEMM_COLS ? n - j : GEMM_COLS, false, false);
        for (size_t row = 0; row < rows; row++) {
            float *score = r->scores + row * n;
            for (size_t j = 0; j < n; j++)
                score[j] *= scale;
            activate_softmax(score, n);
        }
        for (size_t j = 0; j < d; j += GEMM_COLS)
            gemm_panel(rows, n, r->scores, n, 1, value + j, h, context + i * h + j, h,
                       d - j < GEMM_COLS ? d - j : GEMM_COLS, false, false);
    }
}

static void attend(struct bert_room *r, const struct bert_shape *s, const struct bert_text *text, size_t texts)
{
    size_t h = s->hidden, d = h / s->heads, at = 0;
    for (size_t i = 0; i < texts; i++) {
        for (size_t head = 0; head < s->heads; head++) {
            size_t from = at * h + head * d;
            attend_head(r, r->query + from, r->key + from, r->value + from, r->context + from, text[i].n, d, h);
        }
        at += text[i].n;
    }
}

static void run_layer(const struct bert *b, struct bert_room *r, const struct layer *l,
                      const struct bert_text *text, size_t texts, size_t rows)
{
    const struct bert_shape *s = &b->shape;
    size_t h = s->hidden, n;
    for (size_t i = 0; i < rows; i += n) {
        n = rows - i < ROWS ? rows - i : ROWS;
        const void *x = left(b, r, r->x + i * h, n, h);
        project(b, x, l->query, n, h, r->query + i * h);
        project(b, x, l->key, n, h, r->key + i * h);
        project(b, x, l->value, n, h, r->value + i * h);
    }
    attend(r, s, text, texts);
    for (size_t i = 0; i < rows; i += n) {
        float *x = r->x + i * h, *y = r->query + i * h;
        n = rows - i < ROWS ? rows - i : ROWS;
        product(b, left(b, r, r->context + i * h, n, h), l->attention, n, h, h, y);
        add_and_norm(x, y, l->attention.b, n, h, l->after_attention, s->eps);
        product(b, left(b, r, x, n, h), l->inner, n, s->inner, h, r->inner);
        for (size_t k = 0; k < n; k++)
            activate_bias_gelu(r->inner + k * s->inner, l->inner.b, s->inner);
        product(b, left(b, r, r->inner, n, s->inner), l->outer, n, h, s->inner, y);
        add_and_norm(x, y, l->outer.b, n, h, l->after_outer, s->eps);
    }
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
    make_room(room, b, rows, longest);
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
            run_layer(b, room, b->layers + i, text, texts, rows);
    }
    at = 0;
    for (size_t i = 0; i < texts; i++) {
        pool(room->x + at * h, text[i].n, h, pooling, to + i * h);
        at += text[i].n;
    }
}
