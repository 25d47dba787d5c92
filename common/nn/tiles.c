/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/tiles.h"

#include <stdint.h>
#include <string.h>

#include "math/gemm.h"

enum { LANES = 16, COLS = GEMM_COLS };
enum { SIDE = 4, POINTS = 5, ALL = POINTS * POINTS };  /* outputs of a tile, and its points, in one dimension */
enum { BLOCK = 64 };            /* tiles of one product */
enum { ODD = 16 };              /* floats more, so that rows and points do not all lie in the same lines of the cache */

typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

/* ---- the transforms, in one dimension: from[k f] to to[k t] ---- */

#define P 0.375f                /* the points are P, -P, Q, -Q and infinity */
#define Q 1.5f
#define P2 (P * P)
#define Q2 (Q * Q)
#define AT_P (1 / (2 * P * (P2 - Q2)))         /* 1 / product of the differences from the other three */
#define AT_Q (1 / (2 * Q * (Q2 - P2)))

#define INLINE static inline __attribute__((always_inline))

/* e = B' d: the polynomial d over the product of all points but one, or but infinity. */
INLINE void b_turned(const vec *d, vec *e, size_t k)
{
    vec even = P * (d[2 * k] - Q2 * d[0]), odd = d[3 * k] - Q2 * d[k];
    e[0] = odd + even;
    e[k] = odd - even;
    even = Q * (d[2 * k] - P2 * d[0]);
    odd = d[3 * k] - P2 * d[k];
    e[2 * k] = odd + even;
    e[3 * k] = odd - even;
    e[4 * k] = d[4 * k] - (P2 + Q2) * d[2 * k] + P2 * Q2 * d[0];
}

/* d = B e */
INLINE void b(const vec *e, vec *d, size_t k)
{
    vec p = e[0] + e[k], q = e[2 * k] + e[3 * k], p_odd = P * (e[0] - e[k]), q_odd = Q * (e[2 * k] - e[3 * k]);
    d[0] = P2 * Q2 * e[4 * k] - Q2 * p_odd - P2 * q_odd;
    d[k] = -Q2 * p - P2 * q;
    d[2 * k] = p_odd + q_odd - (P2 + Q2) * e[4 * k];
    d[3 * k] = p + q;
    d[4 * k] = e[4 * k];
}

/* e = A y: the polynomial y at the points. */
INLINE void a(const vec *y, vec *e, size_t k)
{
    vec even = y[0] + P2 * y[2 * k], odd = P * (y[k] + P2 * y[3 * k]);
    e[0] = even + odd;
    e[k] = even - odd;
    even = y[0] + Q2 * y[2 * k];
    odd = Q * (y[k] + Q2 * y[3 * k]);
    e[2 * k] = even + odd;
    e[3 * k] = even - odd;
    e[4 * k] = y[3 * k];
}

/* y = A' e */
INLINE void a_turned(const vec *e, vec *y, size_t k)
{
    vec p = e[0] + e[k], q = e[2 * k] + e[3 * k], p_odd = P * (e[0] - e[k]), q_odd = Q * (e[2 * k] - e[3 * k]);
    y[0] = p + q;
    y[k] = p_odd + q_odd;
    y[2 * k] = P2 * p + Q2 * q;
    y[3 * k] = P2 * p_odd + Q2 * q_odd + e[4 * k];
}

/* e = G w: the polynomial w at the points, over the differences. */
INLINE void g(const vec *w, vec *e, size_t k)
{
    vec odd = P * w[k];
    e[0] = AT_P * (w[0] + odd);
    e[k] = AT_P * (odd - w[0]);
    odd = Q * w[k];
    e[2 * k] = AT_Q * (w[0] + odd);
    e[3 * k] = AT_Q * (odd - w[0]);
    e[4 * k] = w[k];
}

/* w = G' e */
INLINE void g_turned(const vec *e, vec *w, size_t k)
{
    w[0] = AT_P * (e[0] - e[k]) + AT_Q * (e[2 * k] - e[3 * k]);
    w[k] = P * AT_P * (e[0] + e[k]) + Q * AT_Q * (e[2 * k] + e[3 * k]) + e[4 * k];
}

/* In two: a square of `from` x `from` values, in rows of POINTS, becomes one of `to` x `to`. */
INLINE void both(void (*one)(const vec *, vec *, size_t), size_t from, size_t to, const vec *x, vec *y)
{
    vec half[ALL];
    for (size_t j = 0; j < from; j++)
        one(x + j, half + j, POINTS);           /* columns */
    for (size_t i = 0; i < to; i++)
        one(half + i * POINTS, y + i * POINTS, 1);
}

