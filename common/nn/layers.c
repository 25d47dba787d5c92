/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operations on the tape do, forward beside backward. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "nn/tape.h"

/* The random sequences of a seed: rng streams. */
enum { DRAW_NOISE = 2, DRAW_DROPOUT = 3 };
static uint64_t sequence(int what, uint64_t step, size_t op)
{
    return (uint64_t)what << 60 | (uint64_t)op << 48 | step;
}

static float *scratch(struct net *n)
{
    float **p = &n->scratch[par_worker()];
    if (!*p)
        *p = mem_aligned(n->scratch_size, sizeof **p);
    return *p;
}

static float *node_at(const struct net *n, int node, const struct part *p, bool gradient)
{
    const struct net_node *d = &n->nodes[node];
    float *base = gradient ? d->dy : d->y;
    return base + d->size * p->first;           /* a block has lanes rows, whether they are there or not */
}

static void input(struct net *n, const struct net_op *o, const struct part *p)
{
    size_t size = n->nodes[o->y].size;
    float *y = node_at(n, o->y, p, false);
    if (o->images || n->lanes == 1) {
        for (size_t r = 0; r < p->rows; r++)
            n->pass.fetch(n->pass.ctx, p->first + r, y + r * size);
        return;
    }
    float *rows = scratch(n);
    for (size_t r = 0; r < p->rows; r++)
        n->pass.fetch(n->pass.ctx, p->first + r, rows + r * size);
    gemm_turn_wide(rows, size, p->rows, size, y);
}

static void condition(struct net *n, const struct net_op *o, const struct part *p)
{
    size_t size = n->nodes[o->x].size, more = n->nodes[o->y].size - size, lanes = n->lanes;
    float *y = node_at(n, o->y, p, false), *hot = y + size * lanes;
    memcpy(y, node_at(n, o->x, p, false), size * lanes * sizeof *y);
    memset(hot, 0, more * lanes * sizeof *hot);
    for (size_t r = 0; r < p->rows; r++)
        for (size_t i = 0; i < n->pass.n_hot; i++)
            hot[n->pass.hot[(p->first + r) * n->pass.n_hot + i] * lanes + r] = 1;
}

/* Values of a channel in the part of node x. */
static size_t channel_values(const struct net *n, int x, const struct part *p)
{
    const struct net_node *d = &n->nodes[x];
    return p->rows * (d->image ? d->size / d->channels : 1);
}

static struct norm_part norm_part(const struct net *n, const struct net_op *o, const struct part *p)
{
    return (struct norm_part){ n->nodes[o->x].channels, o->images ? 0 : n->lanes, channel_values(n, o->x, p) };
}

static struct norm norm_of(const struct net *n, const struct net_op *o)
{
    return (struct norm){ o->stat, n->w + o->w, n->w + o->b };
}

static void norm(struct net *n, const struct net_op *o, const struct part *p, bool backward)
{
    struct norm_part part = norm_part(n, o, p);
    struct norm by = norm_of(n, o);
    const float *x = node_at(n, o->x, p, false);
    double *sums = o->back + p->shard * part.channels * 2;
    if (!backward) {
        batch_norm_forward(&by, &part, x, node_at(n, o->y, p, false));
        return;
    }
    memset(sums, 0, part.channels * 2 * sizeof *sums);
    batch_norm_backward_sums(&by, &part, x, node_at(n, o->y, p, true), sums);
}

/* The half of a batch normalisation on the other side of the wait; o[1] is OP_NORM. */
static void norm_sides(struct net *n, const struct net_op *o, const struct part *p, bool backward)
{
    const struct net_op *of = o + 1;
    struct norm_part part = norm_part(n, of, p);
    struct norm by = norm_of(n, of);
    const float *x = node_at(n, o->x, p, false);
    double *sums = of->sums + p->shard * part.channels * 2;
    const double *back = of->back + shards(n, of->images, n->batch) * part.channels * 2;
    if (backward) {
        size_t total = n->pass.rows * (part.n / p->rows);
        batch_norm_backward(&by, &part, back, total, x, node_at(n, of->y, p, true), node_at(n, o->x, p, true));
        return;
    }
    memset(sums, 0, part.channels * 2 * sizeof *sums);
    batch_norm_sums(&part, x, sums);
}

