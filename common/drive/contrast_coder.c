/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/contrast_coder.h"

#include <string.h>

#include "base/mem.h"
#include "drive/net_model.h"
#include "drive/scales.h"
#include "math/vec.h"

void contrast_coder_open(struct contrast_coder *c, struct opt_input *file, const struct head *in, const char *const fields[2])
{
    struct model *stream;
    const struct contrast_model *m = contrast_model_read(file, &stream);
    *c = (struct contrast_coder){ .n = m->sides, .out = m->side[0].config.out, .in = in };
    for (size_t i = 0; i < c->n; i++) {
        struct coder_side *s = &c->side[i];
        s->model = &m->side[i];
        s->field = fields[i] ? fields[i] : s->model->field;
        s->tower = tower_plan(&s->model->config, TOWER_ALL, CODER_BLOCK, false);
        net_model_fits(stream, s->tower->net);
        net_build(s->tower->net);
        net_model_get(stream, s->tower->net);
        s->x = mem_zero(mem_mul(CODER_BLOCK, s->model->config.input), sizeof *s->x);
        s->y = mem_new(CODER_BLOCK * c->out, sizeof *s->y);
        model_same_columns(stream, s->model->field, in, s->field);
    }
    scales_note_missing(model_head(stream), in, file->path);
    model_free(stream);
}

static bool read_side(struct contrast_coder *c, struct coder_side *s, struct rec *r)
{
    struct value v;
    s->has[c->taken] = false;
    if (!rec_need(r, s->field, &v)) {
        bool nil = r->nil;
        r->nil = false;
        return nil;
    }
    s->row.d = s->model->config.input;
    if (!row_read(r, s->field, &v, head_columns(c->in, s->field), &s->row))
        return false;
    float *x = s->x + c->taken * s->row.d;
    for (size_t j = 0; j < s->row.d; j++)
        x[j] = (float)(((double)s->row.x[j] - s->model->mean[j]) / s->model->scale[j]);
    s->has[c->taken] = true;
    return true;
}

bool contrast_coder_read(struct contrast_coder *c, struct rec *r)
{
    for (size_t i = 0; i < c->n; i++)
        if (!read_side(c, &c->side[i], r))
            return false;
    return true;
}

/* Of one that has none, what an earlier one had. */
static void fetch(void *ctx, size_t row, float *x)
{
    const struct coder_side *s = ctx;
    size_t d = s->model->config.input;
    memcpy(x, s->x + row * d, d * sizeof *x);
}

void contrast_coder_run(struct contrast_coder *c)
{
    for (struct coder_side *s = c->side; s < c->side + c->n && c->taken; s++) {
        s->tower->net->pass = (struct net_pass){ .rows = c->taken, .fetch = fetch, .ctx = s };
        net_forward(s->tower->net, 0, SIZE_MAX);
        for (size_t i = 0; i < c->taken; i++) {
            tower_row(s->tower, s->tower->out, i, s->y + i * c->out);
            vec_make_unit(s->y + i * c->out, c->out);
        }
    }
}

float *contrast_coder_vector(struct contrast_coder *c, size_t s, size_t at)
{
    return s < c->n && c->side[s].has[at] ? c->side[s].y + at * c->out : NULL;
}