/* ---- where things lie ---- */

static size_t up_to(size_t n, size_t whole) { return (n + whole - 1) / whole; }
static size_t least(size_t p, size_t q) { return p < q ? p : q; }

/* Points at which a remainder of a row (or column) has a weight: all, but of a single tap not
 * infinity. Those of two taps are the first remainders. */
static size_t own_points(const struct conv *c, size_t remainder)
{
    return remainder < c->kernel - c->stride ? POINTS : SIDE;
}

/* So many remainders have one at a point. */
static size_t reach(const struct conv *c, size_t point)
{
    return point < SIDE ? c->stride : c->kernel - c->stride;
}

/* Whether remainder r of both has one at point k of both. */
static bool has(const struct conv *c, size_t r, size_t k)
{
    return k / POINTS < own_points(c, r / c->stride) && k % POINTS < own_points(c, r % c->stride);
}

static size_t columns(const struct conv *c) { return c->stride * c->stride * c->in; }
static size_t tiles(const struct conv *c) { return up_to(c->oh, SIDE) * up_to(c->ow, SIDE); }

bool tiles_fit(const struct conv *c)
{
    size_t s = c->stride, k = c->kernel, each = SIDE * s + (k - s);
    return s < k && k <= 2 * s && k <= s + 1 + c->pad &&                /* tiles reach all of the big side */
           c->in % LANES == 0 && c->out % LANES == 0 &&
           5 * tiles(c) * each * each < 4 * c->oh * c->ow * k * k;      /* a fifth for the transforms */
}

/* V, M or dU in scratch memory: p[point apart + row ld + column]. */
struct points { size_t ld, apart; float *p; };

static struct points points(size_t rows, size_t width, float **at)
{
    size_t ld = width + ODD;
    struct points v = { ld, rows * ld + ODD, *at };
    if (*at)
        *at += ALL * v.apart;
    return v;
}

/* A slice of the weights: all kernels of so many channels. */
static size_t slice_channels(const struct conv *c) { return c->in % COLS == 0 ? COLS : LANES; }

size_t tiles_slices(const struct conv *c) { return c->in / slice_channels(c); }

size_t tiles_sums(const struct conv *c)
{
    return ALL * points(c->stride * c->stride * slice_channels(c), c->out, &(float *){ NULL }).apart;
}

size_t tiles_scratch(const struct conv *c)
{
    float *none = NULL;
    size_t slice = c->stride * c->stride * slice_channels(c);
    size_t products = points(BLOCK, columns(c), &none).apart + points(BLOCK, c->out, &none).apart;
    size_t weight = points(BLOCK, slice, &none).apart + points(BLOCK, c->out, &none).apart + points(slice, c->out, &none).apart;
    return c->in + ALL * (products > weight ? products : weight) + COLS;
}

/* A tile's place: its image, and the first row and column of its outputs. */
struct place { size_t image, v, u; };

static struct place place(const struct conv *c, size_t tile)
{
    size_t wide = up_to(c->ow, SIDE), each = tiles(c);
    return (struct place){ tile / each, tile % each / wide * SIDE, tile % wide * SIDE };
}

/* Where the pixels of a tile begin, [POINTS][POINTS], in an image of h x w pixels of so many channels:
 * pixel (i, j) is at (y + i step, x + j step). OUTSIDE: nowhere. */
#define OUTSIDE SIZE_MAX
static void pixels(size_t image, size_t y, size_t x, size_t step, size_t h, size_t w, size_t channels, size_t at[ALL])
{
    for (size_t i = 0; i < POINTS; i++, y += step) {
        size_t row = (image * h + y) * w + x;
        for (size_t j = 0; j < POINTS; j++)
            at[i * POINTS + j] = y < h && x + j * step < w ? (row + j * step) * channels : OUTSIDE;
    }
}

/* Those of one remainder of the big side. */
static void big_pixels(const struct conv *c, const struct place *p, size_t r, size_t at[ALL])
{
    size_t s = c->stride;
    pixels(p->image, p->v * s + r / s - c->pad, p->u * s + r % s - c->pad, s, c->h, c->w, c->in, at);
}

/* And of the small side; its tiles are of SIDE x SIDE only. */
static void small_pixels(const struct conv *c, const struct place *p, size_t at[ALL])
{
    pixels(p->image, p->v, p->u, 1, c->oh, c->ow, c->out, at);
}

/* ---- the sides and their points ----
 *
 * Points lie far apart, and pixels in rows that do: more streams than a processor follows, so
 * it is told what comes next. */

enum { AHEAD = 4 * LANES };     /* floats, in the matrix of a point */