void layer_between(struct net *n, const struct net_op *o, bool backward)
{
    size_t channels = n->nodes[o->x].channels, of = shards(n, o->images, n->pass.rows);
    size_t total = n->pass.rows * (o->images ? n->nodes[o->x].size / channels : 1);
    double *parts = backward ? o->back : o->sums, *sums = parts + shards(n, o->images, n->batch) * channels * 2;
    float *mean = n->state + o->state, *var = mean + (channels + 15) / 16 * 16;
    memset(sums, 0, channels * 2 * sizeof *sums);
    for (size_t s = 0; s < of; s++)
        for (size_t i = 0; i < channels * 2; i++)
            sums[i] += parts[s * channels * 2 + i];
    for (size_t c = 0; !backward && c < channels; c++) {
        if (!n->pass.training) {
            o->stat[c] = batch_norm_running(mean[c], var[c]);
            continue;
        }
        o->stat[c] = batch_norm_stat(sums + 2 * c, total);
        batch_norm_follow(sums + 2 * c, total, mean + c, var + c);
    }
}

static void dropout(struct net *n, const struct net_op *o, const struct part *p, const float *x, float *y)
{
    size_t size = n->nodes[o->x].size * (o->images ? p->rows : n->lanes);
    if (!n->pass.training) {
        memcpy(y, x, size * sizeof *y);
        return;
    }
    struct rng rng;
    rng_init(&rng, n->pass.seed, sequence(DRAW_DROPOUT, n->pass.step, (size_t)(o - n->ops)));
    rng_seek(&rng, n->nodes[o->x].size * p->first / 4 + p->shard);
    double limit = (double)o->p * 4294967296.0;
    for (size_t i = 0; i < size; i++)
        y[i] = rng_u32(&rng) < limit ? 0 : x[i] / (1 - o->p);
}

/* Images [row][pixel][channel] from or to rows [channel][pixel][lanes], PyTorch's order: squares
 * of rows and channels, by way of a small one, as both sides' strides are large powers of 2. */
static void flatten(struct net *n, const struct net_op *o, const struct part *p, bool backward)
{
    bool to_rows = (o->kind == OP_FLATTEN) != backward;
    int images = o->kind == OP_FLATTEN ? o->x : o->y, rows = o->kind == OP_FLATTEN ? o->y : o->x;
    size_t size = n->nodes[images].size, channels = n->nodes[images].channels, pixels = size / channels, lanes = n->lanes;
    float square[LINEAR_ROWS][LINEAR_ROWS];
    for (size_t q = 0; q < pixels; q++)
        for (size_t c = 0; c < channels; c += LINEAR_ROWS) {
            float *image = node_at(n, images, p, backward) + q * channels + c;
            float *row = node_at(n, rows, p, backward) + (c * pixels + q) * lanes;
            size_t count = channels - c < LINEAR_ROWS ? channels - c : LINEAR_ROWS;
            for (size_t r = 0; to_rows && r < lanes; r++)
                for (size_t i = 0; i < count; i++)
                    square[i][r] = r < p->rows ? image[r * size + i] : 0;
            for (size_t i = 0; to_rows && i < count; i++)
                memcpy(row + i * pixels * lanes, square[i], lanes * sizeof *row);
            for (size_t i = 0; !to_rows && i < count; i++)
                for (size_t r = 0; r < p->rows; r++)
                    square[r][i] = row[i * pixels * lanes + r];
            for (size_t r = 0; !to_rows && r < p->rows; r++)
                memcpy(image + r * size, square[r], count * sizeof *image);
        }
}

