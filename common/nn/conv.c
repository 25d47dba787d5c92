/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/conv.h"

#include <string.h>

#include "math/gemm.h"
#include "nn/tiles.h"

enum { COLS = GEMM_COLS };

size_t conv_size(size_t n, size_t kernel, size_t stride, size_t pad)
{
    return n + 2 * pad < kernel ? 0 : (n + 2 * pad - kernel) / stride + 1;
}

static size_t panels(size_t columns) { return (columns + COLS - 1) / COLS; }
static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* ---- the big image with a border of zeros, so that patches need no checks ---- */

/* Its rows and columns: as many as the patches reach, or more where the stride leaves some. */
static size_t padded_h(const struct conv *c)
{
    size_t all = c->h + 2 * c->pad, reach = (c->oh - 1) * c->stride + c->kernel;
    return all > reach ? all : reach;
}

static size_t padded_w(const struct conv *c)
{
    size_t all = c->w + 2 * c->pad, reach = (c->ow - 1) * c->stride + c->kernel;
    return all > reach ? all : reach;
}

static void pad(const struct conv *c, const float *x, float *to)
{
    size_t row = padded_w(c) * c->in, left = c->pad * c->in, mid = c->w * c->in, top = c->pad * row;
    memset(to, 0, top * sizeof *to);
    to += top;
    for (size_t y = 0; y < c->h; y++, to += row) {
        memset(to, 0, left * sizeof *to);
        memcpy(to + left, x + y * mid, mid * sizeof *to);
        memset(to + left + mid, 0, (row - left - mid) * sizeof *to);
    }
    memset(to, 0, (padded_h(c) - c->pad - c->h) * row * sizeof *to);
}

/* ---- the plain products ---- */

size_t conv_scratch(const struct conv *c)
{
    if (tiles_fit(c))
        return tiles_scratch(c);
    size_t kk = c->kernel * c->kernel * c->in, image = padded_h(c) * padded_w(c) * c->in;
    size_t up = c->ow * panels(kk) * COLS, weight = (c->ow + kk) * COLS;
    return image + (up > weight ? up : weight);
}

/* For conv_down [panel of out][kernel][kernel][in][COLS], for conv_up
 * [panel of kernel kernel in][out][COLS]. */
size_t conv_packed(const struct conv *c, bool up)
{
    size_t kk = c->kernel * c->kernel * c->in;
    return tiles_fit(c) ? tiles_packed(c, up) : (up ? panels(kk) * c->out : panels(c->out) * kk) * COLS;
}

void conv_pack(const struct conv *c, bool up, const float *weight, float *packed, size_t part)
{
    if (tiles_fit(c)) {
        tiles_pack(c, up, weight, packed, part);
        return;
    }
    size_t taps = c->kernel * c->kernel, kk = taps * c->in;
    for (size_t o = part; o < c->out; o += CONV_PARTS)
        for (size_t i = 0; i < c->in; i++)
            for (size_t t = 0; t < taps; t++) {
                size_t k = t * c->in + i, down_at = (o / COLS * kk + k) * COLS + o % COLS;
                packed[up ? (k / COLS * c->out + o) * COLS + k % COLS : down_at] = weight[(o * c->in + i) * taps + t];
            }
}

void conv_down(const struct conv *c, const float *packed, const float *bias, const float *x, float *y, size_t n,
               float *scratch)
{
    if (tiles_fit(c)) {
        tiles_down(c, packed, bias, x, y, n, scratch);
        return;
    }
    size_t run = c->kernel * c->in, row = padded_w(c) * c->in;
    for (; n; n--, x += c->h * c->w * c->in) {
        pad(c, x, scratch);
        for (size_t v = 0; v < c->oh; v++, y += c->ow * c->out) {
            for (size_t u = 0; u < c->ow; u++)
                for (size_t o = 0; o < c->out; o++)
                    y[u * c->out + o] = bias ? bias[o] : 0;
            for (size_t o = 0; o < c->out; o += COLS)
                for (size_t i = 0; i < c->kernel; i++)
                    gemm_panel(c->ow, run, scratch + (v * c->stride + i) * row, c->stride * c->in, 1,
                               packed + (o * c->kernel + i * COLS) * run, COLS, y + o, c->out, least(c->out - o, COLS),
                               true, false);
        }
    }
}

