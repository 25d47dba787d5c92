/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/conv.h"

#include <string.h>

#include "nn/gemm.h"

enum { COLS = GEMM_COLS, DEPTH = GEMM_DEPTH };
enum { CONV_SLACK = 4 };     /* floats behind an array that whole vectors may reach */

size_t conv_size(size_t n, size_t kernel, size_t stride, size_t pad)
{
    return n + 2 * pad < kernel ? 0 : (n + 2 * pad - kernel) / stride + 1;
}

/* ---- images with a border of zeros, so that gathering needs no checks ---- */

struct padded { size_t h, w, before; float *p; };      /* p[channels][h][w] */

/* Copy x[channels][h][w] into the padded image, whose borders become 0. */
static void pad(const struct padded *to, const float *x, size_t channels, size_t h, size_t w)
{
    for (size_t c = 0; c < channels; c++) {
        float *plane = to->p + c * to->h * to->w;
        memset(plane, 0, to->before * to->w * sizeof *plane);
        memset(plane + (to->before + h) * to->w, 0, (to->h - h - to->before) * to->w * sizeof *plane);
        for (size_t y = 0; y < h; y++) {
            float *row = plane + (to->before + y) * to->w;
            memset(row, 0, to->before * sizeof *row);
            memcpy(row + to->before, x + (c * h + y) * w, w * sizeof *row);
            memset(row + to->before + w, 0, (to->w - w - to->before) * sizeof *row);
        }
    }
}

/* The padded big image: as many rows and columns as the patches reach. */
static struct padded big(const struct conv *c, float *at)
{
    size_t h = c->h + 2 * c->pad, w = c->w + 2 * c->pad;
    size_t reach_h = (c->oh - 1) * c->stride + c->kernel, reach_w = (c->ow - 1) * c->stride + c->kernel;
    return (struct padded){ h > reach_h ? h : reach_h, w > reach_w ? w : reach_w, c->pad, at };
}

/* The padded small image: conv_up looks up to kernel - 1 before it, and behind it as far as
 * weights reach the big side's last row and column, rounded up to whole strides. */
static struct padded small(const struct conv *c, float *at)
{
    size_t b = c->kernel - 1, reach_h = (c->h + c->stride - 2 + c->pad) / c->stride + 1;
    size_t reach_w = (c->w + c->stride - 2 + c->pad) / c->stride + 1;
    return (struct padded){ b + (reach_h > c->oh ? reach_h : c->oh), b + (reach_w > c->ow ? reach_w : c->ow), b, at };
}

size_t conv_scratch(const struct conv *c)
{
    struct padded b = big(c, NULL), s = small(c, NULL);
    size_t down = c->in * b.h * b.w + CONV_SLACK;
    size_t up = c->stride * c->in * COLS + c->out * s.h * s.w;
    return DEPTH * COLS + CONV_SLACK + (down > up ? down : up);
}

/* A place in a kernel, as the shift in the padded image that it looks at. */
struct tap { size_t dy, dx; };

/* Pixels that lie in one row of an image: where the first one is, where it goes, how many. */
struct run { size_t from, to, n; };

/* Cut `count` pixels, from number `first` on, of a grid with `grid_w` columns into runs. Pixel
 * (v, u) looks at row v step, column u step of the image. Returns how many runs there are. */
static size_t runs_of(const struct padded *image, size_t step, size_t first, size_t count, size_t grid_w,
                      struct run runs[COLS])
{
    size_t n = 0;
    for (size_t done = 0, v = first / grid_w, u = first % grid_w; done < count; v++, u = 0) {
        size_t run = grid_w - u < count - done ? grid_w - u : count - done;
        runs[n++] = (struct run){ v * step * image->w + u * step, done, run };
        done += run;
    }
    return n;
}

/* Every `step`-th of the n floats of a run. */
static inline void copy_run(const float *from, float *to, size_t n, size_t step)
{
    if (step == 2)
        for (size_t i = 0; i < n; i++)
            to[i] = from[2 * i];
    else
        for (size_t i = 0; i < n; i++)
            to[i] = from[i * step];
}

/* Gather the runs' pixels of each tap of each channel: to[k][COLS], k = from ... upto - 1
 * counting taps within channels. Columns that no run fills are 0. */
static void gather(const struct padded *image, const struct tap *taps, size_t n_taps, size_t from, size_t upto,
                   size_t step, const struct run *runs, size_t n_runs, float *to)
{
    size_t channel = from / n_taps, tap = from % n_taps, last = runs[n_runs - 1].to + runs[n_runs - 1].n;
    for (size_t k = from; k < upto; k++, to += COLS) {
        const float *plane = image->p + channel * image->h * image->w + taps[tap].dy * image->w + taps[tap].dx;
        for (size_t r = 0; r < n_runs; r++) {
            const float *at = plane + runs[r].from;
            if (runs[r].n == COLS && step == 1)         /* lengths known to the compiler are fast */
                memcpy(to, at, COLS * sizeof *to);
            else if (runs[r].n == COLS / 2 && step == 1)
                memcpy(to + runs[r].to, at, COLS / 2 * sizeof *to);
            else if (runs[r].n == COLS)
                copy_run(at, to, COLS, step);
            else if (runs[r].n == COLS / 2)
                copy_run(at, to + runs[r].to, COLS / 2, step);
            else
                copy_run(at, to + runs[r].to, runs[r].n, step);
        }
        if (last < COLS)
            memset(to + last, 0, (COLS - last) * sizeof *to);
        if (++tap == n_taps) {
            tap = 0;
            channel++;
        }
    }
}

