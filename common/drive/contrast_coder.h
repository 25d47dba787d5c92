/* contrast_coder - trained towers at work, on a block of records at once
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_CONTRAST_CODER_H
#define DRIVE_CONTRAST_CODER_H

#include "drive/contrast_model.h"
#include "drive/row.h"

enum { CODER_BLOCK = 256 };     /* records at once */

struct contrast_coder {
    size_t n, out;              /* towers, numbers of a vector */
    const struct head *in;      /* the input's */
    size_t taken;               /* records of the block, set to 0 to begin one */
    struct coder_side {
        const struct contrast_side *model;
        struct tower *tower;
        const char *field;      /* that is read */
        struct row row;
        float *x;               /* [CODER_BLOCK][input] z-scores */
        float *y;               /* [CODER_BLOCK][out] unit vectors */
        bool has[CODER_BLOCK];
    } side[2];
};

/* Read the model and build its towers, which read the fields, or where they are NULL those that they were trained on; nothing
 * in the file is believed (ST_STREAM). in: the input's header, whose columns are compared. */
void contrast_coder_open(struct contrast_coder *c, struct opt_input *file, const struct head *in, const char *const fields[2]);

/* Take down what the record at place `taken` has. False after rec_error. What is nil it does not have; r->nil is left false. */
bool contrast_coder_read(struct contrast_coder *c, struct rec *r);

/* The vectors of the block: y of each side. Uses par_for. */
void contrast_coder_run(struct contrast_coder *c);

/* Side s's vector of the record at a place, or NULL: y[out]. */
float *contrast_coder_vector(struct contrast_coder *c, size_t s, size_t at);

#endif
