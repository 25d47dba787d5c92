/* contrast_model - what contrast-train has learned, as fields of a model's configuration
 *
 * One tower, `a`, or two: the second, `l`, is of the field of --with.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_CONTRAST_MODEL_H
#define DRIVE_CONTRAST_MODEL_H

#include "drive/model.h"
#include "nn/tower.h"

/* What a tower is beside its weights. */
struct contrast_side {
    const char *field;          /* that it was trained on */
    const double *mean, *scale; /* [config.input] of the z-score before the first layer */
    struct tower_config config; /* widths, n_widths and out are those of the model */
};

struct contrast_model { struct contrast_side side[2]; size_t sides; };

/* Names of the towers, and of the fields that are written. */
extern const char *const contrast_names[2];

/* Set the configuration's fields. */
void contrast_model_configure(struct rec *config, const struct contrast_model *m);

/* Read a model; nothing in the file is believed (ST_STREAM). */
struct contrast_model *contrast_model_read(struct opt_input *file, struct model **stream);

#endif