/* Each pixel of y gives a patch; they are added up where they overlap. */
void conv_up(const struct conv *c, const float *packed, const float *bias, const float *y, float *x, size_t n,
             float *scratch)
{
    if (tiles_fit(c)) {
        tiles_up(c, packed, bias, y, x, n, scratch);
        return;
    }
    size_t run = c->kernel * c->in, kk = c->kernel * run, wide = panels(kk) * COLS, row = padded_w(c) * c->in;
    size_t size = padded_h(c) * row, apart = (c->kernel + c->stride - 1) / c->stride;
    float *patches = scratch + size;
    for (; n; n--) {
        memset(scratch, 0, size * sizeof *scratch);
        for (size_t v = 0; v < c->oh; v++, y += c->ow * c->out) {
            for (size_t k = 0; k < kk; k += COLS)
                gemm_panel(c->ow, c->out, y, c->out, 1, packed + k * c->out, COLS, patches + k, wide, COLS, false, false);
            for (size_t i = 0; i < c->kernel; i++)
                for (size_t first = 0; first < apart; first++)          /* of neighbours, one waits for the other */
                    for (size_t u = first; u < c->ow; u += apart) {
                        float *to = scratch + (v * c->stride + i) * row + u * c->stride * c->in;
                        const float *from = patches + u * wide + i * run;
                        for (size_t k = 0; k < run; k++)
                            to[k] += from[k];
                    }
        }
        for (size_t v = 0; v < c->h; v++) {
            const float *from = scratch + (v + c->pad) * row + c->pad * c->in;
            for (size_t u = 0; u < c->w; u++, x += c->in, from += c->in)
                for (size_t i = 0; i < c->in; i++)
                    x[i] = from[i] + (bias ? bias[i] : 0);
        }
    }
}

/* A slice is a row of the kernel, or all of a small kernel, for a panel of out. */
static size_t rows_of(const struct conv *c) { return c->kernel * c->in < COLS ? c->kernel : 1; }

size_t conv_slices(const struct conv *c)
{
    return tiles_fit(c) ? tiles_slices(c) : c->kernel / rows_of(c) * panels(c->out);
}

size_t conv_sums(const struct conv *c)
{
    return tiles_fit(c) ? tiles_sums(c) : rows_of(c) * c->kernel * c->in * COLS;
}

double conv_cost(const struct conv *c)
{
    double plain = (double)(c->kernel * c->kernel * c->in * c->out) * (double)(c->oh * c->ow);
    return tiles_fit(c) ? 0.4 * plain : plain;
}

void conv_weight(const struct conv *c, const float *x, const float *y, float *dw, size_t n, size_t slice,
                 float *scratch, float *sums)
{
    if (tiles_fit(c)) {
        tiles_weight(c, x, y, dw, n, slice, scratch, sums);
        return;
    }
    size_t run = c->kernel * c->in, row = padded_w(c) * c->in, rows = rows_of(c), taps = c->kernel * c->kernel;
    size_t i = slice % (c->kernel / rows) * rows, o = slice / (c->kernel / rows) * COLS, cols = least(c->out - o, COLS);
    float *part = scratch + padded_h(c) * row;          /* [ow][COLS]; sums[rows][kernel][in][COLS] */
    memset(part, 0, (c->ow + (sums ? 0 : rows * run)) * COLS * sizeof *part);
    sums = sums ? sums : part + c->ow * COLS;
    for (; n; n--, x += c->h * c->w * c->in) {
        pad(c, x, scratch);
        for (size_t v = 0; v < c->oh; v++, y += c->ow * c->out) {
            bool whole = cols == COLS;          /* else the product would read too far */
            for (size_t u = 0; !whole && u < c->ow; u++)
                memcpy(part + u * COLS, y + u * c->out + o, cols * sizeof *y);
            for (size_t k = 0; k < rows; k++)
                gemm_panel(run, c->ow, scratch + (v * c->stride + i + k) * row, 1, c->stride * c->in, whole ? y + o : part,
                           whole ? c->out : COLS, sums + k * run * COLS, COLS, COLS, true, false);
        }
    }
    for (size_t k = 0; dw && k < rows * run; k++)
        for (size_t j = 0; j < cols; j++)
            dw[((o + j) * c->in + k % c->in) * taps + i * c->kernel + k / c->in] = sums[k * COLS + j];
}

void conv_bias(const float *dy, size_t channels, size_t pixels, double *db)
{
    enum { LANES = 32 };        /* sums side by side, so that the compiler may use vectors */
    for (size_t first = 0; first < channels; first += LANES) {
        double sum[LANES] = { 0 };
        size_t n = least(channels - first, LANES);
        const float *p = dy + first;
        for (size_t i = 0; i < pixels; i++, p += channels)
            if (n == LANES)
                for (size_t j = 0; j < LANES; j++)
                    sum[j] += (double)p[j];
            else
                for (size_t j = 0; j < n; j++)
                    sum[j] += (double)p[j];
        for (size_t j = 0; j < n; j++)
            db[first + j] = sum[j];
    }
}
