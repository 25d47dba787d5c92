/* tower - a net that makes short vectors of long ones: for nets that learn to agree (contrast_fit.h)
 *
 *     input --whiten--> d numbers --linear, ReLU--> ... --linear--> out numbers
 *
 * The first layer, without a bias, is given and is not trained; the others are.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_TOWER_H
#define NN_TOWER_H

#include "nn/net.h"

enum { TOWER_WIDTHS = 16 };

struct tower_config {
    const char *name;           /* of its parameters: NAME.whiten.weight, NAME.0.weight, NAME.0.bias, NAME.2.weight, ... */
    size_t input, d, out;
    size_t widths[TOWER_WIDTHS], n_widths;      /* of the hidden layers */
};

struct tower {
    struct tower_config config;
    struct net *net;
    int white, out;             /* nodes: the d numbers, the last layer's */
    size_t whitened;            /* one past the operations of the first layer */
};

/* What of it a net has. */
enum tower_part { TOWER_WHITEN = 1, TOWER_LAYERS = 2, TOWER_ALL = 3 };

/* For passes of at most `batch` rows, with gradients if it `trains`. Weights are 0. */
struct tower *tower_new(const struct tower_config *c, enum tower_part parts, size_t batch, bool trains);

/* Its layers, and the names and shapes of its weights, with no memory for them: net_build(t->net) gets it. */
struct tower *tower_plan(const struct tower_config *c, enum tower_part parts, size_t batch, bool trains);
void tower_free(struct tower *t);

/* The bytes that tower_new would allocate, and what training needs beside it (net_bytes). */
double tower_bytes(const struct tower_config *c, enum tower_part parts, size_t batch, bool trains);

/* The last pass's row of a node, to or from x[size]: its values, or its gradients. */
void tower_row(const struct tower *t, int node, size_t row, float *x);
void tower_set_gradient(struct tower *t, size_t row, const float *dx);

#endif
