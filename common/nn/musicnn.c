/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/musicnn.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "math/gemm.h"

enum { T = MUSICNN_FRAMES, BANDS = MUSICNN_BANDS, TAPS = 7, PAD = 3, LONG = 128, BEFORE = 63, MIDS = 3 };
enum { COLS = GEMM_COLS, BLOCKS = (T + COLS - 1) / COLS, LINE = BLOCKS * COLS + LONG - 1 };

/* Time and bands of the front's kernels. */
static const size_t spans[MUSICNN_FRONTS][2] = { { 7, 38 }, { 7, 67 }, { 128, 1 }, { 64, 1 }, { 32, 1 } };

/* y = scale x + shift. */
struct norm { float *scale, *shift; };

/* The live channels of one of the front's kernels: w[n][bands][time]. Channel i of them is channel to[i] of the front; w
 * is negated where its batch norm falls, so that the maximum is always what is wanted. */
struct bank { size_t time, bands, n, *to; float *w; };

struct musicnn {
    float scale, shift;                 /* of the input */
    size_t front, mid, hidden, tags, live, pooled;
    float *bias, *constant;             /* [front] */
    struct norm norm;                   /* [front] */
    size_t *at;                         /* [live] channels of the front that are not constant */
    struct bank banks[MUSICNN_FRONTS];
    struct { size_t in; float *w, *bias; struct norm norm; } mids[MIDS];    /* w[panels][TAPS in][GEMM_COLS] */
    struct norm in, out;                /* around the hidden layer */
    float *dense, *dense_bias, *last, *last_bias;
};

struct musicnn_room {
    const struct musicnn *m;
    float *turned;                      /* [BANDS][LINE]: bands x time, normalised, zeros around */
    float *strip;                       /* [BANDS][TAPS][COLS]: of COLS frames, each tap's */
    float *product, *top;               /* [channels][COLS]: of a place, and the largest so far */
    float *live;                        /* [T + 6][live + 1] */
    float *padded[2];                   /* [T + 6][mid]: cnn1, cnn2 with zeros around */
    float *pooled;                      /* [2 pooled] */
    double *sum;                        /* [pooled], over time */
    float *layer[MUSICNN_LAYERS];
};

/* ---- taking the weights ---- */

struct source { musicnn_find *find; void *state; };

static const float *get(const struct source *s, const char *layer, size_t i, const char *part, int ndim, size_t *shape)
{
    char name[64], number[24] = "";
    if (i)
        snprintf(number, sizeof number, "_%zu", i);
    snprintf(name, sizeof name, "%s%s/%s", layer, number, part);
    return s->find(s->state, name, ndim, shape);
}

static float *copy(const float *from, size_t n)
{
    float *to = mem_new(n, sizeof *to);
    memcpy(to, from, n * sizeof *to);
    return to;
}

/* Batch norm i of n channels: gamma (x - mean) / sqrt(variance + 0.001) + beta. */
static bool get_norm(const struct source *s, size_t i, size_t n, struct norm *to)
{
    static const char *const parts[] = { "gamma", "beta", "moving_mean", "moving_variance" };
    const float *p[4];
    to->scale = mem_new(n, sizeof *to->scale);
    to->shift = mem_new(n, sizeof *to->shift);
    for (int k = 0; k < 4; k++)
        if (!(p[k] = get(s, "batch_normalization", i, parts[k], 1, &n)))
            return false;
    for (size_t c = 0; c < n; c++) {
        double scale = (double)p[0][c] / sqrt((double)p[3][c] + 1e-3);
        to->scale[c] = (float)scale;
        to->shift[c] = (float)((double)p[1][c] - (double)p[2][c] * scale);
    }
    return true;
}

