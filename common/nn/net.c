/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "nn/optim.h"
#include "nn/tape.h"

enum { DRAW_WEIGHTS = 1 };      /* of the seed's sequences: see layers.c */

struct net *net_new(size_t batch, size_t lanes, bool trains)
{
    struct net *n = mem_zero(1, sizeof *n);
    n->batch = batch;
    n->lanes = lanes;
    n->trains = trains;
    return n;
}

static int add_node(struct net *n, size_t size, size_t channels, bool image, int same)
{
    mem_grow(&n->nodes, &n->cap_nodes, n->n_nodes + 1, sizeof *n->nodes);
    n->nodes[n->n_nodes] = (struct net_node){ .size = size, .channels = channels, .image = image, .same = same };
    return (int)n->n_nodes++;
}

static struct net_op *add_op(struct net *n, enum op_kind kind, int x, int y)
{
    mem_grow(&n->ops, &n->cap_ops, n->n_ops + 1, sizeof *n->ops);
    struct net_op *o = &n->ops[n->n_ops++];
    *o = (struct net_op){ .kind = kind, .x = x, .x2 = -1, .y = y, .w = SIZE_MAX, .b = SIZE_MAX };
    o->images = n->nodes[y].image && kind != OP_UNFLATTEN;
    return o;
}

/* A parameter NAME.LEAF as `p` describes it: ndim, shape, state, first value. Its offset. */
static size_t add_param(struct net *n, const char *name, const char *leaf, struct net_param p)
{
    mem_grow(&n->params, &n->cap_params, n->n_params + 1, sizeof *n->params);
    snprintf(p.name, sizeof p.name, "%s.%s", name, leaf);
    p.count = 1;
    for (int i = 0; i < p.ndim; i++)
        p.count = mem_mul(p.count, p.shape[i]);
    size_t *end = p.state ? &n->n_state : &n->n_w;
    p.offset = *end;
    *end += (p.count + 15) / 16 * 16;           /* each begins at a whole vector */
    n->params[n->n_params++] = p;
    return p.offset;
}

int net_rows(struct net *n, size_t size)
{
    int y = add_node(n, size, size, false, -1);
    add_op(n, OP_INPUT, y, y);
    return y;
}

int net_image(struct net *n, size_t c, size_t h, size_t w)
{
    int y = add_node(n, c * h * w, c, true, -1);
    add_op(n, OP_INPUT, y, y);
    return y;
}

int net_condition(struct net *n, int x, size_t columns)
{
    size_t size = n->nodes[x].size + columns;
    return add_op(n, OP_CONDITION, x, add_node(n, size, size, false, -1))->y;
}

int net_linear(struct net *n, int x, size_t out, bool bias, const char *name)
{
    size_t in = n->nodes[x].size;
    struct net_op *o = add_op(n, OP_LINEAR, x, add_node(n, out, out, false, -1));
    o->w = add_param(n, name, "weight", (struct net_param){ .ndim = 2, .shape = { out, in }, .fan_in = in });
    if (bias)
        o->b = add_param(n, name, "bias", (struct net_param){ .ndim = 1, .shape = { out }, .fan_in = in });
    return o->y;
}

/* PyTorch takes the fan-in of both kinds from the weight's second dimension. */
static int add_conv(struct net *n, enum op_kind kind, int x, const struct conv *c, bool bias, const char *name)
{
    bool up = kind == OP_CONV_UP;
    size_t k = c->kernel, channels = up ? c->in : c->out, fan_in = c->in * k * k;
    size_t size = up ? c->in * c->h * c->w : c->out * c->oh * c->ow;
    struct net_op *o = add_op(n, kind, x, add_node(n, size, channels, true, -1));
    o->conv = *c;
    o->w = add_param(n, name, "weight", (struct net_param){ .ndim = 4, .shape = { c->out, c->in, k, k }, .fan_in = fan_in });
    if (bias)
        o->b = add_param(n, name, "bias", (struct net_param){ .ndim = 1, .shape = { channels }, .fan_in = fan_in });
    return o->y;
}

int net_conv(struct net *n, int x, const struct conv *c, bool bias, const char *name)
{
    return add_conv(n, OP_CONV, x, c, bias, name);
}

int net_conv_transposed(struct net *n, int x, const struct conv *c, bool bias, const char *name)
{
    return add_conv(n, OP_CONV_UP, x, c, bias, name);
}

int net_batch_norm(struct net *n, int x, const char *name)
{
    struct net_node of = n->nodes[x];
    size_t c = of.channels;
    size_t w = add_param(n, name, "weight", (struct net_param){ .ndim = 1, .shape = { c }, .constant = 1 });
    size_t b = add_param(n, name, "bias", (struct net_param){ .ndim = 1, .shape = { c } });
    size_t state = add_param(n, name, "running_mean", (struct net_param){ .ndim = 1, .shape = { c }, .state = true });
    add_param(n, name, "running_var", (struct net_param){ .ndim = 1, .shape = { c }, .state = true, .constant = 1 });
    add_op(n, OP_NORM_SUMS, x, x);
    struct net_op *o = add_op(n, OP_NORM, x, add_node(n, of.size, c, of.image, -1));
    o->w = w;
    o->b = b;
    o->state = state;
    o->wait = true;
    return o->y;
}

