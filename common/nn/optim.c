/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/optim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/par.h"

enum { BLOCK = 1 << 14 };       /* most weights of a task of the update */

void adam_step(const struct adam *a, double lr, uint64_t t, double clip, float *w, const float *g, float *m, float *v,
               size_t n)
{
    double c1 = 1 - pow(a->beta1, (double)t), c2 = 1 - pow(a->beta2, (double)t);
    float b1 = (float)a->beta1, b2 = (float)a->beta2, n1 = (float)(1 - a->beta1), n2 = (float)(1 - a->beta2);
    float rate = (float)(lr / c1), root = (float)(1 / sqrt(c2)), eps = (float)a->eps, scale = (float)clip;
    float l2 = a->decoupled ? 0 : (float)a->weight_decay;
    float keep = a->decoupled ? (float)(1 - lr * a->weight_decay) : 1;
    for (size_t i = 0; i < n; i++) {
        float d = g[i] * scale + l2 * w[i];
        m[i] = b1 * m[i] + n1 * d;
        v[i] = b2 * v[i] + n2 * d * d;
        w[i] = keep * w[i] - rate * (m[i] / (sqrtf(v[i]) * root + eps));
    }
}

double clip_factor(double norm, double limit)
{
    double f = limit > 0 ? limit / (norm + 1e-6) : 1;
    return f < 1 ? f : 1;
}

double clip_squares(const float *g, size_t n)
{
    enum { LANES = 16 };
    double part[LANES] = { 0 }, sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            part[j] += (double)g[i + j] * (double)g[i + j];
    for (; i < n; i++)
        part[0] += (double)g[i] * (double)g[i];
    for (size_t j = 0; j < LANES; j++)
        sum += part[j];
    return sum;
}

/* A block of one tensor, and where their moments lie. */
struct optim_block { float *w; const float *g; size_t moments, n; };

void optim_new(struct optim *o, const struct adam *adam, double clip, const struct weights *weights, size_t n_weights)
{
    size_t cap = 0;
    *o = (struct optim){ .adam = *adam, .clip = clip };
    for (size_t i = 0; i < n_weights; i++) {
        const struct weights *s = &weights[i];
        for (size_t at = 0; s->g && at < s->n; at += BLOCK) {
            mem_grow(&o->blocks, &cap, o->n_blocks + 1, sizeof *o->blocks);
            o->blocks[o->n_blocks++] = (struct optim_block){ s->w + at, s->g + at, o->n + at,
                                                             s->n - at < BLOCK ? s->n - at : BLOCK };
        }
        o->n += s->g ? weights_size(s) : 0;
    }
    o->m = mem_aligned_zero(o->n, sizeof *o->m);
    o->v = mem_aligned_zero(o->n, sizeof *o->v);
}

void optim_free(struct optim *o)
{
    free(o->m);
    free(o->v);
    free(o->blocks);
}

struct update { struct optim *o; double lr, clip, *squares; };

static void square_block(size_t block, void *state)
{
    const struct update *u = state;
    u->squares[block] = clip_squares(u->o->blocks[block].g, u->o->blocks[block].n);
}

static void update_block(size_t block, void *state)
{
    const struct update *u = state;
    const struct optim_block *b = &u->o->blocks[block];
    adam_step(&u->o->adam, u->lr, u->o->t, u->clip, b->w, b->g, u->o->m + b->moments, u->o->v + b->moments, b->n);
}

bool optim_step(struct optim *o, double lr)
{
    struct update u = { .o = o, .lr = lr, .clip = 1 };
    o->norm = 0;
    if (o->clip > 0) {
        u.squares = mem_new(o->n_blocks, sizeof *u.squares);
        par_for(o->n_blocks, square_block, &u);
        for (size_t b = 0; b < o->n_blocks; b++)
            o->norm += u.squares[b];
        free(u.squares);
        o->norm = sqrt(o->norm);
        u.clip = clip_factor(o->norm, o->clip);
    }
    if (!isfinite(o->norm))
        return false;
    o->t++;
    par_for(o->n_blocks, update_block, &u);
    return true;
}

double rate_at(const struct rate *r, double epoch, uint64_t step)
{
    double lr = r->lr;
    if (r->kind == SCHEDULE_COSINE)
        lr = r->lr_min + 0.5 * (r->lr - r->lr_min) * (1 + cos(3.14159265358979323846 * epoch / r->epochs));
    else if (r->kind == SCHEDULE_STEP)
        lr = r->lr * pow(r->gamma, floor(epoch / r->step_size));
    return (double)step + 1 < r->warmup ? lr * ((double)step + 1) / r->warmup : lr;
}
