/* vae-decode - from codes back to what an auto-encoder was trained on
 *
 * in      records with a code x
 * out     the same records with x, or for a convolutional model logmel, in place of the code;
 *         with --traverse several of each
 * memory  the weights, one record for each thread
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drive/map.h"
#include "drive/slurp.h"
#include "drive/vae_model.h"

static struct {
    const char *in, *out;
    struct opt_input model;
    bool keep;
    int64_t traverse, steps;
    double range;
} arg = { .in = "x", .traverse = -1, .steps = 7, .range = 3 };

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_INPUT('m', "model", &arg.model, "the model, of vae-train"),
    OPT_INT(0, "traverse", &arg.traverse, -1, 1 << 20, "walk along this latent, counted from 0; -1: no walk"),
    OPT_INT(0, "steps", &arg.steps, 1, 10000, "records of a walk"),
    OPT_F64(0, "range", &arg.range, 0, 1e6, "a walk goes from minus this to plus this"),
    OPT_END
};
static const struct prog prog = {
    .name = "vae-decode", .brief = "from codes back to what an auto-encoder was trained on", .in = IO_RECORDS,
    .out = IO_RECORDS, .reads = "x vector", .writes = "x vector", .example = "-m MODEL",
    .conv = "torch-2.13", .opts = opts, .also = map_also,
};

static const struct head *in_head;
static struct vae_model *model;
static struct vae *shared;

struct worker {
    struct vae *v;
    struct row row;
    uint32_t *hot;
};

static void *worker_new(void *state)
{
    (void)state;
    struct worker *w = mem_zero(1, sizeof *w);
    w->v = vae_model_borrow(model, shared);
    w->hot = mem_new(model->labels->n, sizeof *w->hot);
    return w;
}

static void worker_free(void *worker)
{
    struct worker *w = worker;
    vae_free(w->v);
    free(w->row.x);
    free(w->hot);
    free(w);
}

/* Decode the code in row.x into the record's output. */
static bool decode(struct rec *r, struct worker *w)
{
    struct net *n = w->v->net;
    float *y = n->nodes[w->v->out].y;
    memcpy(n->nodes[w->v->z].y, w->row.x, model->c.latent * sizeof *y);
    n->pass = (struct net_pass){ .rows = 1, .hot = w->hot, .n_hot = model->labels->n };
    net_forward(n, w->v->coded, w->v->decoded);
    if (model->recon == RECON_BCE)
        act_forward(ACT_SIGMOID, 0, y, y, model->c.input);
    for (size_t i = 0; i < model->c.input; i++)
        if (!isfinite(y[i]))
            return rec_error(r, "what the code stands for is not finite");
    rec_set_tensor(r, arg.out, T_F4, model->c.conv ? 2 : 1, model->shape, y);
    return true;
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct worker *w = worker;
    w->row.d = model->c.latent;
    if (!row_read(r, arg.in, in, head_columns(in_head, arg.in), &w->row))
        return false;
    if (!labels_find(model->labels, r, w->hot))
        return r->nil ? rec_pass_nil(r, arg.out) : false;
    if (arg.traverse < 0)
        return decode(r, w);
    struct text id = rec_id(r);
    char *stem = mem_text(id.p, id.n), *name = mem_new(id.n + 32, 1);
    bool good = true;
    for (int64_t s = 0; good && s < arg.steps; s++) {
        double at = arg.steps == 1 ? 0 : arg.range * (2 * (double)s / (double)(arg.steps - 1) - 1);
        w->row.x[arg.traverse] = (float)at;
        int len = snprintf(name, id.n + 32, "%s#%04lld", stem, (long long)s);
        rec_set_str(r, "id", name, (size_t)len);
        rec_set_int(r, "latent", arg.traverse);
        rec_set_f64(r, "value", at);
        good = decode(r, w);
        if (good && strcmp(arg.out, arg.in) != 0 && !arg.keep)
            rec_del(r, arg.in);
        if (good)
            rec_emit(r);
    }
    free(stem);
    free(name);
    return good;
}

static void header(struct head *h, void *state)
{
    const struct columns *c = head_columns(state, model->field);
    head_set_columns(h, arg.out, c ? (const char *const *)c->names : NULL, c ? c->n : 0);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct model *stream;
    if (!arg.model.path)
        opt_misuse(&prog, "--model is missing");
    model = vae_model_read(&arg.model, &stream);
    if (arg.traverse >= (int64_t)model->c.latent)
        opt_misuse(&prog, "--traverse %lld: the model has latents 0 to %zu", (long long)arg.traverse, model->c.latent - 1);
    shared = vae_model_net(model, stream);
    arg.out = arg.out ? arg.out : model->c.conv ? model->field : arg.in;
    struct head trained;                /* its columns come back */
    head_copy(&trained, model_head(stream));
    struct rec_in *in = rec_open(&prog, operands, false);
    in_head = rec_head(in);
    int status = map_run(&(struct map){ .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process, .state = &trained,
                         .worker_new = worker_new, .worker_free = worker_free, .header = header }, in, rec_create(&prog, in));
    head_free(&trained);
    vae_free(shared);
    vae_model_free(model);
    model_free(stream);
    return status;
}
