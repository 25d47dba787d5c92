/* stft - short-time Fourier transform, frame by frame, as librosa 0.11 takes it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DSP_STFT_H
#define DSP_STFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STFT_WINDOWS "hann|hamming|blackman|bartlett|ones"
enum { STFT_HANN, STFT_HAMMING, STFT_BLACKMAN, STFT_BARTLETT, STFT_ONES };
#define STFT_PADS "constant|edge|reflect|symmetric"
enum { STFT_CONSTANT, STFT_EDGE, STFT_REFLECT, STFT_SYMMETRIC };

struct stft_conf {
    int64_t n_fft, hop_length;  /* samples, at least 2 and 1 */
    int64_t win_length;         /* 0: n_fft; else 1 ... n_fft */
    int window;                 /* STFT_HANN ... */
    bool no_center;             /* frame t begins at sample t * hop_length, instead of being centred there */
    int pad_mode;               /* STFT_CONSTANT (zeros) ...: what is beyond the ends, when centred */
};

/* Floats behind a spectrum, set to 0, so that kernels may read whole vectors. */
#define STFT_SLACK 8

/* The plan, window and buffers of one thread. Planning is by FFTW_ESTIMATE, in single
 * precision: the same bits in every run. */
struct stft;

struct stft *stft_new(const struct stft_conf *conf);
void stft_free(struct stft *s);

/* Bins of a spectrum: n_fft / 2 + 1. */
size_t stft_bins(const struct stft *s);

/* Room for the n samples of a track, which the caller fills; until the next call. */
float *stft_samples(struct stft *s, size_t n);

/* Pad the track that was filled in. Returns its number of frames:
 *     centred  1 + (n + 2 floor(n_fft / 2) - n_fft) div hop_length
 *     else     1 + (n - n_fft) div hop_length, and 0 if n < n_fft
 * and 0 if there is no sample to pad with (n 0, pad_mode not constant). Reflection goes
 * to and fro in a track shorter than the padding; one sample is repeated. */
size_t stft_begin(struct stft *s);

/* |X|^power of frame t into p[bins + STFT_SLACK]. X[k] = sum over i < n_fft of
 * w[i] x[i] exp(-2 pi j k i / n_fft), not scaled; w the periodic window, in the middle of
 * n_fft if win_length is shorter. Samples that are not finite, or so large that the
 * result overflows, give values that are not finite. */
void stft_frame(struct stft *s, size_t t, double power, float *p);

/* The padded samples of frame t, n_fft of them. */
const float *stft_frame_samples(const struct stft *s, size_t t);

/* The largest of x[n] >= 0 and `top`, as the bits of the number: as integers they have its
 * order, infinity and NaN (0x7f800000 and more) above all. */
uint32_t stft_top(const float *x, size_t n, uint32_t top);

/* The window of n samples, periodic: of scipy.signal.get_window(name, n). */
void stft_window(double *w, size_t n, int window);

#endif
