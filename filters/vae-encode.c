/* vae-encode - encode records with a trained auto-encoder
 *
 * in      records with a vector x, or for a convolutional model a matrix logmel
 * out     the same records with x = the code f32[latent] in place of what was read
 * memory  the weights, one record for each thread
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "drive/scales.h"
#include "drive/vae_coder.h"

static struct {
    const char *in, *out;
    struct opt_input model;
    bool keep, sample, both, score;
    uint64_t seed;
} arg;

static const struct opt opts[] = {
    MAP_IN(&arg.in),
    MAP_OUT(&arg.out),
    MAP_KEEP(&arg.keep),
    OPT_INPUT('m', "model", &arg.model, "the model, from vae-train"),
    OPT_FLAG(0, "sample", &arg.sample, "draw the code from its distribution instead of taking the mean"),
    OPT_FLAG(0, "both", &arg.both, "also write logvar"),
    OPT_FLAG(0, "score", &arg.score, "also write recon and kl, the record's parts of the loss"),
    OPT_SEED(&arg.seed),
    REQUIRED("model", "what vae-train wrote"),
    OPT_END
};
static const struct prog prog = {
    .name = "vae-encode", .brief = "encode records with a trained auto-encoder", .in = IO_RECORDS, .out = IO_RECORDS,
    .reads = "x vector", .writes = "x vector", .example = "-m MODEL",
    .conv = "torch-2.13", .alone = "", .opts = opts, .also = map_also,
};

static const struct head *in_head;
static struct vae_coder coder;
static struct vae_model *model;
static char *logvar_name, *recon_name, *kl_name;

/* The record's vector or matrix as the model wants it. */
static bool read_input(struct rec *r, const struct value *v, struct row *row)
{
    if (!model->c.conv) {
        row->d = model->c.input;
        return row_read(r, arg.in, v, head_columns(in_head, arg.in), row);
    }
    const size_t *want = model->shape, *shape = v->t.shape;
    if (v->type == V_TENSOR && v->t.ndim == 2 && (shape[0] != want[0] || shape[1] != want[1]))
        return rec_error(r, "%s is %zu x %zu, but the model takes %zu x %zu", arg.in, shape[0], shape[1], want[0], want[1]);
    return matrix_read(r, arg.in, v, row);
}

/* The side fields. */
static void set_sides(struct rec *r, const struct vae_worker *w, const struct net *n)
{
    size_t d = model->c.latent;
    if (arg.both)
        item_note_side(r, logvar_name);
    if (arg.both)
        rec_set_vector(r, logvar_name, n->nodes[w->v->logvar].y, d);
    if (!arg.score)
        return;
    item_note_side(r, recon_name);
    item_note_side(r, kl_name);
    double kl = 0, *sums = mem_new(3 * d, sizeof *sums);
    rec_set_f64(r, recon_name, net_sums(n, sums) / (model->mean ? (double)model->c.input : 1));
    for (size_t j = 0; j < d; j++)
        kl += sums[3 * j] / (model->mean ? (double)d : 1);
    if (model->c.variational)
        rec_set_f64(r, kl_name, kl);
    else
        rec_set_nil(r, kl_name);
    free(sums);
}

static void unset(struct rec *r)
{
    if (arg.both)
        rec_set_nil(r, logvar_name);
    if (arg.score)
        rec_set_nil(r, recon_name);
    if (arg.score)
        rec_set_nil(r, kl_name);
}

static bool process(struct rec *r, const struct value *in, void *worker)
{
    struct vae_worker *w = worker;
    struct net *n = w->v->net;
    if (!read_input(r, in, &w->row))
        return false;
    if (!labels_find(model->labels, r, w->hot))
        return r->nil ? rec_pass_nil(r, arg.out) : false;
    vae_worker_pass(w);
    if (arg.sample)
        vae_worker_draw(w, arg.seed, rec_id(r));
    net_forward(n, 0, arg.score ? SIZE_MAX : w->v->coded);
    const float *z = n->nodes[w->v->z].y;
    for (size_t j = 0; j < model->c.latent; j++)
        if (!isfinite(z[j]))
            return rec_error(r, "the code of %s is not finite: is it scaled like the training data?", arg.in);
    rec_set_vector(r, arg.out, z, model->c.latent);
    set_sides(r, w, n);
    return (!arg.both || rec_finite(r, logvar_name)) &&
           (!arg.score || (rec_finite(r, recon_name) && rec_finite(r, kl_name)));
}

static void header(struct head *h, void *state)
{
    (void)state;
    head_number_columns(h, arg.out, "z", model->c.latent);
    if (arg.both)
        head_number_columns(h, logvar_name, "logvar", model->c.latent);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    vae_coder_open(&coder, &arg.model);
    model = coder.model;
    if (arg.both && !model->c.variational)
        opt_misuse(&prog, "--both: the model is a plain auto-encoder, which has no logvar");
    if (arg.sample && !model->c.variational)
        opt_misuse(&prog, "--sample: the model is a plain auto-encoder, whose code is not a distribution");
    arg.in = arg.in ? arg.in : model->field;
    const char *usual = model->c.conv ? "x" : arg.in;
    arg.out = arg.out ? arg.out : usual;
    logvar_name = item_side(arg.out, usual, "logvar");
    recon_name = item_side(arg.out, usual, "recon");
    kl_name = item_side(arg.out, usual, "kl");
    struct rec_in *in = rec_open(&prog, operands, false);
    in_head = rec_head(in);
    if (!model->c.conv)
        model_same_columns(coder.stream, model->field, in_head, arg.in);
    scales_note_missing(model_head(coder.stream), in_head, arg.model.path);
    return map_run(&(struct map){ .in = arg.in, .out = arg.out, .keep = arg.keep, .process = process, .unset = unset,
                   .state = &coder, .worker_new = vae_worker_new, .worker_free = vae_worker_free,
                   .header = header }, in, rec_create(&prog, in));
}
