/* model - auto-encoders as streams of kind "model", and the state of a run as one
 *
 * The only file of this room that knows streams. A model is a configuration and a tensor
 * for each parameter, named as in PyTorch; a checkpoint is a model, too, with the tensors
 * that the run needs to go on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_VAE_MODEL_H
#define DRIVE_VAE_MODEL_H

#include "drive/labels.h"
#include "drive/model.h"
#include "nn/vae_fit.h"

/* What a trained auto-encoder is, beside its weights. */
struct vae_model {
    struct vae_config c;
    size_t shape[2];            /* of an input: numbers, or rows and columns */
    char field[64];             /* that it was trained on */
    enum recon recon;           /* bce: the decoder's output goes through a sigmoid */
    bool mean;
    double beta;
    struct labels *labels;      /* of the condition */
};

extern const char *const vae_act_names, *const vae_recon_names;    /* "a|b|c" in the order of the enums */

/* Write the model, and with `checkpoint` what f needs to go on. `settings`: the options
 * that a resumed run must share. path NULL: stdout. */
void vae_model_write(const struct prog *prog, const struct rec_in *in, const char *path, const struct vae_model *m,
                     const struct vae *v, const struct fit *f, bool checkpoint, const char *settings);

/* Read a model. */
struct vae_model *vae_model_read(struct opt_input *file, struct model **stream);
void vae_model_free(struct vae_model *m);

/* The network with its weights, for one record at a time. */
struct vae *vae_model_net(const struct vae_model *m, const struct model *stream);

/* Another one that uses v's weights: for another thread. Freed before v. */
struct vae *vae_model_borrow(const struct vae_model *m, const struct vae *v);

/* Let v and f go on where the checkpoint at `path` was written; it must have the settings.
 * Ends with ST_USAGE or ST_STREAM. */
void vae_model_resume(const char *path, const char *settings, struct vae *v, struct fit *f);

#endif