/* V of tiles first ... first+count-1, of `channels` channels from `channel` on. */
static void big_to_points(const struct conv *c, const float *x, size_t first, size_t count, size_t channel,
                          size_t channels, const float *zeros, const struct points *v)
{
    for (size_t t = 0; t < count; t++) {
        struct place p = place(c, first + t);
        float *to = v->p + t * v->ld;
        for (size_t r = 0; r < c->stride * c->stride; r++) {
            const float *from[ALL];
            size_t rows = own_points(c, r / c->stride), cols = own_points(c, r % c->stride), at[ALL];
            big_pixels(c, &p, r, at);
            for (size_t k = 0; k < ALL; k++)
                from[k] = at[k] == OUTSIDE ? zeros : x + at[k] + channel;
            for (size_t i = 0; i < channels; i += LANES, to += LANES) {
                vec d[ALL], e[ALL];
                for (size_t k = 0; k < ALL; k++) {
                    d[k] = *(const vec *)(from[k] + i);
                    __builtin_prefetch(from[k] + i + SIDE * c->stride * c->in);         /* of the next tile */
                }
                both(b_turned, POINTS, POINTS, d, e);
                for (size_t m = 0; m < rows; m++)
                    for (size_t n = 0; n < cols; n++)
                        *(vec *)(to + (m * POINTS + n) * v->apart) = e[m * POINTS + n];
            }
        }
    }
}

/* x = bias + B dV B', added up where tiles overlap: pixels of row or column 0 have been set by a tile before. */
static void points_to_big(const struct conv *c, const struct points *v, size_t first, size_t count, const float *bias,
                          float *x)
{
    for (size_t t = 0; t < count; t++) {
        struct place p = place(c, first + t);
        const float *from = v->p + t * v->ld;
        for (size_t r = 0; r < c->stride * c->stride; r++) {
            size_t rows = own_points(c, r / c->stride), cols = own_points(c, r % c->stride), at[ALL];
            vec e[ALL] = { { 0 } };
            big_pixels(c, &p, r, at);
            for (size_t i = 0; i < c->in; i += LANES, from += LANES) {
                vec d[ALL], add = bias ? *(const vec *)(bias + i) : (vec){ 0 };
                for (size_t m = 0; m < rows; m++)
                    for (size_t n = 0; n < cols; n++) {
                        const float *point = from + (m * POINTS + n) * v->apart;
                        e[m * POINTS + n] = *(const vec *)point;
                        __builtin_prefetch(point + AHEAD);
                    }
                both(b, POINTS, POINTS, e, d);
                for (size_t k = 0; k < ALL; k++) {
                    if (at[k] == OUTSIDE)
                        continue;
                    bool set = (k < POINTS && p.v > 0) || (k % POINTS == 0 && p.u > 0);
                    vec *to = (vec *)(x + at[k] + i);
                    *to = d[k] + (set ? *to : add);
                    __builtin_prefetch(x + at[k] + i + SIDE * c->stride * c->in, 1);    /* of the next tile */
                }
            }
        }
    }
}

/* M = A y A'. */
static void small_to_points(const struct conv *c, const float *y, size_t first, size_t count, const float *zeros,
                            const struct points *m)
{
    for (size_t t = 0; t < count; t++) {
        struct place p = place(c, first + t);
        float *to = m->p + t * m->ld;
        size_t at[ALL];
        small_pixels(c, &p, at);
        for (size_t o = 0; o < c->out; o += LANES, to += LANES) {
            vec d[ALL], e[ALL];
            for (size_t i = 0; i < SIDE; i++)
                for (size_t j = 0; j < SIDE; j++) {
                    size_t pixel = at[i * POINTS + j];
                    const float *from = pixel == OUTSIDE ? zeros : y + pixel + o;
                    d[i * POINTS + j] = *(const vec *)from;
                    __builtin_prefetch(from + SIDE * c->out);                           /* of the next tile */
                }
            both(a, SIDE, POINTS, d, e);
            for (size_t k = 0; k < ALL; k++)
                *(vec *)(to + k * m->apart) = e[k];
        }
    }
}

