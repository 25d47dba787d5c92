/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/vae_coder.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/mem.h"
#include "base/rng.h"
#include "drive/net_model.h"

void vae_coder_open(struct vae_coder *c, struct opt_input *file)
{
    c->model = vae_model_read(file, &c->stream);
    c->v = vae_plan(&c->model->c, 1, false);
    net_model_fits(c->stream, c->v->net);
    net_build(c->v->net);
    net_model_get(c->stream, c->v->net);
}

void vae_coder_close(struct vae_coder *c)
{
    vae_free(c->v);
    vae_model_free(c->model);
    model_free(c->stream);
}

void *vae_worker_new(void *coder)
{
    struct vae_worker *w = mem_zero(1, sizeof *w);
    w->coder = coder;
    w->v = vae_new(&w->coder->model->c, 1, false);
    net_borrow(w->v->net, w->coder->v->net);
    w->hot = mem_new(w->coder->model->labels->n, sizeof *w->hot);
    w->eps = mem_new(w->v->config.latent, sizeof *w->eps);
    return w;
}

void vae_worker_free(void *worker)
{
    struct vae_worker *w = worker;
    vae_free(w->v);
    free(w->row.x);
    free(w->hot);
    free(w->eps);
    free(w);
}

static void fetch_row(void *worker, size_t row, float *x)
{
    const struct vae_worker *w = worker;
    (void)row;
    memcpy(x, w->row.x, w->v->config.input * sizeof *x);
}

void vae_worker_pass(struct vae_worker *w)
{
    w->v->net->pass = (struct net_pass){ .rows = 1, .fetch = fetch_row, .ctx = w, .hot = w->hot,
                                         .n_hot = w->coder->model->labels->n, .recon = w->coder->model->recon };
}

static void fetch_noise(void *worker, size_t row, float *eps)
{
    const struct vae_worker *w = worker;
    (void)row;
    memcpy(eps, w->eps, w->v->config.latent * sizeof *eps);
}

void vae_worker_draw(struct vae_worker *w, uint64_t seed, struct text id)
{
    struct rng rng;
    rng_init(&rng, seed, XXH3_64bits(id.p, id.n));
    for (size_t j = 0; j < w->v->config.latent; j++)
        w->eps[j] = (float)rng_normal(&rng);
    w->v->net->pass.noise = fetch_noise;
}
