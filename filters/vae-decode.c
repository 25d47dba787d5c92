/* vae-decode - decode codes with a trained auto-encoder
 *
 * in      records with a code x
 * out     the same records with x, or for a convolutional model logmel, in place of the code;
 *         with --traverse several of each
 * memory  the weights, one record for each thread
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drive/piece.h"
#include "drive/vae_coder.h"

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
    OPT_INPUT('m', "model", &arg.model, "the model, from vae-train"),
    OPT_INT(0, "traverse", &arg.traverse, -1, 1 << 20, "walk along this latent, counted from 0; -1: no walk"),
    OPT_INT(0, "steps", &arg.steps, 1, 10000, "records in a walk"),
    OPT_F64(0, "range", &arg.range, 0, 1e6, "a walk goes from minus this to plus this"),
    REQUIRED("model", "what vae-train wrote"),
    NEEDS("steps", "traverse"),
    NEEDS("range", "traverse"),
    OPT_END
};
static const struct prog prog = {
    .name = "vae-decode", .brief = "decode codes with a trained auto-encoder", .in = IO_RECORDS,
    .out = IO_RECORDS, .reads = "x vector", .writes = "x vector", .example = "-m MODEL",
    .conv = "torch-2.13", .alone = "", .opts = opts, .also = map_also,
};

static const struct head *in_head;
static struct vae_coder coder;
static struct vae_model *model;

/* Decode the code in row.x into the record's output. */
static bool decode_code(struct rec *r, struct vae_worker *w)
{
    struct net *n = w->v->net;
    float *y = n->nodes[w->v->out].y;
    memcpy(n->nodes[w->v->z].y, w->row.x, model->c.latent * sizeof *y);
    vae_worker_pass(w);
    net_forward(n, w->v->coded, w->v->decoded);
    if (model->recon == RECON_BCE)
        act_forward(ACT_SIGMOID, 0, y, y, model->c.input);
    for (size_t i = 0; i < model->c.input; i++)
        if (!isfinite(y[i]))
            return rec_error(r, "the decoded numbers are not finite");
    rec_set_tensor(r, arg.out, T_F4, model->c.conv ? 2 : 1, model->shape, y);
    return true;
}

/* Decode a walk through the code in row.x: a record for each step. */
static bool walk(struct rec *r, struct vae_worker *w)
{
    struct text whole = rec_id(r);
    for (int64_t s = 0; s < arg.steps; s++) {
        double at = arg.steps == 1 ? 0 : arg.range * (2 * (double)s / (double)(arg.steps - 1) - 1);
        char *id = piece_id(whole, (size_t)s);
        w->row.x[arg.traverse] = (float)at;
        rec_set_str(r, "id", id, strlen(id));
        rec_set_int(r, "latent", arg.traverse);
        rec_set_f64(r, "value", at);
        free(id);
        if (!decode_code(r, w))
            return false;
        if (strcmp(arg.out, arg.in) != 0 && !arg.keep)
            rec_del(r, arg.in);
        rec_emit(r);
    }
    return true;
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct vae_worker *w = worker;
    w->row.d = model->c.latent;
    if (!row_read(r, arg.in, in, head_columns(in_head, arg.in), &w->row))
        return false;
    if (!labels_find(model->labels, r, w->hot))
        return r->nil ? rec_pass_nil(r, arg.out) : false;
    return arg.traverse < 0 ? decode_code(r, w) : walk(r, w);
}

/* The columns that the model was fitted to come back. */
static void header(struct head *h, void *state)
{
    const struct columns *c = head_columns(model_head(coder.stream), model->field);
    (void)state;
    head_set_columns(h, arg.out, c ? (const char *const *)c->names : NULL, c ? c->n : 0);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    vae_coder_open(&coder, &arg.model);
    model = coder.model;
    if (arg.traverse >= (int64_t)model->c.latent)
        opt_misuse(&prog, "--traverse %lld: the model has latents 0 to %zu", (long long)arg.traverse, model->c.latent - 1);
    arg.out = arg.out ? arg.out : model->c.conv ? model->field : arg.in;
    struct rec_in *in = rec_open(&prog, operands, false);
    in_head = rec_head(in);
    return map_run(&(struct map){ .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process, .state = &coder,
                   .worker_new = vae_worker_new, .worker_free = vae_worker_free, .header = header }, in, rec_create(&prog, in));
}
