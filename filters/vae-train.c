/* vae-train - train an auto-encoder: variational or plain, dense, residual or convolutional
 *
 * in      records with a vector x, or with --conv a matrix logmel
 * out     a model for vae-encode and vae-decode
 * memory  weights and one batch; 16 bytes a record; the records stay on disk
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/world.h"
#include "drive/item.h"
#include "drive/ranks.h"
#include "drive/scales.h"
#include "drive/table.h"
#include "drive/trainer.h"
#include "drive/vae_model.h"
#include "nn/vae_fit.h"

/* The heads of an image net read all pixels of all channels, 32768 in the paper's: features that grow
 * by little move logvar by much, an odd song's to 12 and more, the decoder is fed noise of
 * exp(logvar / 2), and the loss explodes. The prior has logvar 0; none over 4 is of use. */
#define LOGVAR_MAX 4
#define SLOPE 0.01

static struct {
    const char *in, *anneal;
    struct opt_words hidden, conv, condition;
    int64_t latent, kernel, stride;
    int act, recon, reduce;
    double slope, dropout, beta, free_bits;
    bool batch_norm, residual, no_kl, plain;
} arg = { .hidden = { .text = "256,128" }, .kernel = 4, .stride = 2, .slope = SLOPE, .beta = 1, .anneal = "constant" };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read: x, or logmel with --conv"),
    OPT_WORDS(0, "hidden", &arg.hidden, "N,...", "widths of the hidden layers"),
    OPT_INT('l', "latent", &arg.latent, 0, 1 << 20, "numbers in a code; 0: 16, or 32 with --conv"),
    OPT_CHOICE(0, "activation", &arg.act, "relu|leaky-relu|gelu|tanh", "activation between the layers"),
    OPT_F64(0, "slope", &arg.slope, 0, 1, "slope of leaky-relu below 0"),
    OPT_FLAG(0, "batch-norm", &arg.batch_norm, "batch normalisation between the layers"),
    OPT_F64(0, "dropout", &arg.dropout, 0, 0.99, "share of a layer's outputs to set to 0"),
    OPT_FLAG(0, "residual", &arg.residual, "add a residual block after each hidden layer"),
    OPT_WORDS(0, "conv", &arg.conv, "N,...", "convolutions with these numbers of channels instead of --hidden"),
    OPT_INT(0, "kernel", &arg.kernel, 1, CONV_KERNEL, "kernel size of the convolutions"),
    OPT_INT(0, "stride", &arg.stride, 1, CONV_STRIDE, "stride of the convolutions"),
    OPT_WORDS_ONCE(0, "condition", &arg.condition, "FIELD,...", "text fields that encoder and decoder are told"),
    OPT_FLAG(0, "no-kl", &arg.no_kl, "train a plain auto-encoder, whose code is not a distribution"),
    OPT_F64(0, "beta", &arg.beta, 0, 1e6, "weight of the KL term"),
    OPT_STR(0, "anneal", &arg.anneal, "SHAPE", "weight of the KL term over the epochs: constant, linear:N or cyclical:N"),
    OPT_F64(0, "free-bits", &arg.free_bits, 0, 1e6, "KL per latent that costs nothing, in nats"),
    OPT_CHOICE(0, "recon", &arg.recon, "mse|l1|bce", "reconstruction error"),
    OPT_CHOICE(0, "reduce", &arg.reduce, "sum|mean",
               "reduction of both terms: sum over numbers and mean over rows, or mean over all"),
    EXCLUDES_WHY("conv", "residual", "--residual goes with --hidden"),
    EXCLUDES_WHY("conv", "hidden", "it is one or the other"),
    NEEDS("kernel", "conv"),
    NEEDS("stride", "conv"),
    EXCLUDES_WHY("no-kl", "beta|anneal|free-bits|plain", "they are about the KL term"),
    OPT_END
};
static const struct opt conv_opts[] = {         /* between the trainer's two tables, as in every history so far */
    OPT_FLAG(0, "plain", &arg.plain, "with --conv: do not bound logvar"),
    NEEDS("plain", "conv"),
    OPT_END
};
static const struct opt *const also[] = {
    trainer_opts, conv_opts, trainer_run_opts, item_opts, rec_in_opts, rec_out_opts, NULL
};
static const struct prog prog = {
    .name = "vae-train", .brief = "train a variational auto-encoder", .in = IO_RECORDS, .out = IO_MODEL,
    .reads = "x vector", .example = "--hidden 8 --latent 4 --epochs 2", .conv = "torch-2.13",
    .ranks = true, .opts = opts, .also = also,
};

