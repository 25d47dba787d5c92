/* loss - the variational auto-encoder's own pieces, forward beside backward
 *
 * Kingma and Welling 2014. Rows lie side by side as in linear.h: mu[d][rows], of which
 * the first `n` are there. logvar is ln sigma^2.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_LOSS_H
#define NN_LOSS_H

#include <stddef.h>

enum recon { RECON_MSE, RECON_L1, RECON_BCE };

/* z = mu + exp(logvar / 2) eps; all [d][rows]. */
void loss_sample(const float *mu, const float *logvar, const float *eps, float *z, size_t n);

/* Gradients that come back through z: dmu = dz, dlogvar = dz eps exp(logvar / 2) / 2. */
void loss_sample_backward(const float *logvar, const float *eps, const float *dz, float *dmu, float *dlogvar,
                          size_t n);

/* KL(N(mu, sigma^2) || N(0, 1)) = sum over latents of -(1 + logvar - mu^2 - exp(logvar)) / 2:
 * add each latent's sum over the n rows to sums[d] (NULL: not wanted), and each row's sum over
 * latents to per_row[n] (NULL: not wanted). */
void loss_kl(const float *mu, const float *logvar, size_t d, size_t rows, size_t n, double *sums, double *per_row);

/* Add scale[j] times its gradient: dmu += scale mu, dlogvar += scale (exp(logvar) - 1) / 2. */
void loss_kl_backward(const float *mu, const float *logvar, const float *scale, float *dmu, float *dlogvar,
                      size_t d, size_t rows, size_t n);

/* Sum over n elements of the reconstruction error, and its gradient by y times `scale` in
 * dy (NULL: not wanted; may be y):
 *   mse  (y - x)^2      l1  |y - x|, gradient 0 at 0
 *   bce  -x ln p - (1 - x) ln(1 - p), p = sigmoid(y): y are logits, x in 0 ... 1 */
double loss_recon(enum recon kind, const float *y, const float *x, float *dy, float scale, size_t n);

#endif
