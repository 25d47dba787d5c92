/* net - layers on a tape: run forward, backward, and their weights' gradients
 *
 * A net is a list of operations on nodes (the activations of a batch), in the order of
 * the forward pass. It is built once, all memory is allocated then, and it is run in
 * three phases, each a few calls of par_for:
 *
 *     forward, backward   over shards of the batch: 32 rows that lie side by side
 *                         (linear.h), or 8 images; all shards wait for each other only
 *                         where they must: at a batch normalisation, and where rows
 *                         become images
 *     weights             over slices of weights, each the sum over the whole batch, in
 *                         order, so that there is one set of gradients
 *
 * All cuts depend on the shapes alone: the same bits for any number of threads, and of ranks (base/world). Each
 * rank has its share of the blocks of 32 rows, forward and backward. What the shards give a batch normalisation or the
 * loss to add up is given to all; the weights' sums go from rank to rank, in order, and from the last to all.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_NET_H
#define NN_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/act.h"
#include "nn/conv.h"
#include "nn/loss.h"

enum { NET_NAME = 48, NET_IMAGES = 8 };

/* A tensor of weights or, if `state`, of running statistics. */
struct net_param {
    char name[NET_NAME];        /* as PyTorch would: enc.0.weight */
    int ndim;
    size_t shape[4], count, offset;
    bool state;
    size_t fan_in;              /* first value: uniform in +-1 / sqrt(fan_in); 0: constant */
    float constant;
};

struct net_node {
    size_t size;                /* floats of one row or image */
    size_t channels;
    bool image;                 /* y[row][pixel][channel]; else y[block][size][rows side by side] */
    float *y, *dy;
    int same;                   /* shares the memory of that node; -1 */
};

struct net_op;
struct net_task;
struct weights;

/* What a pass is run on. */
struct net_pass {
    size_t rows;                /* 1 ... batch */
    bool training;              /* batch statistics, dropout, noise; else running ones and z = mu */
    uint64_t seed, step;        /* of the draws */
    void (*fetch)(void *ctx, size_t row, float *x);     /* the input of row 0 ... rows-1 */
    void (*noise)(void *ctx, size_t row, float *eps);   /* NULL: drawn if training, else 0 */
    void *ctx;
    const uint32_t *hot;        /* [rows][n_hot]: which columns of the condition are 1 */
    size_t n_hot;
    enum recon recon;
    float recon_scale;          /* the reconstruction's gradient is multiplied by it */
    const float *kl_scale;      /* [latent]: and that of the KL term of each latent */
};

struct net {
    struct net_node *nodes;
    struct net_op *ops;
    struct net_param *params;
    size_t n_nodes, cap_nodes, n_ops, cap_ops, n_params, cap_params;
    float *w, *g, *state;       /* weights, gradients, running statistics */
    size_t n_w, n_state;
    float *packed;              /* convolution weights as their products read them */
    size_t n_packed;
    size_t batch, lanes;        /* most rows of a pass; rows side by side: 32, or 1 if the batch is 1 */
    bool trains;                /* has gradients */
    bool borrowed;              /* weights are another net's */
    size_t latent;              /* numbers of a code, set by net_sample */

    struct net_pass pass;
    double *recon;              /* sum of each shard */
    double *latents;            /* [block][latent][3]: sums of KL, mu, mu^2 */
    float **scratch;            /* of each thread */
    size_t scratch_size;
    struct net_task *tasks;     /* of the weights phase */
    size_t n_tasks, cap_tasks;
    float *sums;                /* [n_sums] of them, on their way from rank to rank */
    size_t n_sums;
    size_t whole[2];            /* operations whose weights the last and the first rank have alone; SIZE_MAX: none */
};

struct net *net_new(size_t batch, size_t lanes, bool trains);
void net_free(struct net *n);

/* ---- building: each returns its output's node ---- */

int net_rows(struct net *n, size_t size);                           /* the input: vectors */
int net_image(struct net *n, size_t c, size_t h, size_t w);         /* or images */
int net_condition(struct net *n, int x, size_t columns);            /* [x, one-hot] */
int net_linear(struct net *n, int x, size_t out, bool bias, const char *name);
int net_conv(struct net *n, int x, const struct conv *c, bool bias, const char *name);
int net_conv_transposed(struct net *n, int x, const struct conv *c, bool bias, const char *name);
int net_batch_norm(struct net *n, int x, const char *name);
int net_act(struct net *n, int x, enum act kind, float slope);
int net_dropout(struct net *n, int x, float p);
int net_add(struct net *n, int x, int skip);                        /* x + skip, in place of x */
int net_flatten(struct net *n, int x);                              /* images to rows */
int net_unflatten(struct net *n, int x, size_t channels);           /* rows to images */
int net_sample(struct net *n, int mu, int logvar, float most);      /* z; KL; logvar <= most if not 0 */
void net_loss(struct net *n, int y, int x);                         /* reconstruction of node x */

/* What net_build will allocate, in bytes, and of a net that trains Adam's two moments and one
 * copy of the weights beside it: asked when all operations are there. */
double net_bytes(struct net *n);

/* Allocate all; no more building. */
void net_build(struct net *n);

/* PyTorch's first values: weights and biases uniform in +-1 / sqrt(fan_in), constants as they are; parameter i is
 * drawn from the seed's sequence first + i. */
void net_init(struct net *n, uint64_t seed, size_t first);

/* Let n use the weights of a net that was built alike, and outlives it. */
void net_borrow(struct net *n, const struct net *from);

/* ---- running: set n->pass first ---- */

/* Operations first ... upto-1; SIZE_MAX: to the last. */
void net_forward(struct net *n, size_t first, size_t upto);

/* All operations forward and backward, then g. */
void net_train(struct net *n);

/* The second half of it, after net_forward over all of them: for a loss whose gradient is known
 * only when all rows are through. The caller has set the pass's scales, or where there is no
 * net_loss, dy of the last node: 0 in the places of rows that are not there. */
void net_backward(struct net *n);

/* The weights were changed: called before the next pass. */
void net_changed(struct net *n);

/* The values of a parameter. */
float *net_values(const struct net *n, const struct net_param *p);

/* All parameters as fit and optim want them, the learned ones first: a new array of *count. */
struct weights *net_weights(const struct net *n, size_t *count);

/* Let each rank have what all have of a node's y, of rows, after net_forward: all call it. */
void net_share(const struct net *n, int node);

/* Of the last pass, of all ranks, which all call it: the reconstruction error summed over all rows; and in sums[latent][3]
 * (or NULL) KL, mu and mu^2 summed over the rows. */
double net_sums(const struct net *n, double *sums);

#endif
