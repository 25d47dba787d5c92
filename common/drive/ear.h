/* ear - a folder with the weights and the tags of a musicnn network
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_EAR_H
#define DRIVE_EAR_H

#include "nn/musicnn.h"

struct ear {
    struct musicnn *net;
    const char **tags;          /* [width of MUSICNN_LOGITS] */
    char sha256[65];            /* of model.safetensors, in hex */
};

/* Read dir/config.json and dir/model.safetensors, F32, F16 or BF16. Ends with ST_STREAM and the reason where they are not
 * whole, not of such a network, or do not go together. It is not freed. */
struct ear *ear_open(const char *dir);

#endif