static void sample(struct net *n, const struct net_op *o, const struct part *p)
{
    size_t d = n->latent, lanes = n->lanes;
    float *eps = o->eps + p->first * d, *mu = node_at(n, o->x, p, false), *z = node_at(n, o->y, p, false);
    float *logvar = o->x2 >= 0 ? node_at(n, o->x2, p, false) : NULL;
    for (size_t i = 0; logvar && o->p > 0 && i < d * lanes; i++)        /* its gradient stays: the KL term's leads down */
        logvar[i] = logvar[i] > o->p ? o->p : logvar[i];
    double *sums = n->latents + p->shard * d * 3;
    if (n->pass.training || n->pass.noise) {
        float *row = scratch(n);
        memset(eps, 0, d * lanes * sizeof *eps);
        for (size_t r = 0; logvar && r < p->rows; r++) {
            if (n->pass.noise) {
                n->pass.noise(n->pass.ctx, p->first + r, row);
            } else {
                struct rng rng;
                rng_init(&rng, n->pass.seed, sequence(DRAW_NOISE, n->pass.step, 0));
                rng_seek(&rng, (p->first + r) * ((d + 1) / 2));     /* two normals use one block */
                for (size_t j = 0; j < d; j++)
                    row[j] = (float)rng_normal(&rng);
            }
            for (size_t j = 0; j < d; j++)
                eps[j * lanes + r] = row[j];
        }
    }
    if (logvar && (n->pass.training || n->pass.noise))
        loss_sample(mu, logvar, eps, z, d * lanes);
    else
        memcpy(z, mu, d * lanes * sizeof *z);
    memset(sums, 0, d * 3 * sizeof *sums);
    for (size_t j = 0; j < d; j++) {
        if (logvar)
            loss_kl(mu + j * lanes, logvar + j * lanes, 1, lanes, p->rows, sums + 3 * j, NULL);
        for (size_t r = 0; r < p->rows; r++) {
            double m = (double)mu[j * lanes + r];
            sums[3 * j + 1] += m;
            sums[3 * j + 2] += m * m;
        }
    }
}

static void sample_backward(struct net *n, const struct net_op *o, const struct part *p)
{
    size_t d = n->latent;
    const float *dz = node_at(n, o->y, p, true);
    float *dmu = node_at(n, o->x, p, true);
    if (o->x2 < 0) {
        memcpy(dmu, dz, d * n->lanes * sizeof *dmu);
        return;
    }
    const float *logvar = node_at(n, o->x2, p, false);
    float *dlogvar = node_at(n, o->x2, p, true);
    loss_sample_backward(logvar, o->eps + p->first * d, dz, dmu, dlogvar, d * n->lanes);
    loss_kl_backward(node_at(n, o->x, p, false), logvar, n->pass.kl_scale, dmu, dlogvar, d, n->lanes, p->rows);
}

static void loss(struct net *n, const struct net_op *o, const struct part *p)
{
    size_t size = n->nodes[o->x].size, lanes = o->images ? 1 : n->lanes, each = o->images ? p->rows * size : p->rows;
    float *y = node_at(n, o->x, p, false), *x = node_at(n, o->x2, p, false), *dy = n->trains ? node_at(n, o->x, p, true) : NULL;
    double sum = 0;
    if (o->images || p->rows == lanes) {
        sum = loss_recon(n->pass.recon, y, x, dy, n->pass.recon_scale, size * p->rows);
    } else {
        if (dy)
            memset(dy, 0, size * lanes * sizeof *dy);       /* rows that are not there pull nowhere */
        for (size_t i = 0; i < size; i++)
            sum += loss_recon(n->pass.recon, y + i * lanes, x + i * lanes, dy ? dy + i * lanes : NULL,
                              n->pass.recon_scale, each);
    }
    n->recon[p->shard] = sum;
}

void layer_forward(struct net *n, const struct net_op *o, const struct part *p)
{
    const float *x = node_at(n, o->x, p, false), *w = o->w == SIZE_MAX ? NULL : n->w + o->w;
    const float *bias = o->b == SIZE_MAX ? NULL : n->w + o->b;
    float *y = node_at(n, o->y, p, false);
    size_t in = n->nodes[o->x].size, out = n->nodes[o->y].size;
    size_t count = out * (o->images ? p->rows : n->lanes);
    switch (o->kind) {
    case OP_INPUT: input(n, o, p); break;
    case OP_CONDITION: condition(n, o, p); break;
    case OP_LINEAR: linear_forward(in, out, w, bias, x, y, n->lanes); break;
    case OP_CONV: conv_down(&o->conv, n->packed + o->packed, bias, x, y, p->rows, scratch(n)); break;
    case OP_CONV_UP: conv_up(&o->conv, n->packed + o->packed, bias, x, y, p->rows, scratch(n)); break;
    case OP_NORM_SUMS: if (n->pass.training) norm_sides(n, o, p, false); break;
    case OP_NORM: norm(n, o, p, false); break;
    case OP_ACT: act_forward(o->act, o->slope, x, y, count); break;
    case OP_DROPOUT: dropout(n, o, p, x, y); break;
    case OP_ADD:
        for (size_t i = 0; i < count; i++)
            y[i] += node_at(n, o->x2, p, false)[i];
        break;
    case OP_FLATTEN: case OP_UNFLATTEN: flatten(n, o, p, false); break;
    case OP_SAMPLE: sample(n, o, p); break;
    case OP_LOSS: loss(n, o, p); break;
    }
}

