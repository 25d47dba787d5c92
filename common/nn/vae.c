/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/vae.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/linear.h"

/* ---- the layers ---- */

/* Geometry of the i-th convolution. */
static struct conv geometry(const struct vae_config *c, size_t i)
{
    struct conv g = { .kernel = c->kernel, .stride = c->stride, .pad = (c->kernel - 1) / 2, .out = 1, .oh = c->h, .ow = c->w };
    for (size_t k = 0; k <= i; k++) {
        g.in = g.out;
        g.h = g.oh;
        g.w = g.ow;
        g.out = c->widths[k];
        g.oh = conv_size(g.h, g.kernel, g.stride, g.pad);
        g.ow = conv_size(g.w, g.kernel, g.stride, g.pad);
    }
    return g;
}

const char *vae_check(const struct vae_config *c)
{
    if (c->conv && (c->kernel > CONV_KERNEL || c->stride > CONV_STRIDE || c->stride > c->kernel))
        return "the kernel must be at most 16, and the stride at most 8 and no larger than the kernel";
    for (size_t i = 0; c->conv && i < c->n_widths; i++) {
        struct conv g = geometry(c, i);
        if (g.oh < 1 || g.ow < 1)
            return "the images are too small for so many convolutions";
    }
    if (c->conv && c->residual)
        return "convolutions have no residual blocks";
    return NULL;
}

/* A layer's name: part.number[.leaf]; each module has a number, as in PyTorch's Sequential. */
struct namer { const char *part; int next; char name[NET_NAME]; };

static const char *layer_name(struct namer *s, const char *leaf)
{
    snprintf(s->name, sizeof s->name, "%s.%d%s", s->part, s->next, leaf);
    return s->name;
}

/* Normalisation and activation after a layer. */
static int add_activation(const struct vae_config *c, struct net *n, struct namer *s, int x, bool normed)
{
    s->next++;
    if (normed) {
        x = net_batch_norm(n, x, layer_name(s, ""));
        s->next++;
    }
    x = net_act(n, x, c->act, c->slope);
    s->next++;
    return x;
}

static int add_dropout(const struct vae_config *c, struct net *n, struct namer *s, int x)
{
    if (c->dropout > 0) {
        x = net_dropout(n, x, (float)c->dropout);
        s->next++;
    }
    return x;
}

static int add_dense(const struct vae_config *c, struct net *n, struct namer *s, int x, size_t width)
{
    bool normed = c->batch_norm || c->residual;
    x = add_activation(c, n, s, net_linear(n, x, width, !normed, layer_name(s, "")), normed);
    if (c->residual) {
        int skip = x;
        x = net_linear(n, x, width, false, layer_name(s, ".fc1"));
        x = net_act(n, net_batch_norm(n, x, layer_name(s, ".bn1")), c->act, c->slope);
        x = net_linear(n, x, width, false, layer_name(s, ".fc2"));
        x = net_add(n, net_batch_norm(n, x, layer_name(s, ".bn2")), skip);
        x = net_act(n, x, c->act, c->slope);
        s->next++;
    }
    return add_dropout(c, n, s, x);
}

struct vae *vae_plan(const struct vae_config *c, size_t batch, bool trains)
{
    struct vae *v = mem_zero(1, sizeof *v);
    struct net *n = v->net = net_new(batch, batch == 1 && !trains ? 1 : LINEAR_ROWS, trains);
    struct namer enc = { "enc", 0, "" }, dec = { "dec", 0, "" };
    v->config = *c;
    int in = c->conv ? net_image(n, 1, c->h, c->w) : net_rows(n, c->input), x = in;
    if (c->condition && !c->conv)
        x = net_condition(n, x, c->condition);
    for (size_t i = 0; i < c->n_widths; i++) {
        if (!c->conv) {
            x = add_dense(c, n, &enc, x, c->widths[i]);
            continue;
        }
        struct conv g = geometry(c, i);
        x = add_activation(c, n, &enc, net_conv(n, x, &g, !c->batch_norm, layer_name(&enc, "")), c->batch_norm);
        x = add_dropout(c, n, &enc, x);
    }
    size_t flat = n->nodes[x].size;
    if (c->conv)
        x = net_flatten(n, x);
    if (c->conv && c->condition)
        x = net_condition(n, x, c->condition);
    v->mu = net_linear(n, x, c->latent, true, c->variational ? "mu" : "code");
    v->logvar = c->variational ? net_linear(n, x, c->latent, true, "logvar") : -1;
    v->z = x = net_sample(n, v->mu, v->logvar, (float)c->logvar_max);
    v->coded = n->n_ops;
    if (c->condition)
        x = net_condition(n, x, c->condition);
    if (c->conv)
        x = net_unflatten(n, net_linear(n, x, flat, true, "up"), c->widths[c->n_widths - 1]);
    for (size_t i = c->n_widths; i-- > 0; ) {
        if (!c->conv) {
            x = add_dense(c, n, &dec, x, c->widths[i]);
            continue;
        }
        struct conv g = geometry(c, i);
        x = net_conv_transposed(n, x, &g, !c->batch_norm || i == 0, layer_name(&dec, ""));
        if (i > 0)
            x = add_dropout(c, n, &dec, add_activation(c, n, &dec, x, c->batch_norm));
    }
    v->out = c->conv ? x : net_linear(n, x, c->input, true, layer_name(&dec, ""));
    v->decoded = n->n_ops;
    net_loss(n, v->out, in);
    return v;
}

