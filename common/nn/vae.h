/* vae - auto-encoders: their layers, their loss and its gradients
 *
 * Encoder, heads mu and logvar (or one, code), decoder as its mirror image:
 *
 *   dense      per hidden width: Linear, activation; with batch_norm a BatchNorm between
 *              them; with residual behind them a block f(x + bn2(fc2(f(bn1(fc1(x))))))
 *   images     per width: convolution, [BatchNorm,] activation; the decoder begins with a
 *              Linear (up) and has transposed convolutions that give back each size
 *
 * The last layer is linear. No bias stands before a BatchNorm, which would take it away.
 * A condition's one-hot columns go beside the encoder's input (images: beside the heads'
 * input) and beside z.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_VAE_H
#define NN_VAE_H

#include "nn/net.h"

enum { VAE_WIDTHS = 16 };

struct vae_config {
    bool conv;                  /* images h x w, else vectors of `input` numbers */
    size_t input, h, w;         /* input = h w for images */
    size_t widths[VAE_WIDTHS], n_widths;        /* hidden sizes, or channels */
    size_t kernel, stride;      /* padding (kernel - 1) / 2 */
    size_t latent;
    enum act act;
    float slope;
    bool batch_norm, residual;  /* residual has batch normalisation in any case */
    double dropout;
    bool variational;
    double logvar_max;          /* a larger logvar is taken as this; 0: none is */
    size_t condition;           /* columns of one-hot; 0: none */
};

struct vae {
    struct vae_config config;
    struct net *net;
    int mu, logvar, z, out;     /* nodes; logvar -1 if not variational */
    size_t coded, decoded;      /* one past the operations of the encoder, and of the decoder */
};

/* NULL if it can be built, else what is wrong. */
const char *vae_check(const struct vae_config *c);

/* For passes of at most `batch` rows; `trains` with gradients, else a batch of 1 is laid
 * out for one record at a time. The weights are 0 until vae_init or until they are set. */
struct vae *vae_new(const struct vae_config *c, size_t batch, bool trains);

/* Its layers, and the names and shapes of its weights, with no memory for them: net_build(v->net) gets it. */
struct vae *vae_plan(const struct vae_config *c, size_t batch, bool trains);
void vae_free(struct vae *v);

/* The bytes that vae_new would allocate, and what training needs beside it (net_bytes). */
double vae_bytes(const struct vae_config *c, size_t batch, bool trains);

/* PyTorch's initial weights: uniform in +-1 / sqrt(fan_in), BatchNorm 1 and 0. */
void vae_init(struct vae *v, uint64_t seed);

struct vae_loss {
    enum recon recon;
    bool mean;                  /* both terms: mean over all, not sum over elements and mean over rows */
    double kl_weight;           /* beta times annealing */
    double free_bits;           /* each latent's KL counts only above it */
};

struct vae_result {
    double loss, recon, kl;     /* loss with the weight and the free bits, kl without */
    double *latents;            /* [latent][3]: sums over the rows of KL, mu, mu^2; NULL: not wanted */
};

/* The loss on the rows of v->net->pass (whose scales it sets) and the gradients of all weights. */
void vae_gradients(struct vae *v, const struct vae_loss *l, struct vae_result *r);

/* The loss of the pass's rows without training: running statistics, z = mu. */
void vae_loss(struct vae *v, const struct vae_loss *l, struct vae_result *r);

#endif