/* The live channels of kernel w[time][bands][n], `first` being its first channel of the front. */
static void bank_set(struct bank *b, const struct musicnn *m, const float *w, size_t n, size_t first)
{
    size_t terms = b->time * b->bands;
    b->to = mem_new(n, sizeof *b->to);
    b->w = mem_new(mem_mul(n, terms), sizeof *b->w);
    for (size_t c = 0; c < n; c++) {
        double sum = 0;
        for (size_t p = 0; p < terms; p++)
            sum += fabs((double)w[p * n + c]);
        if (sum < 1e-4)
            continue;
        float sign = m->norm.scale[first + c] < 0 ? -1 : 1, *to = b->w + b->n * terms;
        b->to[b->n++] = first + c;
        for (size_t t = 0; t < b->time; t++)
            for (size_t q = 0; q < b->bands; q++)
                to[q * b->time + t] = sign * w[(t * b->bands + q) * n + c];
    }
}

static float relu(float x)
{
    return x > 0 ? x : 0;
}

static float after(const struct musicnn *m, size_t c, float x)
{
    return relu(x + m->bias[c]) * m->norm.scale[c] + m->norm.shift[c];
}

static bool get_front(const struct source *s, struct musicnn *m)
{
    const float *w[MUSICNN_FRONTS], *bias[MUSICNN_FRONTS];
    size_t n[MUSICNN_FRONTS], at = 0;
    for (size_t i = 0; i < MUSICNN_FRONTS; i++) {
        size_t shape[4] = { spans[i][0], spans[i][1], 1, 0 };
        if (!(w[i] = get(s, "conv2d", i, "kernel", 4, shape)) || !(bias[i] = get(s, "conv2d", i, "bias", 1, shape + 3)))
            return false;
        m->front += n[i] = shape[3];
    }
    m->bias = mem_new(m->front, sizeof *m->bias);
    m->constant = mem_new(m->front, sizeof *m->constant);
    m->at = mem_new(m->front, sizeof *m->at);
    m->norm.scale = mem_new(m->front, sizeof *m->norm.scale);
    m->norm.shift = mem_new(m->front, sizeof *m->norm.shift);
    for (size_t i = 0; i < MUSICNN_FRONTS; at += n[i++]) {
        struct norm own = { NULL, NULL };
        bool good = get_norm(s, i + 1, n[i], &own);
        if (good) {
            memcpy(m->norm.scale + at, own.scale, n[i] * sizeof *own.scale);
            memcpy(m->norm.shift + at, own.shift, n[i] * sizeof *own.shift);
            memcpy(m->bias + at, bias[i], n[i] * sizeof *m->bias);
            m->banks[i] = (struct bank){ .time = spans[i][0], .bands = spans[i][1] };
            bank_set(m->banks + i, m, w[i], n[i], at);
        }
        free(own.scale);
        free(own.shift);
        if (!good)
            return false;
    }
    for (size_t c = 0; c < m->front; c++)
        m->constant[c] = after(m, c, 0);
    for (size_t b = 0; b < MUSICNN_FRONTS; b++)
        for (size_t i = 0; i < m->banks[b].n; i++)
            m->at[m->live++] = m->banks[b].to[i];
    return true;
}

/* Layer k of 7 frames, of `in` channels, into panels; the first one with the constants as its last channel. */
static bool get_mid(const struct source *s, struct musicnn *m, size_t k)
{
    size_t all = k ? m->mid : m->front, in = k ? m->mid : m->live + 1, shape[4] = { TAPS, all, 1, k ? m->mid : 0 };
    const float *w = get(s, "conv2d", k + 5, "kernel", 4, shape), *bias = NULL;
    size_t n = shape[3];
    if (!w || !(bias = get(s, "conv2d", k + 5, "bias", 1, &n)) || !get_norm(s, k + 6, n, &m->mids[k].norm))
        return false;
    m->mid = n;
    m->mids[k].in = in;
    m->mids[k].bias = copy(bias, n);
    float *to = m->mids[k].w = mem_zero(mem_mul((n + GEMM_COLS - 1) / GEMM_COLS, TAPS * in * GEMM_COLS), sizeof *to);
    bool *live = mem_zero(all, sizeof *live);
    for (size_t i = 0; i < m->live && !k; i++)
        live[m->at[i]] = true;
    for (size_t o = 0; o < n; o++) {
        float *panel = to + o / GEMM_COLS * TAPS * in * GEMM_COLS + o % GEMM_COLS;
        for (size_t tap = 0; tap < TAPS; tap++) {
            const float *from = w + tap * all * n + o;
            double constant = 0;
            for (size_t c = 0; c < all; c++)
                constant += live[c] ? 0 : (double)from[c * n] * (double)(k ? 0 : m->constant[c]);
            for (size_t i = 0; i < in; i++)
                panel[(tap * in + i) * GEMM_COLS] = k ? from[i * n] : i < m->live ? from[m->at[i] * n] : (float)constant;
        }
    }
    free(live);
    return true;
}

