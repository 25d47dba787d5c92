/* texture - what a few seconds of sound are like, in numbers: levels, their spread, how bands go together, how they move
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DSP_TEXTURE_H
#define DSP_TEXTURE_H

#include <stdbool.h>
#include <stddef.h>

#define TEXTURE_GROUPS "band,cepstrum,cov,delta,modulation"
enum { TEXTURE_BAND, TEXTURE_CEPSTRUM, TEXTURE_COV, TEXTURE_DELTA, TEXTURE_MODULATION, TEXTURE_KINDS };

enum { TEXTURE_STATS = 6, TEXTURE_LAGS = 2, TEXTURE_COARSE = 12, TEXTURE_TRIANGLES = 14 };

struct texture_conf {
    size_t bands, cepstra;      /* 1 <= cepstra <= bands */
    bool with[TEXTURE_KINDS];   /* which groups there are, always in that order */
};

/* Numbers of a crop. */
size_t texture_width(const struct texture_conf *c);

/* What number i of a crop is called: band3.std, cepstrum0.mean, cov0.1, delta70ms0.1, modulation2.13. */
void texture_name(const struct texture_conf *c, size_t i, char *name, size_t size);

/* Bands of the modulation spectrum: 12, or all of fewer. */
size_t texture_coarse(const struct texture_conf *c);

/* Fewest frames that a crop may have, at `rate` frames a second: two differences over the longer lag. */
size_t texture_least(double rate);

/* The scratch of one thread: a song. */
struct texture;

struct texture *texture_new(const struct texture_conf *c);
void texture_free(struct texture *t);

/* Take in a song: m[frames][d] in dB, finite, of `rate` frames a second (2 to 1e5), d >= bands. Neighbouring bands are
 * averaged to `bands` of them, cut at floor(i d / bands), and the mean of all is taken off. Keeps 8 (bands + cepstra)
 * bytes a frame. */
void texture_song(struct texture *t, const float *m, size_t frames, size_t d, double rate);

/* x[width] of its frames first ... first + n - 1, texture_least(rate) <= n < 2^31:
 *     band        of each band mean, deviation s (divisor n) + 1e-6, mean ((v - mean) / s)^3, quantiles .1 and .9
 *                 (linear), mean |v(t+1) - v(t)|: the means of all bands, then the deviations of all, ...
 *     cepstrum    mean of the coefficients c: orthonormal DCT-II of the bands, the first `cepstra`
 *     cov         log of the matrix cov(c) (divisor n - 1) + .01 I, its upper triangle row by row, what is beside the
 *                 diagonal times sqrt(2)
 *     delta       the same of c(t + l) - c(t), l = round(.07 rate) and round(.28 rate), at least 1
 *     modulation  of each of up to 12 coarser bands less its mean, times a symmetric Hann window, log(. + .001) of 14
 *                 means of |spectrum| / n, in single precision: triangles whose 16 corners lie evenly in log Hz from .4 to
 *                 min(12, .47 rate), each weight at least 1e-9 before they are scaled to sum to 1
 * Not finite only where values are so large that a float is too small. Source of cov: V. Arsigny, P. Fillard, X. Pennec,
 * N. Ayache: "Log-Euclidean metrics for fast and simple calculus on diffusion tensors", Magnetic Resonance in Medicine 56,
 * 2006, the vector of section 3. */
void texture_crop(struct texture *t, size_t first, size_t n, float *x);

#endif
