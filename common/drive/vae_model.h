/* vae_model - what a trained auto-encoder is, as fields of a model's configuration
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_VAE_MODEL_H
#define DRIVE_VAE_MODEL_H

#include "drive/labels.h"
#include "drive/model.h"
#include "nn/vae.h"

/* What a trained auto-encoder is, beside its weights. */
struct vae_model {
    struct vae_config c;
    size_t shape[2];            /* of an input: numbers, or rows and columns */
    char *field;                /* that it was trained on */
    enum recon recon;           /* bce: the decoder's output goes through a sigmoid */
    bool mean;
    double beta;
    struct labels *labels;      /* of the condition */
};

/* Set the configuration's fields. */
void vae_model_configure(struct rec *config, const struct vae_model *m);

/* Read a model. */
struct vae_model *vae_model_read(struct opt_input *file, struct model **stream);
void vae_model_free(struct vae_model *m);

/* The settings of an old checkpoint, a text with the places of words, as a map of today
 * (drive/settings); what `in` is to be held against is known by its hash. */
void vae_model_old_settings(struct text then, const struct rec_in *in, struct msg_buf *map);

#endif