/* ---- the three products ---- */

void conv_down(const struct conv *c, const float *weight, const float *bias, const float *x, float *y, size_t n,
               float *scratch)
{
    size_t pixels = c->oh * c->ow, depth = c->in * c->kernel * c->kernel, n_taps = 0;
    struct tap taps[CONV_KERNEL * CONV_KERNEL];
    for (size_t i = 0; i < c->kernel; i++)
        for (size_t j = 0; j < c->kernel; j++)
            taps[n_taps++] = (struct tap){ i, j };
    float *panel = scratch;
    struct padded image = big(c, panel + DEPTH * COLS);
    struct run runs[COLS];
    for (; n; n--, x += c->in * c->h * c->w, y += c->out * pixels) {
        pad(&image, x, c->in, c->h, c->w);
        for (size_t o = 0; o < c->out; o++)
            for (size_t q = 0; q < pixels; q++)
                y[o * pixels + q] = bias ? bias[o] : 0;
        for (size_t q = 0; q < pixels; q += COLS) {
            size_t cols = pixels - q < COLS ? pixels - q : COLS, n_runs = runs_of(&image, c->stride, q, cols, c->ow, runs);
            for (size_t k = 0; k < depth; k += DEPTH) {
                size_t upto = depth - k < DEPTH ? depth : k + DEPTH;
                gather(&image, taps, n_taps, k, upto, c->stride, runs, n_runs, panel);
                gemm_panel(c->out, upto - k, weight + k, depth, 1, panel, COLS, y + q, pixels, cols, true);
            }
        }
    }
}

/* The weights that reach the pixels (py + s v, px + s u) of the big side. */
struct phase {
    size_t n_taps;
    struct tap taps[CONV_KERNEL * CONV_KERNEL];
    size_t at[CONV_KERNEL * CONV_KERNEL];       /* their numbers in the kernel */
};

/* Weight (i, j) reaches a big row y from the small row (y + pad - i) / s where that is whole. */
static struct phase phase(const struct conv *c, const struct padded *image, size_t py, size_t px)
{
    size_t s = c->stride, far = s * c->kernel;
    struct phase ph = { .n_taps = 0 };
    for (size_t i = 0; i < c->kernel; i++)
        for (size_t j = 0; j < c->kernel; j++) {
            size_t y = far + py + c->pad - i, x = far + px + c->pad - j;
            if (y % s || x % s)
                continue;
            ph.at[ph.n_taps] = i * c->kernel + j;
            ph.taps[ph.n_taps++] = (struct tap){ y / s - c->kernel + image->before, x / s - c->kernel + image->before };
        }
    return ph;
}

void conv_turn(const struct conv *c, const float *weight, float *turned)
{
    struct padded image = small(c, NULL);
    size_t kk = c->kernel * c->kernel;
    for (size_t py = 0; py < c->stride && py < c->h; py++)
        for (size_t px = 0; px < c->stride; px++) {
            struct phase ph = phase(c, &image, py, px);
            for (size_t o = 0; o < c->out; o++)
                for (size_t t = 0; t < ph.n_taps; t++)
                    for (size_t i = 0; i < c->in; i++)
                        *turned++ = weight[(o * c->in + i) * kk + ph.at[t]];
        }
}

/* Columns px, px + s, ... of a run of pixels that lie together in x, from tiles[px][in][COLS]. */
static void spread(const struct conv *c, const float *tiles, size_t run, size_t room, float *to)
{
    size_t s = c->stride, plane = c->h * c->w, whole = run < room / s ? run : room / s;
    for (size_t i = 0; i < c->in; i++, to += plane, tiles += COLS) {
        const float *even = tiles, *odd = tiles + c->in * COLS;
        if (s == 2)
            for (size_t r = 0; r < whole; r++) {
                to[2 * r] = even[r];
                to[2 * r + 1] = odd[r];
            }
        for (size_t r = s == 2 ? whole : 0; r < run; r++)
            for (size_t px = 0; px < s && r * s + px < room; px++)
                to[r * s + px] = tiles[px * c->in * COLS + r];
    }
}

