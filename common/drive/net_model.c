/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/net_model.h"

#include <stdlib.h>
#include <string.h>

void net_model_put(struct model_out *out, const struct net *n)
{
    for (const struct net_param *p = n->params; p < n->params + n->n_params; p++)
        model_put(out, p->name, T_F4, p->ndim, p->shape, net_values(n, p));
}

void net_model_fits(const struct model *m, const struct net *n)
{
    for (const struct net_param *p = n->params; p < n->params + n->n_params; p++) {
        size_t shape[TENSOR_DIMS];
        model_shape(m, p->name, p->ndim, shape);
        for (int k = 0; k < p->ndim; k++)
            if (shape[k] != p->shape[k])
                model_bad(m, p->name);
    }
}

void net_model_get(const struct model *m, struct net *n)
{
    net_model_fits(m, n);
    for (const struct net_param *p = n->params; p < n->params + n->n_params; p++) {
        size_t shape[TENSOR_DIMS];
        float *x = model_f32(m, p->name, p->ndim, shape);
        memcpy(net_values(n, p), x, p->count * sizeof *x);
        free(x);
    }
    net_changed(n);
}