static bool get_dense(const struct source *s, struct musicnn *m)
{
    m->pooled = m->front + MIDS * m->mid;
    size_t shape[2] = { 2 * m->pooled, 0 }, last[2] = { 0, 0 };
    const float *w, *b, *v, *c;
    if (!(w = get(s, "dense", 0, "kernel", 2, shape)) || !(b = get(s, "dense", 0, "bias", 1, shape + 1)))
        return false;
    last[0] = m->hidden = shape[1];
    if (!(v = get(s, "dense", 1, "kernel", 2, last)) || !(c = get(s, "dense", 1, "bias", 1, last + 1)))
        return false;
    m->tags = last[1];
    m->dense = copy(w, 2 * m->pooled * m->hidden);
    m->dense_bias = copy(b, m->hidden);
    m->last = copy(v, m->hidden * m->tags);
    m->last_bias = copy(c, m->tags);
    return get_norm(s, 9, 2 * m->pooled, &m->in) && get_norm(s, 10, m->hidden, &m->out);
}

struct musicnn *musicnn_new(musicnn_find *find, void *state)
{
    struct source s = { find, state };
    struct musicnn *m = mem_zero(1, sizeof *m);
    struct norm input = { NULL, NULL };
    bool good = get_norm(&s, 0, 1, &input);
    if (good) {
        m->scale = *input.scale;
        m->shift = *input.shift;
    }
    free(input.scale);
    free(input.shift);
    good = good && get_front(&s, m);
    for (size_t k = 0; k < MIDS; k++)
        good = good && get_mid(&s, m, k);
    if (good && get_dense(&s, m))
        return m;
    musicnn_free(m);
    return NULL;
}

static void norm_free(struct norm *n)
{
    free(n->scale);
    free(n->shift);
}

void musicnn_free(struct musicnn *m)
{
    if (!m)
        return;
    for (size_t b = 0; b < MUSICNN_FRONTS; b++) {
        free(m->banks[b].to);
        free(m->banks[b].w);
    }
    for (size_t k = 0; k < MIDS; k++) {
        free(m->mids[k].w);
        free(m->mids[k].bias);
        norm_free(&m->mids[k].norm);
    }
    norm_free(&m->norm);
    norm_free(&m->in);
    norm_free(&m->out);
    free(m->bias);
    free(m->constant);
    free(m->at);
    free(m->dense);
    free(m->dense_bias);
    free(m->last);
    free(m->last_bias);
    free(m);
}

size_t musicnn_width(const struct musicnn *m, enum musicnn_layer layer)
{
    switch (layer) {
    case MUSICNN_FRONT: return m->front;
    case MUSICNN_CNN1: case MUSICNN_CNN2: case MUSICNN_CNN3: return m->mid;
    case MUSICNN_MAX: case MUSICNN_MEAN: return m->pooled;
    case MUSICNN_PENULTIMATE: return m->hidden;
    default: return m->tags;
    }
}

size_t musicnn_live(const struct musicnn *m)
{
    return m->live;
}

