/* vae_coder - a trained auto-encoder at work: what vae-encode and vae-decode share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_VAE_CODER_H
#define DRIVE_VAE_CODER_H

#include "drive/map.h"
#include "drive/row.h"
#include "drive/vae_model.h"

struct vae_coder {
    struct model *stream;
    struct vae_model *model;
    struct vae *v;              /* has the weights */
};

/* Read the model and build its net; nothing in the file is believed (ST_STREAM). */
void vae_coder_open(struct vae_coder *c, struct opt_input *file);
void vae_coder_close(struct vae_coder *c);

/* A thread's own: a net that uses the coder's weights, on one record at a time. */
struct vae_worker {
    const struct vae_coder *coder;
    struct vae *v;
    struct row row;             /* what goes in */
    uint32_t *hot;              /* the record's columns of the condition */
    float *eps;                 /* [latent] */
};

/* For struct map, whose state is the coder or begins with one. */
void *vae_worker_new(void *coder);
void vae_worker_free(void *worker);

/* Let the next pass be on row.x and hot. */
void vae_worker_pass(struct vae_worker *w);

/* And let it draw its code: from seed and id, so the same for any order and any split of a stream. */
void vae_worker_draw(struct vae_worker *w, uint64_t seed, struct text id);

#endif
