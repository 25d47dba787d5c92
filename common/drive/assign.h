/* assign - the driver of clusterers that label vectors by a model, a block at a time, and hold no others
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_ASSIGN_H
#define DRIVE_ASSIGN_H

#include "drive/clusters.h"
#include "drive/fitted.h"

struct assign {
    struct clusters *arg;           /* the options */
    const char *name;               /* what the side field is called (item_side): "distance" */
    const size_t *d;                /* numbers of a vector, once there is a model */
    const size_t *wide;             /* numbers of the side field, a vector; NULL: it is one number */

    /* Label x[n][*d]: label[n], and the side field of each, float [n][*wide], or double [n]. All threads are its own. */
    void (*label)(const float *x, size_t n, int32_t *label, void *side);

    const struct model_part *parts;
    const char *(*check)(void);             /* of a loaded model, or NULL: both as in drive/fitted.h */
    void (*fit)(struct rec_in *in);         /* the first pass, where --model is not given; NULL: it is */
};

/* Load the model or fit it, then write all records with their labels and side fields; returns the exit status. */
int assign_run(const struct prog *prog, const struct assign *a, char **operands);

#endif
