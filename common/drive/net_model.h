/* net_model - the parameters of a net as the tensors of a model, named as in PyTorch
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_NET_MODEL_H
#define DRIVE_NET_MODEL_H

#include "drive/model.h"
#include "nn/net.h"

/* Write a tensor for each parameter of n: weights and running statistics. */
void net_model_put(struct model_out *out, const struct net *n);

/* End with ST_STREAM unless m has a tensor of each parameter's name and shape; n may be a plan, without memory:
 * what a model claims is not allocated before its weights are there. */
void net_model_fits(const struct model *m, const struct net *n);

/* Set n's parameters to the tensors of their names; ends with ST_STREAM if one is missing or has
 * another shape. */
void net_model_get(const struct model *m, struct net *n);

#endif