struct data {
    struct rec_in *in;
    struct vae_model model;
    struct table *table;
    uint32_t *hot;              /* [rows][labels->n] */
    size_t rows, cap_hot;
};

static void set_widths(const char *option, const struct opt_words *words, struct vae_config *c)
{
    for (size_t i = 0; i < words->n; i++) {
        double v;
        if (!opt_number(words->v[i], 1, 65536, &v) || v != floor(v) || i == VAE_WIDTHS)
            opt_misuse(&prog, "--%s: '%s' is not a width from 1 to 65536, or there are over %d", option, words->v[i],
                       VAE_WIDTHS);
        c->widths[c->n_widths++] = (size_t)v;
    }
}

/* --anneal's word, and its epochs to *period. */
static enum anneal parse_anneal(double *period)
{
    static const char *const words[] = { "constant", "linear:", "cyclical:" };
    for (int kind = ANNEAL_CONSTANT; kind <= ANNEAL_CYCLICAL; kind++) {
        size_t n = strlen(words[kind]);
        if (kind == ANNEAL_CONSTANT ? strcmp(arg.anneal, words[kind]) == 0
            : strncmp(arg.anneal, words[kind], n) == 0 && opt_number(arg.anneal + n, 1e-6, 1e6, period))
            return (enum anneal)kind;
    }
    opt_misuse(&prog, "--anneal '%s' is not constant, linear:EPOCHS or cyclical:EPOCHS", arg.anneal);
}

static void set_model(struct vae_model *m)
{
    bool conv = arg.conv.n > 0;
    arg.in = arg.in ? arg.in : conv ? "logmel" : "x";
    arg.latent = arg.latent ? arg.latent : conv ? 32 : 16;
    if (conv && arg.stride > arg.kernel)
        opt_misuse(&prog, "--stride %lld is larger than --kernel %lld", (long long)arg.stride, (long long)arg.kernel);
    if (arg.act != ACT_LEAKY_RELU && (arg.slope < SLOPE || arg.slope > SLOPE) && !progress_quiet)
        warn("--slope changes nothing: it is of --activation leaky-relu");
    *m = (struct vae_model){
        .c = { .conv = conv, .kernel = (size_t)arg.kernel, .stride = (size_t)arg.stride, .latent = (size_t)arg.latent,
               .act = (enum act)arg.act, .slope = (float)arg.slope, .batch_norm = arg.batch_norm, .residual = arg.residual,
               .dropout = arg.dropout, .variational = !arg.no_kl,
               .logvar_max = conv && !arg.no_kl && !arg.plain ? LOGVAR_MAX : 0 },
        .field = mem_text(arg.in, strlen(arg.in)), .recon = (enum recon)arg.recon, .mean = arg.reduce == 1, .beta = arg.beta,
        .labels = labels_new(arg.condition.v, arg.condition.n),
    };
    set_widths(conv ? "conv" : "hidden", conv ? &arg.conv : &arg.hidden, &m->c);
}

/* A record that has a value: note its categories; for bce, 0 to 1 is asked for. */
static bool collect(struct rec *r, void *state)
{
    struct data *d = state;
    size_t n = d->model.labels->n;
    struct value v = rec_get(r, arg.in);
    for (size_t i = 0; arg.recon == RECON_BCE && v.type == V_TENSOR && i < v.t.count; i++) {
        struct tensor one = v.t;
        double x;
        one.count = 1;
        one.data += i * dtype_size(one.type);
        tensor_f64(&one, &x);
        if (!(x >= 0 && x <= 1))
            return rec_error(r, "%s[%zu] is %g: --recon bce needs numbers from 0 to 1", arg.in, i, x);
    }
    if (n) {
        mem_grow(&d->hot, &d->cap_hot, (d->rows + 1) * n, sizeof *d->hot);
        if (!labels_add(d->model.labels, r, d->hot + d->rows * n))
            return false;
    }
    d->rows += !r->dropped;
    return true;
}

