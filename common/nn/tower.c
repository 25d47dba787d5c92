/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/tower.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "nn/linear.h"

struct tower *tower_plan(const struct tower_config *c, enum tower_part parts, size_t batch, bool trains)
{
    struct tower *t = mem_zero(1, sizeof *t);
    struct net *n = t->net = net_new(batch, LINEAR_ROWS, trains);
    char name[NET_NAME];
    t->config = *c;
    int x = net_rows(n, parts & TOWER_WHITEN ? c->input : c->d);
    if (parts & TOWER_WHITEN) {
        snprintf(name, sizeof name, "%s.whiten", c->name);
        x = net_linear(n, x, c->d, false, name);
    }
    t->white = x;
    t->whitened = n->n_ops;
    for (size_t i = 0; parts & TOWER_LAYERS && i <= c->n_widths; i++) {
        snprintf(name, sizeof name, "%s.%zu", c->name, 2 * i);
        x = net_linear(n, x, i < c->n_widths ? c->widths[i] : c->out, true, name);
        if (i < c->n_widths)
            x = net_act(n, x, ACT_RELU, 0);
    }
    t->out = x;
    return t;
}

struct tower *tower_new(const struct tower_config *c, enum tower_part parts, size_t batch, bool trains)
{
    struct tower *t = tower_plan(c, parts, batch, trains);
    net_build(t->net);
    return t;
}

double tower_bytes(const struct tower_config *c, enum tower_part parts, size_t batch, bool trains)
{
    struct tower *t = tower_plan(c, parts, batch, trains);
    double bytes = net_bytes(t->net);
    tower_free(t);
    return bytes;
}

void tower_free(struct tower *t)
{
    if (!t)
        return;
    net_free(t->net);
    free(t);
}

/* Rows lie side by side: linear.h. */
static size_t place(size_t size, size_t row) { return row / LINEAR_ROWS * size * LINEAR_ROWS + row % LINEAR_ROWS; }

void tower_row(const struct tower *t, int node, size_t row, float *x)
{
    const struct net_node *of = &t->net->nodes[node];
    const float *from = of->y + place(of->size, row);
    for (size_t i = 0; i < of->size; i++)
        x[i] = from[i * LINEAR_ROWS];
}

void tower_set_gradient(struct tower *t, size_t row, const float *dx)
{
    const struct net_node *of = &t->net->nodes[t->out];
    float *to = of->dy + place(of->size, row);
    for (size_t i = 0; i < of->size; i++)
        to[i * LINEAR_ROWS] = dx[i];
}