/* y = bias + A' M A. */
static void points_to_small(const struct conv *c, const struct points *m, size_t first, size_t count, const float *bias,
                            float *y)
{
    for (size_t t = 0; t < count; t++) {
        struct place p = place(c, first + t);
        const float *from = m->p + t * m->ld;
        size_t at[ALL];
        small_pixels(c, &p, at);
        for (size_t o = 0; o < c->out; o += LANES, from += LANES) {
            vec d[ALL], e[ALL], add = bias ? *(const vec *)(bias + o) : (vec){ 0 };
            for (size_t k = 0; k < ALL; k++) {
                e[k] = *(const vec *)(from + k * m->apart);
                __builtin_prefetch(from + k * m->apart + AHEAD);
            }
            both(a_turned, POINTS, SIDE, e, d);
            for (size_t i = 0; i < SIDE; i++)
                for (size_t j = 0; j < SIDE; j++) {
                    size_t pixel = at[i * POINTS + j];
                    if (pixel == OUTSIDE)
                        continue;
                    *(vec *)(y + pixel + o) = d[i * POINTS + j] + add;
                    __builtin_prefetch(y + pixel + o + SIDE * c->out, 1);
                }
        }
    }
}

/* ---- the weights and their points ---- */

/* From point to point: of tiles_down [panel of out][remainder, in][COLS], of tiles_up
 * [remainder][panel of in][out][COLS]. */
static size_t point_apart(const struct conv *c, bool up)
{
    size_t s2 = c->stride * c->stride;
    return (up ? s2 * up_to(c->in, COLS) * c->out : up_to(c->out, COLS) * s2 * c->in) * COLS + ODD;
}

size_t tiles_packed(const struct conv *c, bool up) { return ALL * point_apart(c, up); }

/* U of LANES kernels that lie `apart`: those of remainder r go to packed[at[r] + point * step]. */
static void weight_to_points(const struct conv *c, const float *weight, size_t apart, float *packed, const size_t *at,
                             size_t step)
{
    size_t s = c->stride, taps = c->kernel * c->kernel;
    float turned[CONV_KERNEL * CONV_KERNEL][LANES];
    for (size_t l = 0; l < LANES; l++)
        for (size_t t = 0; t < taps; t++)
            turned[t][l] = weight[l * apart + t];
    for (size_t r = 0; r < s * s; r++) {
        vec w[ALL], u[ALL];
        for (size_t i = 0; i < 2; i++)
            for (size_t j = 0; j < 2; j++) {
                size_t ky = i * s + r / s, kx = j * s + r % s;
                bool there = ky < c->kernel && kx < c->kernel;
                w[i * POINTS + j] = there ? *(const vec *)turned[ky * c->kernel + kx] : (vec){ 0 };
            }
        both(g, 2, POINTS, w, u);
        for (size_t k = 0; k < ALL; k++) {
            *(vec *)(packed + at[r] + k * step) = u[k];
            __builtin_prefetch(packed + at[r] + k * step + COLS, 1);    /* the caller's next */
        }
    }
}

void tiles_pack(const struct conv *c, bool up, const float *weight, float *packed, size_t part)
{
    size_t s2 = c->stride * c->stride, taps = c->kernel * c->kernel, in_panels = up_to(c->in, COLS);
    size_t at[CONV_STRIDE * CONV_STRIDE], apart = point_apart(c, up);
    for (size_t o = part * LANES; !up && o < c->out; o += CONV_PARTS * LANES)
        for (size_t i = 0; i < c->in; i++) {
            for (size_t r = 0; r < s2; r++)
                at[r] = (o / COLS * columns(c) + r * c->in + i) * COLS + o % COLS;
            weight_to_points(c, weight + (o * c->in + i) * taps, c->in * taps, packed, at, apart);
        }
    for (size_t i = part * LANES; up && i < c->in; i += CONV_PARTS * LANES)
        for (size_t o = 0; o < c->out; o++) {
            for (size_t r = 0; r < s2; r++)
                at[r] = ((r * in_panels + i / COLS) * c->out + o) * COLS + i % COLS;
            weight_to_points(c, weight + (o * c->in + i) * taps, taps, packed, at, apart);
        }
}

/* The kernels of a slice's channels, from `channel` on: dw = G' dU G. */
static void points_to_weight(const struct conv *c, const struct points *du, size_t channel, float *dw)
{
    size_t s = c->stride, taps = c->kernel * c->kernel, channels = slice_channels(c);
    for (size_t i = 0; i < channels; i++)
        for (size_t o = 0; o < c->out; o += LANES) {
            float turned[CONV_KERNEL * CONV_KERNEL][LANES];
            for (size_t r = 0; r < s * s; r++) {
                vec e[ALL], w[ALL];
                for (size_t k = 0; k < ALL; k++)
                    e[k] = has(c, r, k) ? *(const vec *)(du->p + k * du->apart + (r * channels + i) * du->ld + o) : (vec){ 0 };
                both(g_turned, POINTS, 2, e, w);
                for (size_t ky = r / s; ky < c->kernel; ky += s)
                    for (size_t kx = r % s; kx < c->kernel; kx += s)
                        *(vec *)turned[ky * c->kernel + kx] = w[ky / s * POINTS + kx / s];
            }
            for (size_t l = 0; l < LANES; l++)
                for (size_t t = 0; t < taps; t++)
                    dw[((o + l) * c->in + channel + i) * taps + t] = turned[t][l];
        }
}