/* ---- a patch ---- */

struct musicnn_room *musicnn_room_new(const struct musicnn *m)
{
    struct musicnn_room *r = mem_zero(1, sizeof *r);
    size_t most = 1;
    for (size_t b = 0; b < MUSICNN_FRONTS; b++)
        most = m->banks[b].n > most ? m->banks[b].n : most;
    r->m = m;
    r->turned = mem_zero(BANDS * LINE, sizeof *r->turned);
    r->strip = mem_new(BANDS * TAPS * COLS, sizeof *r->strip);
    r->product = mem_new(most * COLS, sizeof *r->product);
    r->top = mem_new(most * COLS, sizeof *r->top);
    r->sum = mem_new(m->pooled, sizeof *r->sum);
    r->live = mem_zero((T + 2 * PAD) * (m->live + 1), sizeof *r->live);
    r->pooled = mem_new(2 * m->pooled, sizeof *r->pooled);
    for (int i = 0; i < 2; i++)
        r->padded[i] = mem_zero((T + 2 * PAD) * m->mid, sizeof *r->padded[i]);
    for (int i = 0; i < MUSICNN_LAYERS; i++)
        r->layer[i] = mem_new((i <= MUSICNN_CNN3 ? T : 1) * musicnn_width(m, (enum musicnn_layer)i), sizeof *r->layer[i]);
    for (size_t t = 0; t < T; t++) {
        memcpy(r->layer[MUSICNN_FRONT] + t * m->front, m->constant, m->front * sizeof *m->constant);
        r->live[(t + PAD) * (m->live + 1) + m->live] = 1;
    }
    return r;
}

void musicnn_room_free(struct musicnn_room *r)
{
    if (!r)
        return;
    for (int i = 0; i < MUSICNN_LAYERS; i++)
        free(r->layer[i]);
    free(r->padded[0]);
    free(r->padded[1]);
    free(r->turned);
    free(r->strip);
    free(r->product);
    free(r->top);
    free(r->sum);
    free(r->live);
    free(r->pooled);
    free(r);
}

/* Frames t ... t + COLS - 1 of a bank, for gemm_panel: a row for each weight. A bank of one band reads its line, whose rows
 * overlap; for the others each tap's frames are laid out, from which all places among the bands read. */
static void run_block(const struct musicnn *m, const struct bank *b, size_t t, struct musicnn_room *r)
{
    size_t n = b->n * COLS, frames = T - t < COLS ? T - t : COLS;
    const float *from = r->turned + BEFORE - (b->time - 1) / 2 + t;
    for (size_t q = 0; b->bands > 1 && q < BANDS; q++)
        for (size_t tap = 0; tap < b->time; tap++)
            memcpy(r->strip + (q * b->time + tap) * COLS, from + q * LINE + tap, COLS * sizeof *from);
    for (size_t i = 0; i < n; i++)
        r->top[i] = -FLT_MAX;
    for (size_t q = 0; q + b->bands <= BANDS; q++) {
        bool one = b->bands == 1;
        gemm_panel(b->n, b->time * b->bands, b->w, b->time * b->bands, 1, one ? from + q * LINE : r->strip + q * b->time * COLS,
                   one ? 1 : COLS, r->product, COLS, COLS, false, false);
        for (size_t i = 0; i < n; i++)
            r->top[i] = r->product[i] > r->top[i] ? r->product[i] : r->top[i];
    }
    for (size_t i = 0; i < b->n; i++) {
        size_t c = b->to[i];
        float sign = m->norm.scale[c] < 0 ? -1 : 1, *to = r->layer[MUSICNN_FRONT] + t * m->front + c;
        for (size_t k = 0; k < frames; k++)
            to[k * m->front] = after(m, c, sign * r->top[i * COLS + k]);
    }
}