double vae_bytes(const struct vae_config *c, size_t batch, bool trains)
{
    struct vae *v = vae_plan(c, batch, trains);
    double bytes = net_bytes(v->net);
    vae_free(v);
    return bytes;
}

struct vae *vae_new(const struct vae_config *c, size_t batch, bool trains)
{
    struct vae *v = vae_plan(c, batch, trains);
    net_build(v->net);
    return v;
}

void vae_free(struct vae *v)
{
    if (!v)
        return;
    net_free(v->net);
    free(v);
}

void vae_init(struct vae *v, uint64_t seed)
{
    net_init(v->net, seed, 0);
}

/* ---- the loss ---- */

struct step {
    struct vae *v;
    const struct vae_loss *l;
    struct vae_result *r;
    float *kl_scale;
    double *sums;               /* [latent][3] */
};

/* What recon and KL sums are divided by. */
static double per_recon(const struct step *s)
{
    return (double)s->v->net->pass.rows * (s->l->mean ? (double)s->v->config.input : 1);
}

static double per_kl(const struct step *s)
{
    return (double)s->v->net->pass.rows * (s->l->mean ? (double)s->v->config.latent : 1);
}

/* From the sums of the forward pass: the loss, and what each latent's KL gradient is
 * multiplied by. With free bits f the term is the sum over latents of max(f, KL of the
 * batch's mean) (Kingma et al. 2016, equation 15), whose gradient is 0 below f. */
static void set_loss(struct step *s)
{
    const struct net *n = s->v->net;
    double recon = net_sums(n, s->sums) / per_recon(s), kl = 0, counted = 0;
    for (size_t j = 0; j < n->latent; j++) {
        double each = s->sums[3 * j] / (double)n->pass.rows, to_term = (double)n->pass.rows / per_kl(s);
        bool free_of = each < s->l->free_bits;
        kl += each * to_term;
        counted += (free_of ? s->l->free_bits : each) * to_term;
        s->kl_scale[j] = free_of ? 0 : (float)(s->l->kl_weight / per_kl(s));
    }
    s->r->recon = recon;
    s->r->kl = kl;
    s->r->loss = recon + s->l->kl_weight * counted;
    if (s->r->latents)
        memcpy(s->r->latents, s->sums, n->latent * 3 * sizeof *s->sums);
}

static struct step begin_loss(struct vae *v, const struct vae_loss *l, struct vae_result *r)
{
    struct net *n = v->net;
    struct step s = { .v = v, .l = l, .r = r };
    s.kl_scale = mem_new(n->latent, sizeof *s.kl_scale);
    s.sums = mem_new(n->latent * 3, sizeof *s.sums);
    for (size_t j = 0; j < n->latent; j++)
        s.kl_scale[j] = (float)(l->kl_weight / per_kl(&s));
    n->pass.recon = l->recon;
    n->pass.recon_scale = (float)(1 / per_recon(&s));
    n->pass.kl_scale = s.kl_scale;
    return s;
}

static void end_loss(struct step *s)
{
    s->v->net->pass.kl_scale = NULL;
    free(s->kl_scale);
    free(s->sums);
}

void vae_gradients(struct vae *v, const struct vae_loss *l, struct vae_result *r)
{
    struct step s = begin_loss(v, l, r);
    v->net->pass.training = true;
    if (l->free_bits > 0) {             /* which latents are free is known when all rows are through */
        net_forward(v->net, 0, SIZE_MAX);
        set_loss(&s);
        net_backward(v->net);
    } else {
        net_train(v->net);
        set_loss(&s);
    }
    end_loss(&s);
}

void vae_loss(struct vae *v, const struct vae_loss *l, struct vae_result *r)
{
    struct step s = begin_loss(v, l, r);
    v->net->pass.training = false;
    net_forward(v->net, 0, SIZE_MAX);
    set_loss(&s);
    end_loss(&s);
}