static void gather_rows(void *table, const size_t *rows, size_t n)
{
    table_gather(table, rows, n);
}

static void fetch_row(void *table, size_t row, float *x)
{
    table_row(table, row, x);
}

/* Read the input's places and shape. */
static void read_input(struct data *d)
{
    struct vae_config *c = &d->model.c;
    d->table = table_open(d->in, arg.in, c->conv ? 2 : 1, false, collect, d);
    table_share(d->table, d->in, arg.in);
    labels_share(d->model.labels);
    labels_sort(d->model.labels, d->hot, d->table->own);
    if (world.size > 1)
        d->hot = world_all(d->hot, d->table->own * d->model.labels->n * sizeof *d->hot, NULL);
    memcpy(d->model.shape, d->table->shape, sizeof d->model.shape);
    c->input = d->table->d;
    c->h = d->table->shape[0];
    c->w = d->table->shape[1];
    c->condition = d->model.labels->columns;
}

/* Of the first rows, whether their columns are scaled alike. */
static void note_scales(const struct data *d)
{
    size_t n = d->table->own < 1000 ? d->table->own : 1000, wide = d->table->d;
    if (d->model.c.conv || mem_mul(n, wide) > 1 << 22 || world.rank > 0)
        return;
    float *x = mem_new(mem_mul(n, wide), sizeof *x);
    for (size_t i = 0; i < n; i++)
        table_row(d->table, i, x + i * wide);
    scales_note(x, n, wide, arg.in, rec_head(d->in));
    free(x);
}

static void configure(struct rec *config, const void *model)
{
    vae_model_configure(config, model);
}

/* A code that is the same for every row tells nothing of it: Bowman et al. 2016. */
static void note_collapse(const struct fit *f, const void *model)
{
    (void)model;
    for (size_t i = 0; f->epoch && !progress_quiet && i < f->n_columns; i++)
        if (strcmp(f->columns[i].name, "active") == 0 && f->log[(f->epoch - 1) * f->n_columns + i] == 0)
            warn("no latent is active: the code tells nothing of the input; scale it (zscore), or give a lower --beta, "
                 "--anneal cyclical:10 or --free-bits");
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    static struct data d;
    static struct vae_fit fit;
    fit = (struct vae_fit) { .gather = gather_rows, .fetch = fetch_row,
                             .loss = { (enum recon)arg.recon, arg.reduce == 1, arg.beta, arg.free_bits } };
    fit.anneal = parse_anneal(&fit.period);
    set_model(&d.model);
    ranks_begin(&prog, &operands, "-");
    d.in = rec_open(&prog, operands, true);
    read_input(&d);
    note_scales(&d);
    size_t batch = trainer_batch(&prog, arg.in, d.table->n, arg.batch_norm || arg.residual ? 2 : 1);
    const char *why = vae_check(&d.model.c);
    if (why)
        die(ST_STOPPED, "%s is %zu x %zu: %s", arg.in, d.model.c.h, d.model.c.w, why);
    budget_need(vae_bytes(&d.model.c, batch, true), "the weights and one batch");
    fit.v = vae_new(&d.model.c, batch, true);
    vae_init(fit.v, trainer_arg.seed);
    fit.ctx = d.table;
    fit.hot = d.hot;
    fit.n_hot = d.model.labels->n;
    return trainer_run(&(struct trainer){
        .prog = &prog, .in = d.in, .rows = d.table->n, .of = vae_fit_new(&fit), .nets = (struct net *[]){ fit.v->net, NULL },
        .configure = configure, .ctx = &d.model, .end = note_collapse, .old_settings = vae_model_old_settings });
}
