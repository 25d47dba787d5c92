/* tape - what net.c builds, layers.c does and phases.c runs: of no use elsewhere
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_TAPE_H
#define NN_TAPE_H

#include "nn/batch_norm.h"
#include "nn/linear.h"
#include "nn/net.h"

enum op_kind { OP_INPUT, OP_CONDITION, OP_LINEAR, OP_CONV, OP_CONV_UP, OP_NORM_SUMS, OP_NORM, OP_ACT, OP_DROPOUT,
               OP_ADD, OP_FLATTEN, OP_UNFLATTEN, OP_SAMPLE, OP_LOSS };

struct net_op {
    enum op_kind kind;
    int x, x2, y;               /* nodes */
    size_t w, b;                /* weights and bias in net->w; SIZE_MAX: none */
    size_t packed;              /* convolution weights in net->packed */
    size_t state;               /* running mean and variance in net->state */
    struct conv conv;
    enum act act;
    float slope, p;             /* p: of dropout, or the largest logvar */
    bool no_dx;                 /* x is the input: nobody wants its gradient */
    bool add;                   /* another operation has set x's gradient already */
    bool wait;                  /* all shards must have done the one before */
    bool images;                /* shards are images */
    struct norm_stat *stat;     /* [channels], of this pass */
    double *sums, *back;        /* [shard][channels][2], forward and backward; then [channels][2];
                                   of a convolution's dy, [shard][channels] */
    float *eps;                 /* noise of each block */
};

/* Panels first ... first+n-1 of an operation's weights. Of several ranks (chain.c): where its sums begin. */
struct net_task { size_t op, first, n, group, sums; double cost; };

/* Of a panel, and of a linear layer's bias, in floats; a task's panels come first, then, with the first panel, the bias. */
static inline size_t panel_sums(const struct net *n, const struct net_op *o)
{
    return o->kind == OP_LINEAR ? n->nodes[o->y].size * LINEAR_ROWS : o->kind == OP_NORM ? 0 : conv_sums(&o->conv);
}
static inline size_t bias_sums(const struct net *n, const struct net_op *o)
{
    return o->kind == OP_LINEAR && o->b != SIZE_MAX ? n->nodes[o->y].size * LINEAR_SUMS * (sizeof(double) / sizeof(float)) : 0;
}

/* Row blocks, and shards of rows or of images, of so many rows. */
static inline size_t row_blocks(const struct net *n, size_t rows) { return (rows + n->lanes - 1) / n->lanes; }
static inline size_t shards(const struct net *n, bool images, size_t rows)
{
    return images ? (rows + NET_IMAGES - 1) / NET_IMAGES : row_blocks(n, rows);
}

/* One shard of a pass. */
struct part {
    size_t shard, first, rows;  /* rows first ... first+rows-1 of the batch */
};

void layer_forward(struct net *n, const struct net_op *o, const struct part *p);
void layer_backward(struct net *n, const struct net_op *o, const struct part *p);

/* What a batch normalisation does between its halves, once: add up what the shards gave. */
void layer_between(struct net *n, const struct net_op *o, bool backward);

/* The gradients of a task's weights, over the rows of p. sums NULL: they are all rows. Else sums[n_sums], of 0 at first, go on
 * from one part of the rows to the next, and the gradients are set with the `last`. */
void layer_weights(struct net *n, const struct net_task *t, const struct part *p, float *sums, bool last);

/* ---- a batch of several ranks (base/world): each has its share of the blocks of 32 rows; of one, all ---- */

struct shard_range { size_t first, n; };
struct shard_range chain_own(const struct net *n, bool images);

/* Each rank has set its own shards' numbers in of[shards][each]: let all have all. */
void chain_share(const struct net *n, bool images, double *of, size_t each);

/* All gradients, the sums over the rows going from rank to rank, a group of tasks after the other, and those of the last
 * rank to all. The groups, and n->sums, are made beforehand, where there are several ranks: tasks of about the same cost,
 * enough for the threads, the most costly first. So that the ranks do not wait for each other, the last begins with, and
 * the first ends with, the weights of an operation of its own, over the rows of all. */
void chain_plan(struct net *n);
void chain_run(struct net *n);

#endif