/* ---- the products ---- */

/* The remainders that have weights at point k: `n` runs of `length`, a stride apart. */
struct runs { size_t n, length; };

static struct runs runs(const struct conv *c, size_t k)
{
    size_t ny = reach(c, k / POINTS), nx = reach(c, k % POINTS);
    return nx == c->stride ? (struct runs){ 1, ny * nx } : (struct runs){ ny, nx };
}

void tiles_down(const struct conv *c, const float *packed, const float *bias, const float *x, float *y, size_t n,
                float *scratch)
{
    size_t wide = columns(c), total = n * tiles(c);
    float *at = scratch + c->in;
    struct points v = points(BLOCK, wide, &at), m = points(BLOCK, c->out, &at);
    memset(scratch, 0, c->in * sizeof *scratch);
    for (size_t first = 0; first < total; first += BLOCK) {
        size_t count = least(total - first, BLOCK);
        big_to_points(c, x, first, count, 0, c->in, scratch, &v);
        for (size_t k = 0; k < ALL; k++) {
            struct runs run = runs(c, k);
            const float *u = packed + k * point_apart(c, false);
            for (size_t o = 0; o < c->out; o += COLS)
                for (size_t r = 0; r < run.n; r++) {
                    size_t from = r * c->stride * c->in;
                    gemm_panel(count, run.length * c->in, v.p + k * v.apart + from, v.ld, 1,
                               u + (o / COLS * wide + from) * COLS, COLS, m.p + k * m.apart + o, m.ld,
                               least(c->out - o, COLS), r > 0, true);
                }
        }
        points_to_small(c, &m, first, count, bias, y);
    }
}

void tiles_up(const struct conv *c, const float *packed, const float *bias, const float *y, float *x, size_t n,
              float *scratch)
{
    size_t s = c->stride, total = n * tiles(c), panels = up_to(c->in, COLS);
    float *at = scratch + c->in;
    struct points v = points(BLOCK, columns(c), &at), m = points(BLOCK, c->out, &at);
    memset(scratch, 0, c->in * sizeof *scratch);
    for (size_t first = 0; first < total; first += BLOCK) {
        size_t count = least(total - first, BLOCK);
        small_to_points(c, y, first, count, scratch, &m);
        for (size_t k = 0; k < ALL; k++)
            for (size_t r = 0; r < s * s; r++) {
                const float *u = packed + k * point_apart(c, true) + r * panels * c->out * COLS;
                float *to = v.p + k * v.apart + r * c->in;
                for (size_t i = 0; has(c, r, k) && i < c->in; i += COLS)
                    gemm_panel(count, c->out, m.p + k * m.apart, m.ld, 1, u + i * c->out, COLS, to + i, v.ld,
                               least(c->in - i, COLS), false, true);
            }
        points_to_big(c, &v, first, count, bias, x);
    }
}

void tiles_weight(const struct conv *c, const float *x, const float *y, float *dw, size_t n, size_t slice,
                  float *scratch, float *sums)
{
    size_t s = c->stride, channels = slice_channels(c), wide = s * s * channels, total = n * tiles(c);
    float *at = scratch + c->in;
    bool more = sums != NULL;
    struct points v = points(BLOCK, wide, &at), m = points(BLOCK, c->out, &at), du = points(wide, c->out, more ? &sums : &at);
    memset(scratch, 0, c->in * sizeof *scratch);
    for (size_t first = 0; first < total; first += BLOCK) {
        size_t count = least(total - first, BLOCK);
        big_to_points(c, x, first, count, slice * channels, channels, scratch, &v);
        small_to_points(c, y, first, count, scratch, &m);
        for (size_t k = 0; k < ALL; k++) {
            struct runs run = runs(c, k);
            for (size_t o = 0; o < c->out; o += COLS)
                for (size_t r = 0; r < run.n; r++) {
                    size_t from = r * s * channels;
                    gemm_panel(run.length * channels, count, v.p + k * v.apart + from, 1, v.ld, m.p + k * m.apart + o, m.ld,
                               du.p + k * du.apart + from * du.ld + o, du.ld, least(c->out - o, COLS), more || first > 0,
                               true);
                }
        }
    }
    if (dw)
        points_to_weight(c, &du, slice * channels, dw);
}
