/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/par.h"
#include "nn/tape.h"

static struct part part_of(const struct net *n, bool images, size_t shard)
{
    size_t size = images ? NET_IMAGES : n->lanes, first = shard * size, left = n->pass.rows - first;
    return (struct part){ .shard = shard, .first = first, .rows = left < size ? left : size };
}

struct stretch { struct net *n; size_t first, upto, back_from, shard; bool images; };

/* Operations first ... upto-1 forward, then from upto-1 down to back_from backward. */
static void run_shard(size_t shard, void *state)
{
    const struct stretch *s = state;
    struct part p = part_of(s->n, s->images, s->shard + shard);
    for (size_t i = s->first; i < s->upto; i++)
        layer_forward(s->n, &s->n->ops[i], &p);
    for (size_t i = s->upto; i-- > s->back_from; )
        layer_backward(s->n, &s->n->ops[i], &p);
}

struct packing { struct net *n; size_t first; bool backward; };

static void pack_part(size_t i, void *state)
{
    const struct packing *p = state;
    const struct net_op *o = &p->n->ops[p->first + i / CONV_PARTS];
    if (o->kind == OP_CONV || o->kind == OP_CONV_UP)
        conv_pack(&o->conv, (o->kind == OP_CONV_UP) != p->backward, p->n->w + o->w, p->n->packed + o->packed, i % CONV_PARTS);
}

/* Pack the weights of the convolutions among operations first ... upto-1. */
static void pack_weights(struct net *n, size_t first, size_t upto, bool backward)
{
    struct packing p = { n, first, backward };
    if (n->n_packed)
        par_for((upto - first) * CONV_PARTS, pack_part, &p);
}

/* Where weights are packed, only one of the two directions is run at once. */
static void run_all(struct net *n, size_t first, size_t upto, size_t back_from)
{
    bool images = n->ops[upto - 1].images;
    struct shard_range own = chain_own(n, images);
    struct stretch s = { n, first, upto, back_from, own.first, images };
    if (n->trains)
        pack_weights(n, first < upto ? first : back_from, upto, first == upto);
    par_for(own.n, run_shard, &s);
}

static void between(struct net *n, const struct net_op *o, bool backward)
{
    chain_share(n, o->images, backward ? o->back : o->sums, 2 * n->nodes[o->x].channels);
    layer_between(n, o, backward);
}

/* One past the last operation that may run without waiting from `first` on. */
static size_t stretch_end(const struct net *n, size_t first, size_t upto)
{
    size_t end = first + 1;
    while (end < upto && !n->ops[end].wait)
        end++;
    return end;
}

static size_t stretch_begin(const struct net *n, size_t upto)
{
    size_t first = upto - 1;
    while (first > 0 && !n->ops[first].wait)
        first--;
    return first;
}

void net_forward(struct net *n, size_t first, size_t upto)
{
    upto = upto < n->n_ops ? upto : n->n_ops;
    for (size_t end; first < upto; first = end) {
        end = stretch_end(n, first, upto);
        if (n->ops[first].kind == OP_NORM)
            between(n, &n->ops[first], false);
        run_all(n, first, end, end);
    }
}

static void run_task(size_t task, void *state)
{
    struct net *n = state;
    layer_weights(n, &n->tasks[task], &(struct part){ .rows = n->pass.rows }, NULL, true);
}

/* From operation `last` down, what is left of the backward pass; then all weights' gradients. */
static void finish_backward(struct net *n, size_t last)
{
    while (last > 0) {
        size_t upto = last;
        if (n->ops[last].kind == OP_NORM)
            between(n, &n->ops[last], true);
        last = stretch_begin(n, upto);
        run_all(n, upto, upto, last);
    }
    if (n->sums)
        chain_run(n);
    else
        par_for(n->n_tasks, run_task, n);
}

void net_backward(struct net *n)
{
    size_t last = stretch_begin(n, n->n_ops);
    run_all(n, n->n_ops, n->n_ops, last);
    finish_backward(n, last);
}

void net_train(struct net *n)
{
    size_t last = stretch_begin(n, n->n_ops);
    if (n->n_packed) {
        net_forward(n, 0, SIZE_MAX);
        net_backward(n);
        return;
    }
    net_forward(n, 0, last);            /* the last stretch goes back at once, while its shard is near */
    if (n->ops[last].kind == OP_NORM)
        between(n, &n->ops[last], false);
    run_all(n, last, n->n_ops, last);
    finish_backward(n, last);
}

void net_changed(struct net *n)
{
    if (!n->trains)
        pack_weights(n, 0, n->n_ops, false);
}

double net_sums(const struct net *n, double *sums)
{
    bool images = n->ops[n->n_ops - 1].images;
    double recon = 0;
    chain_share(n, images, n->recon, 1);
    if (sums)
        chain_share(n, false, n->latents, n->latent * 3);
    for (size_t s = 0; s < shards(n, images, n->pass.rows); s++)
        recon += n->recon[s];
    if (sums)
        memset(sums, 0, n->latent * 3 * sizeof *sums);
    for (size_t s = 0; sums && s < row_blocks(n, n->pass.rows); s++)
        for (size_t j = 0; j < n->latent * 3; j++)
            sums[j] += n->latents[s * n->latent * 3 + j];
    return recon;
}