/* One image: the rows py, py + s, ... of x. `kernel` goes on to the next phase's. */
static const float *rows_up(const struct conv *c, const struct padded *image, size_t py, const float *kernel,
                            const float *bias, float *x, float *panel, float *tiles)
{
    size_t s = c->stride, grid_h = (c->h - py + s - 1) / s, grid_w = (c->w + s - 1) / s, pixels = grid_h * grid_w, size = 0;
    struct phase ph[CONV_STRIDE];
    struct run runs[COLS];
    for (size_t px = 0; px < s; px++) {
        ph[px] = phase(c, image, py, px);
        size += c->out * ph[px].n_taps * c->in;
    }
    for (size_t q = 0; q < pixels; q += COLS) {
        size_t cols = pixels - q < COLS ? pixels - q : COLS, n_runs = runs_of(image, 1, q, cols, grid_w, runs);
        const float *weight = kernel;
        for (size_t px = 0; px < s; px++) {
            size_t depth = c->out * ph[px].n_taps;
            float *tile = tiles + px * c->in * COLS;
            for (size_t i = 0; i < c->in * COLS; i++)
                tile[i] = bias ? bias[i / COLS] : 0;
            for (size_t k = 0; k < depth; k += DEPTH) {
                size_t upto = depth - k < DEPTH ? depth : k + DEPTH;
                gather(image, ph[px].taps, ph[px].n_taps, k, upto, 1, runs, n_runs, panel);
                gemm_panel(c->in, upto - k, weight + k * c->in, 1, c->in, panel, COLS, tile, COLS, COLS, true);
            }
            weight += depth * c->in;
        }
        for (size_t r = 0; r < n_runs; r++) {
            size_t v = (q + runs[r].to) / grid_w, u = (q + runs[r].to) % grid_w;
            spread(c, tiles + runs[r].to, runs[r].n, c->w - s * u, x + (py + s * v) * c->w + s * u);
        }
    }
    return kernel + size;
}

void conv_up(const struct conv *c, const float *turned, const float *bias, const float *y, float *x, size_t n,
             float *scratch)
{
    float *panel = scratch, *tiles = panel + DEPTH * COLS;
    struct padded image = small(c, tiles + c->stride * c->in * COLS);
    for (; n; n--, y += c->out * c->oh * c->ow, x += c->in * c->h * c->w) {
        const float *kernel = turned;
        pad(&image, y, c->out, c->oh, c->ow);
        for (size_t py = 0; py < c->stride && py < c->h; py++)
            kernel = rows_up(c, &image, py, kernel, bias, x, panel, tiles);
    }
}

size_t conv_panels(const struct conv *c)
{
    return (c->in * c->kernel * c->kernel + COLS - 1) / COLS;
}

void conv_weight(const struct conv *c, const float *x, const float *y, float *dw, size_t n, size_t panel,
                 float *scratch)
{
    size_t kk = c->kernel * c->kernel, depth = c->in * kk, pixels = c->oh * c->ow;
    size_t first = panel * COLS, cols = depth - first < COLS ? depth - first : COLS;
    size_t channel = first / kk, channels = (first + cols - 1) / kk - channel + 1;
    float *patches = scratch;                       /* [pixels][COLS]: the panel's columns of each patch */
    struct padded image = big(c, patches + DEPTH * COLS + CONV_SLACK);
    struct run runs[COLS];                          /* those columns that are neighbours in the image */
    size_t n_runs = 0;
    for (size_t k = 0; k < cols; ) {
        size_t tap = (first + k) % kk, i = tap / c->kernel, j = tap % c->kernel;
        size_t run = c->kernel - j < cols - k ? c->kernel - j : cols - k;
        runs[n_runs].from = (((first + k) / kk - channel) * image.h + i) * image.w + j;
        runs[n_runs].to = k;
        runs[n_runs++].n = run;
        k += run;
    }
    memset(patches, 0, (DEPTH * COLS + CONV_SLACK) * sizeof *patches);
    for (size_t b = 0; b < n; b++, x += c->in * c->h * c->w, y += c->out * pixels) {
        pad(&image, x + channel * c->h * c->w, channels, c->h, c->w);
        for (size_t q = 0; q < pixels; q += DEPTH) {
            size_t count = pixels - q < DEPTH ? pixels - q : DEPTH, v = q / c->ow, u = q % c->ow;
            for (float *to = patches; to < patches + count * COLS; to += COLS) {
                const float *corner = image.p + v * c->stride * image.w + u * c->stride;
                for (size_t r = 0; r < n_runs; r++)
                    if (c->kernel <= 4)             /* what is too much is written over by the next */
                        memcpy(to + runs[r].to, corner + runs[r].from, 4 * sizeof *to);
                    else
                        memcpy(to + runs[r].to, corner + runs[r].from, runs[r].n * sizeof *to);
                if (++u == c->ow) {
                    u = 0;
                    v++;
                }
            }
            gemm_panel(c->out, count, y + q, pixels, 1, patches, COLS, dw + first, depth, cols, b > 0 || q > 0);
        }
    }
}

void conv_bias(const float *dy, size_t channels, size_t pixels, size_t n, float *db)
{
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;
        for (size_t b = 0; b < n; b++) {
            double part[8] = { 0 };
            const float *p = dy + (b * channels + c) * pixels;
            size_t i = 0;
            for (; i + 8 <= pixels; i += 8)
                for (size_t j = 0; j < 8; j++)
                    part[j] += (double)p[i + j];
            for (; i < pixels; i++)
                part[0] += (double)p[i];
            for (size_t j = 0; j < 8; j++)
                sum += part[j];
        }
        db[c] = (float)sum;
    }
}