/* Layer k of 7 frames: of its input with zeros around to layer[CNN1 + k]. */
static void run_mid(const struct musicnn *m, size_t k, struct musicnn_room *r)
{
    size_t in = m->mids[k].in, n = m->mid;
    const float *x = k ? r->padded[k - 1] : r->live;
    float *y = r->layer[MUSICNN_CNN1 + k];
    for (size_t o = 0; o < n; o += GEMM_COLS)
        gemm_panel(T, TAPS * in, x, in, 1, m->mids[k].w + o * TAPS * in, GEMM_COLS, y + o, n,
                   n - o < GEMM_COLS ? n - o : GEMM_COLS, false, false);
    for (size_t t = 0; t < T; t++)
        for (size_t o = 0; o < n; o++) {
            float v = relu(y[t * n + o] + m->mids[k].bias[o]) * m->mids[k].norm.scale[o] + m->mids[k].norm.shift[o];
            y[t * n + o] = k ? v + x[(t + PAD) * n + o] : v;
        }
    if (k < 2)
        memcpy(r->padded[k] + PAD * n, y, T * n * sizeof *y);
}

/* Maxima and means over time of all layers up to cnn3. */
static void pool(const struct musicnn *m, struct musicnn_room *r)
{
    float *most = r->layer[MUSICNN_MAX], *mean = r->layer[MUSICNN_MEAN];
    double *sum = r->sum;
    for (int k = MUSICNN_FRONT; k <= MUSICNN_CNN3; k++) {
        size_t n = musicnn_width(m, (enum musicnn_layer)k);
        const float *y = r->layer[k];
        memcpy(most, y, n * sizeof *most);
        memset(sum, 0, n * sizeof *sum);
        for (size_t t = 0; t < T; t++, y += n)
            for (size_t c = 0; c < n; c++) {
                sum[c] += (double)y[c];
                most[c] = y[c] > most[c] ? y[c] : most[c];
            }
        for (size_t c = 0; c < n; c++)
            mean[c] = (float)(sum[c] / T);
        most += n;
        mean += n;
    }
}

/* y[n] = x[k] w[k][n] + bias. */
static void dense(size_t k, size_t n, const float *x, const float *w, const float *bias, float *y)
{
    memcpy(y, bias, n * sizeof *y);
    for (size_t i = 0; i < k; i++)
        for (size_t o = 0; o < n; o++)
            y[o] += x[i] * w[i * n + o];
}

void musicnn_run(const struct musicnn *m, struct musicnn_room *r, const float *x)
{
    for (size_t t = 0; t < T; t++)
        for (size_t b = 0; b < BANDS; b++)
            r->turned[b * LINE + BEFORE + t] = x[t * BANDS + b] * m->scale + m->shift;
    for (size_t b = 0; b < MUSICNN_FRONTS; b++)
        for (size_t t = 0; t < T; t += COLS)
            run_block(m, m->banks + b, t, r);
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < m->live; i++)
            r->live[(t + PAD) * (m->live + 1) + i] = r->layer[MUSICNN_FRONT][t * m->front + m->at[i]];
    for (size_t k = 0; k < MIDS; k++)
        run_mid(m, k, r);
    pool(m, r);
    for (size_t i = 0; i < 2 * m->pooled; i++) {
        float v = r->layer[i % 2 ? MUSICNN_MEAN : MUSICNN_MAX][i / 2];
        r->pooled[i] = v * m->in.scale[i] + m->in.shift[i];
    }
    float *h = r->layer[MUSICNN_PENULTIMATE];
    dense(2 * m->pooled, m->hidden, r->pooled, m->dense, m->dense_bias, h);
    for (size_t i = 0; i < m->hidden; i++)
        h[i] = relu(h[i]) * m->out.scale[i] + m->out.shift[i];
    dense(m->hidden, m->tags, h, m->last, m->last_bias, r->layer[MUSICNN_LOGITS]);
}

const float *musicnn_at(const struct musicnn_room *r, enum musicnn_layer layer)
{
    return r->layer[layer];
}