int net_act(struct net *n, int x, enum act kind, float slope)
{
    struct net_node of = n->nodes[x];
    struct net_op *o = add_op(n, OP_ACT, x, add_node(n, of.size, of.channels, of.image, act_in_place(kind) ? x : -1));
    o->act = kind;
    o->slope = slope;
    return o->y;
}

int net_dropout(struct net *n, int x, float p)
{
    struct net_node of = n->nodes[x];
    struct net_op *o = add_op(n, OP_DROPOUT, x, add_node(n, of.size, of.channels, of.image, -1));
    o->p = p;
    return o->y;
}

int net_add(struct net *n, int x, int skip)
{
    struct net_node of = n->nodes[x];
    struct net_op *o = add_op(n, OP_ADD, x, add_node(n, of.size, of.channels, of.image, x));
    o->x2 = skip;
    return o->y;
}

int net_flatten(struct net *n, int x)
{
    size_t size = n->nodes[x].size;
    return add_op(n, OP_FLATTEN, x, add_node(n, size, size, false, -1))->y;
}

int net_unflatten(struct net *n, int x, size_t channels)
{
    return add_op(n, OP_UNFLATTEN, x, add_node(n, n->nodes[x].size, channels, true, -1))->y;
}

int net_sample(struct net *n, int mu, int logvar, float most)
{
    n->latent = n->nodes[mu].size;
    struct net_op *o = add_op(n, OP_SAMPLE, mu, add_node(n, n->latent, n->latent, false, -1));
    o->x2 = logvar;
    o->p = most;
    return o->y;
}

void net_loss(struct net *n, int y, int x)
{
    add_op(n, OP_LOSS, y, y)->x2 = x;
}

/* The tasks of the weights phase: panels of one operation, 2^15 weights or more. */
static void add_tasks(struct net *n, size_t i)
{
    const struct net_op *o = &n->ops[i];
    size_t panels = 1, each = 1, in = n->nodes[o->x].size;
    if (o->w == SIZE_MAX)
        return;
    if (o->kind == OP_LINEAR) {
        panels = par_blocks(in, LINEAR_ROWS);
        each = par_blocks(32768, LINEAR_ROWS * n->nodes[o->y].size);
    } else if (o->kind != OP_NORM) {
        panels = conv_slices(&o->conv);
    }
    for (size_t first = 0; first < panels; first += each) {
        mem_grow(&n->tasks, &n->cap_tasks, n->n_tasks + 1, sizeof *n->tasks);
        size_t left = panels - first;
        n->tasks[n->n_tasks++] = (struct net_task){ .op = i, .first = first, .n = left < each ? left : each };
    }
}

static void need_scratch(struct net *n, size_t size)
{
    if (size > n->scratch_size)
        n->scratch_size = size;
}

/* Where each convolution's packed weights lie: of a net that does not train in one row, those of
 * the forward pass; else a stretch of operations (phases.c) lies where the others do, in both passes. */
static void place_packed(struct net *n)
{
    size_t at = 0;
    for (size_t i = 0; i < n->n_ops; i++) {
        struct net_op *o = &n->ops[i];
        if (i > 0 && o->images != n->ops[i - 1].images)
            o->wait = true;
        if (n->trains && o->wait)
            at = 0;
        if (o->kind != OP_CONV && o->kind != OP_CONV_UP)
            continue;
        size_t size = conv_packed(&o->conv, o->kind == OP_CONV_UP), other = conv_packed(&o->conv, o->kind == OP_CONV);
        o->packed = at;
        at += n->trains && other > size ? other : size;
        n->n_packed = at > n->n_packed ? at : n->n_packed;
    }
}

double net_bytes(struct net *n)
{
    double bytes;
    place_packed(n);
    bytes = 4 * (double)n->n_packed + (double)n->n_w * (n->trains ? 20 : 4);    /* gradients, Adam's moments, a copy */
    for (size_t i = 0; i < n->n_nodes; i++)
        if (n->nodes[i].same < 0)
            bytes += (double)n->nodes[i].size * (double)n->batch * (n->trains ? 8 : 4);
    return bytes;
}