void layer_backward(struct net *n, const struct net_op *o, const struct part *p)
{
    const float *dy = node_at(n, o->y, p, true), *w = o->w == SIZE_MAX ? NULL : n->w + o->w;
    float *dx = node_at(n, o->x, p, true);
    size_t in = n->nodes[o->x].size, out = n->nodes[o->y].size;
    size_t count = out * (o->images ? p->rows : n->lanes);
    if ((o->kind == OP_CONV || o->kind == OP_CONV_UP) && o->b != SIZE_MAX)      /* of this shard, while dy is near */
        conv_bias(dy, n->nodes[o->y].channels, channel_values(n, o->y, p), o->sums + p->shard * n->nodes[o->y].channels);
    if (o->no_dx && o->kind != OP_NORM)
        return;
    switch (o->kind) {
    case OP_INPUT: case OP_LOSS: break;         /* the loss has left its gradient */
    case OP_CONDITION: memcpy(dx, dy, in * n->lanes * sizeof *dx); break;
    case OP_LINEAR: linear_input(in, out, w, dy, dx, o->add); break;
    case OP_CONV: conv_up(&o->conv, n->packed + o->packed, NULL, dy, dx, p->rows, scratch(n)); break;
    case OP_CONV_UP: conv_down(&o->conv, n->packed + o->packed, NULL, dy, dx, p->rows, scratch(n)); break;
    case OP_NORM: norm(n, o, p, true); break;
    case OP_NORM_SUMS: norm_sides(n, o, p, true); break;
    case OP_ACT: act_backward(o->act, o->slope, node_at(n, o->x, p, false), node_at(n, o->y, p, false), dy, dx, count); break;
    case OP_DROPOUT: dropout(n, o, p, dy, dx); break;
    case OP_ADD: memcpy(node_at(n, o->x2, p, true), dy, count * sizeof *dy); break;
    case OP_FLATTEN: case OP_UNFLATTEN: flatten(n, o, p, true); break;
    case OP_SAMPLE: sample_backward(n, o, p); break;
    }
}

void layer_weights(struct net *n, const struct net_task *t, const struct part *p, float *sums, bool last)
{
    const struct net_op *o = &n->ops[t->op];
    const struct net_node *x = &n->nodes[o->x], *y = &n->nodes[o->y];
    const float *from = node_at(n, o->x, p, false), *dy = node_at(n, o->y, p, true);
    size_t blocks = row_blocks(n, p->rows), each = panel_sums(n, o);
    float *to = last ? n->g + o->w : NULL;
    bool up = o->kind == OP_CONV_UP;
    for (size_t i = 0; i < t->n; i++) {
        float *go_on = sums ? sums + i * each : NULL;
        if (o->kind == OP_LINEAR)
            linear_weight(x->size, y->size, from, dy, blocks, (t->first + i) * LINEAR_ROWS, to, go_on);
        else if (o->kind != OP_NORM)
            conv_weight(&o->conv, up ? dy : from, up ? from : dy, to, p->rows, t->first + i, scratch(n), go_on);
    }
    if (t->first > 0)
        return;
    if (o->kind == OP_NORM) {
        const double *back = o->back + shards(n, o->images, n->batch) * x->channels * 2;
        for (size_t c = 0; c < x->channels; c++) {
            n->g[o->b + c] = (float)back[2 * c];
            n->g[o->w + c] = (float)back[2 * c + 1];
        }
    } else if (o->b != SIZE_MAX) {
        for (size_t c = 0; y->image && c < y->channels; c++) {
            double sum = 0;
            for (size_t s = 0; s < shards(n, true, n->pass.rows); s++)
                sum += o->sums[s * y->channels + c];
            n->g[o->b + c] = (float)sum;
        }
        if (!y->image)
            linear_bias(y->size, dy, blocks, last ? n->g + o->b : NULL, sums ? (double *)(void *)(sums + t->n * each) : NULL);
    }
}