void net_build(struct net *n)
{
    size_t blocks = row_blocks(n, n->batch);
    for (size_t i = 0; n->trains && i < n->n_ops; i++)
        add_tasks(n, i);
    chain_plan(n);
    place_packed(n);
    n->w = mem_aligned_zero(n->n_w, sizeof *n->w);
    n->state = mem_zero(n->n_state, sizeof *n->state);
    n->packed = mem_aligned_zero(n->n_packed, sizeof *n->packed);
    if (n->trains)
        n->g = mem_aligned_zero(n->n_w, sizeof *n->g);
    for (size_t i = 0; i < n->n_nodes; i++) {
        struct net_node *d = &n->nodes[i];
        size_t count = mem_mul(d->size, d->image && !n->sums ? n->batch : blocks * n->lanes);    /* ranks fill blocks */
        if (d->same >= 0) {
            d->y = n->nodes[d->same].y;
            d->dy = n->nodes[d->same].dy;
            continue;
        }
        d->y = mem_aligned_zero(count, sizeof *d->y);       /* of ranks, each touches its own rows; dy of the input, none */
        if (n->trains)
            d->dy = mem_aligned_zero(count, sizeof *d->dy);
    }
    bool *has_dy = mem_zero(n->n_nodes, sizeof *has_dy);
    for (size_t i = n->n_ops; i-- > 0; ) {              /* in the order of the backward pass */
        struct net_op *o = &n->ops[i];
        o->no_dx = n->ops[0].y == o->x;                 /* the input's gradient */
        if (o->kind == OP_ADD)
            has_dy[o->x2] = true;
        else
            o->add = has_dy[o->x];
        if (o->kind != OP_NORM_SUMS)
            has_dy[o->x] = true;
        size_t channels = n->nodes[o->x].channels;
        if (o->kind == OP_NORM) {
            o->stat = mem_new(channels, sizeof *o->stat);
            o->sums = mem_zero((shards(n, o->images, n->batch) + 1) * channels, 2 * sizeof *o->sums);
            o->back = mem_zero((shards(n, o->images, n->batch) + 1) * channels, 2 * sizeof *o->back);
        }
        if (o->kind == OP_SAMPLE)
            o->eps = mem_zero(blocks * n->lanes * n->latent, sizeof *o->eps);
        if (o->kind == OP_CONV || o->kind == OP_CONV_UP)
            need_scratch(n, conv_scratch(&o->conv));
        if ((o->kind == OP_CONV || o->kind == OP_CONV_UP) && o->b != SIZE_MAX)
            o->sums = mem_zero(shards(n, true, n->batch), n->nodes[o->y].channels * sizeof *o->sums);
        if (o->kind == OP_INPUT || o->kind == OP_SAMPLE)
            need_scratch(n, 2 * LINEAR_ROWS * (n->nodes[o->y].size + LINEAR_ROWS));
    }
    free(has_dy);
    n->recon = mem_zero(par_blocks(n->batch, NET_IMAGES) + blocks, sizeof *n->recon);
    n->latents = mem_zero(blocks * n->latent, 3 * sizeof *n->latents);
    n->scratch = mem_zero(1024, sizeof *n->scratch);
}

void net_init(struct net *n, uint64_t seed, size_t first)
{
    for (size_t i = 0; i < n->n_params; i++) {
        const struct net_param *p = &n->params[i];
        float *to = net_values(n, p);
        struct rng rng;
        rng_init(&rng, seed, (uint64_t)DRAW_WEIGHTS << 60 | (first + i));
        double bound = p->fan_in ? 1 / sqrt((double)p->fan_in) : 0;
        for (size_t k = 0; k < p->count; k++)
            to[k] = p->fan_in ? (float)(bound * (2 * rng_uniform(&rng) - 1)) : p->constant;
    }
    net_changed(n);
}

float *net_values(const struct net *n, const struct net_param *p)
{
    return (p->state ? n->state : n->w) + p->offset;
}

struct weights *net_weights(const struct net *n, size_t *count)
{
    struct weights *weights = mem_new(n->n_params, sizeof *weights);
    *count = 0;
    for (int state = 0; state < 2; state++)
        for (size_t i = 0; i < n->n_params; i++) {
            const struct net_param *p = &n->params[i];
            if (p->state == (state == 1))
                weights[(*count)++] = (struct weights){ .w = net_values(n, p),
                                                        .g = state ? NULL : n->g + p->offset, .n = p->count };
        }
    return weights;
}

static void free_weights(struct net *n)
{
    if (n->borrowed)
        return;
    free(n->w);
    free(n->state);
    free(n->packed);
}

void net_borrow(struct net *n, const struct net *from)
{
    free_weights(n);
    n->w = from->w;
    n->state = from->state;
    n->packed = from->packed;
    n->borrowed = true;
}

void net_free(struct net *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->n_nodes; i++)
        if (n->nodes[i].same < 0) {
            free(n->nodes[i].y);
            free(n->nodes[i].dy);
        }
    for (size_t i = 0; i < n->n_ops; i++) {
        free(n->ops[i].stat);
        free(n->ops[i].sums);
        free(n->ops[i].back);
        free(n->ops[i].eps);
    }
    for (size_t i = 0; n->scratch && i < 1024; i++)
        free(n->scratch[i]);
    free_weights(n);
    free(n->scratch);
    free(n->nodes);
    free(n->ops);
    free(n->params);
    free(n->tasks);
    free(n->g);
    free(n->sums);
    free(n->recon);
    free(n->latents);
    free(n);
}
