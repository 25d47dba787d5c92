/* vae-train - train an auto-encoder: variational or plain, dense, residual or convolutional
 *
 * in      records with a vector x, or with --conv a matrix logmel
 * out     a model for vae-encode and vae-decode
 * memory  weights and one batch; 16 bytes a record; the records stay on disk
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/item.h"
#include "drive/table.h"
#include "drive/vae_model.h"

/* The heads of an image net read all pixels of all channels, 32768 in the paper's: features that grow
 * by little move logvar by much, an odd song's to 12 and more, the decoder is fed noise of
 * exp(logvar / 2), and the loss explodes. The prior has logvar 0; none over 4 is of use. */
#define LOGVAR_MAX 4

static struct {
    const char *in, *hidden, *conv, *condition, *anneal, *log, *checkpoint, *resume;
    int64_t latent, kernel, stride, epochs, batch, patience, every;
    int act, recon, reduce, optimizer, schedule;
    double slope, dropout, beta, free_bits, lr, lr_min, weight_decay, clip, step_size, gamma, warmup, validation;
    bool batch_norm, residual, no_kl, plain;
    uint64_t seed;
} arg = {
    .hidden = "256,128", .kernel = 4, .stride = 2, .epochs = 50, .batch = 64, .slope = 0.01, .beta = 1, .lr = 1e-3,
    .step_size = 30, .gamma = 0.1, .anneal = "constant",
};

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read: x, with --conv logmel"),
    OPT_STR(0, "hidden", &arg.hidden, "N,...", "widths of the hidden layers"),
    OPT_INT('l', "latent", &arg.latent, 0, 1 << 20, "numbers in a code; 0: 16, with --conv 32"),
    OPT_CHOICE(0, "activation", &arg.act, "relu|leaky-relu|gelu|tanh", "between the layers"),
    OPT_F64(0, "slope", &arg.slope, 0, 1, "of leaky-relu below 0"),
    OPT_FLAG(0, "batch-norm", &arg.batch_norm, "normalise batches between the layers"),
    OPT_F64(0, "dropout", &arg.dropout, 0, 0.99, "share of a layer's outputs to set to 0"),
    OPT_FLAG(0, "residual", &arg.residual, "a residual block behind each hidden layer"),
    OPT_STR(0, "conv", &arg.conv, "N,...", "convolutions with so many channels instead of --hidden"),
    OPT_INT(0, "kernel", &arg.kernel, 1, CONV_KERNEL, "of the convolutions"),
    OPT_INT(0, "stride", &arg.stride, 1, CONV_STRIDE, "of the convolutions"),
    OPT_STR(0, "condition", &arg.condition, "FIELD,...", "tell encoder and decoder these string fields"),
    OPT_FLAG(0, "no-kl", &arg.no_kl, "a plain auto-encoder: its code is no distribution"),
    OPT_F64(0, "beta", &arg.beta, 0, 1e6, "weight of the KL term"),
    OPT_STR(0, "anneal", &arg.anneal, "SHAPE", "of the KL term's weight over epochs: constant, linear:N or cyclical:N"),
    OPT_F64(0, "free-bits", &arg.free_bits, 0, 1e6, "KL of each latent that costs nothing, in nats"),
    OPT_CHOICE(0, "recon", &arg.recon, "mse|l1|bce", "reconstruction error"),
    OPT_CHOICE(0, "reduce", &arg.reduce, "sum|mean", "both terms: sum over numbers and mean over rows, or mean over all"),
    OPT_INT('e', "epochs", &arg.epochs, 1, 1e6, "times to go over the data"),
    OPT_INT('b', "batch", &arg.batch, 1, 65536, "rows in a step"),
    OPT_CHOICE(0, "optimizer", &arg.optimizer, "adam|adamw", "adamw takes the weight decay out of the gradient"),
    OPT_F64(0, "lr", &arg.lr, 1e-12, 10, "learning rate"),
    OPT_F64(0, "weight-decay", &arg.weight_decay, 0, 1, "pull of the weights to 0"),
    OPT_F64(0, "clip", &arg.clip, 0, 1e12, "largest norm of the gradients; 0: any"),
    OPT_CHOICE(0, "schedule", &arg.schedule, "constant|cosine|step", "of the learning rate"),
    OPT_F64(0, "lr-min", &arg.lr_min, 0, 10, "where cosine ends"),
    OPT_F64(0, "step-size", &arg.step_size, 1, 1e6, "epochs between the drops of step"),
    OPT_F64(0, "gamma", &arg.gamma, 1e-6, 1, "factor of each of them"),
    OPT_F64(0, "warmup", &arg.warmup, 0, 1e6, "epochs in which the rate grows from 0"),
    OPT_FLAG(0, "plain", &arg.plain, "with --conv: no bound for logvar"),
    OPT_F64(0, "validation", &arg.validation, 0, 0.9, "share of the rows to measure the loss on, not to train on"),
    OPT_INT(0, "patience", &arg.patience, 0, 1e6, "stop after so many epochs that are no better; 0: never"),
    OPT_SEED(&arg.seed),
    OPT_NOTE(0, "log", &arg.log, "FILE", "write a record for each epoch"),
    OPT_NOTE(0, "checkpoint", &arg.checkpoint, "FILE", "keep what is needed to go on, after each epoch"),
    OPT_NOTE(0, "resume", &arg.resume, "FILE", "go on from a checkpoint"),
    OPT_JOBS(0),
    BUDGET_OPT,
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "vae-train", .brief = "train a variational auto-encoder", .in = IO_RECORDS, .out = IO_MODEL,
    .reads = "x vector", .example = "--hidden 8 --latent 4 --epochs 2", .conv = "torch-2.13", .opts = opts, .also = also,
};

static volatile sig_atomic_t interrupted;
static void interrupt(int signal) { interrupted = signal; }

struct run {
    struct rec_in *in;
    struct vae_model model;
    struct table *table;
    uint32_t *hot;              /* [rows][labels->n] */
    size_t rows, cap_hot;
    char settings[4096];
    struct vae_fit loss;
};

/* "256,128" as sizes; misuse if it is none. */
static void sizes(const char *option, const char *text, struct vae_config *c)
{
    for (c->n_widths = 0; ; ) {
        size_t n = strcspn(text, ",");
        char *word = mem_text(text, n);
        double v;
        if (!opt_number(word, 1, 65536, &v) || v != floor(v) || c->n_widths == VAE_WIDTHS)
            opt_misuse(&prog, "--%s: '%s' is no width from 1 to 65536, or there are over %d", option, word, VAE_WIDTHS);
        free(word);
        c->widths[c->n_widths++] = (size_t)v;
        text += n;
        if (!*text++)
            return;
    }
}

static void check_options(struct run *run)
{
    struct vae_config *c = &run->model.c;
    c->conv = arg.conv;
    sizes(arg.conv ? "conv" : "hidden", arg.conv ? arg.conv : arg.hidden, c);
    arg.in = arg.in ? arg.in : arg.conv ? "logmel" : "x";
    arg.latent = arg.latent ? arg.latent : arg.conv ? 32 : 16;
    if (arg.conv && arg.residual)
        opt_misuse(&prog, "--residual goes with --hidden, not with --conv");
    if (arg.conv && arg.stride > arg.kernel)
        opt_misuse(&prog, "--stride %lld is more than --kernel %lld", (long long)arg.stride, (long long)arg.kernel);
    if (strlen(arg.in) >= sizeof run->model.field)
        opt_misuse(&prog, "--input: the name is too long");
    strcpy(run->model.field, arg.in);
    const char *colon = strchr(arg.anneal, ':');
    size_t word = strcspn(arg.anneal, ":");
    static const char *const words[] = { "constant", "linear", "cyclical" };
    int kind = 0;
    while (kind < 3 && (strlen(words[kind]) != word || memcmp(words[kind], arg.anneal, word) != 0))
        kind++;
    if (kind == 3 || !colon != (kind == 0) || (colon && !opt_number(colon + 1, 1e-6, 1e6, &run->loss.period)))
        opt_misuse(&prog, "--anneal '%s' is not constant, linear:EPOCHS or cyclical:EPOCHS", arg.anneal);
    run->loss.anneal = (enum anneal)kind;
    c->kernel = (size_t)arg.kernel;
    c->stride = (size_t)arg.stride;
    c->latent = (size_t)arg.latent;
    c->act = (enum act)arg.act;
    c->slope = (float)arg.slope;
    c->batch_norm = arg.batch_norm;
    c->residual = arg.residual;
    c->dropout = arg.dropout;
    c->variational = !arg.no_kl;
    c->logvar_max = arg.conv && !arg.no_kl && !arg.plain ? LOGVAR_MAX : 0;
    run->model.recon = (enum recon)arg.recon;
    run->model.mean = arg.reduce == 1;
    run->model.beta = arg.beta;
    run->model.labels = labels_new(arg.condition);
}

/* A record that has a value: note its categories; for bce, 0 to 1 is asked for. */
static bool collect(struct rec *r, void *state)
{
    struct run *run = state;
    size_t n = run->model.labels->n;
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
        mem_grow(&run->hot, &run->cap_hot, (run->rows + 1) * n, sizeof *run->hot);
        if (!labels_add(run->model.labels, r, run->hot + run->rows * n))
            return false;
    }
    run->rows += !r->dropped;
    return true;
}

static void fetch(void *table, size_t row, float *x)
{
    table_row(table, row, x);
}

static void write_log(const struct fit *f)
{
    struct rec_out *out = rec_create_file(&prog, NULL, arg.log, IO_RECORDS);
    struct rec *r = rec_new();
    for (size_t e = 0; e < f->epoch; e++) {
        char id[32];
        rec_begin(r, id, (size_t)snprintf(id, sizeof id, "%zu", e + 1));
        for (size_t i = 0; i < f->n_columns; i++) {
            double x = f->log[e * f->n_columns + i];
            if (isnan(x))
                rec_set_nil(r, f->columns[i].name);
            else if (f->columns[i].whole)
                rec_set_int(r, f->columns[i].name, (int64_t)x);
            else
                rec_set_f64(r, f->columns[i].name, x);
        }
        rec_put(out, r);
    }
    rec_free(r);
    rec_finish(out);
}

/* "loss 1.2, recon 1.1, kl 0.1" of the last batch, to note[size]. */
static void batch_note(const struct fit *f, char *note, size_t size)
{
    size_t n = (size_t)snprintf(note, size, "loss %.5g", f->loss);
    for (size_t i = 0; i < f->n_means && n < size; i++)
        n += (size_t)snprintf(note + n, size - n, ", %s %.5g", f->of.parts[i].name, f->parts[i]);
}

/* The same of the last epoch, all columns of the log. */
static void epoch_note(const struct fit *f, char *note, size_t size)
{
    const double *log = f->log + (f->epoch - 1) * f->n_columns;
    size_t n = 0;
    for (size_t i = 1; i < f->n_columns && n < size; i++)
        if (!isnan(log[i]))
            n += (size_t)snprintf(note + n, size - n, "%s%s %.6g", n ? ", " : "", f->columns[i].name, log[i]);
}

/* After each batch, and after each epoch: go on? */
static bool step(struct fit *f, bool epoch, void *state)
{
    struct run *run = state;
    char note[512];
    if (!epoch) {
        batch_note(f, note, sizeof note);
        progress_at(f->epoch * fit_batches(f) + f->batch, note);
        if (!interrupted)
            return true;
    } else if (!progress_quiet && (progress_wanted || isatty(STDERR_FILENO))) {
        epoch_note(f, note, sizeof note);
        warn("epoch %zu: %s samples/s", f->epoch, note);
    }
    if (arg.checkpoint)
        vae_model_write(&prog, run->in, arg.checkpoint, &run->model, run->loss.v, f, true, run->settings);
    return !interrupted;
}

/* What a resumed run must share, and the input that it must have. */
static void set_settings(struct run *run, double hash)
{
    const struct vae_config *c = &run->model.c;
    snprintf(run->settings, sizeof run->settings,
             "input=%s rows=%zu shape=%zux%zu data=%.17g hidden=%s conv=%s kernel=%zu stride=%zu latent=%zu activation=%d "
             "slope=%.9g batch-norm=%d residual=%d dropout=%.17g no-kl=%d condition=%s recon=%d reduce=%d beta=%.17g "
             "anneal=%s free-bits=%.17g batch=%lld optimizer=%d lr=%.17g lr-min=%.17g weight-decay=%.17g clip=%.17g "
             "plain=%d schedule=%d step-size=%.17g gamma=%.17g warmup=%.17g validation=%.17g patience=%lld seed=%llu",
             arg.in, run->table->n, run->table->shape[0], run->table->shape[1], hash, arg.conv ? "" : arg.hidden,
             arg.conv ? arg.conv : "", c->kernel, c->stride, c->latent, arg.act, (double)c->slope, c->batch_norm, c->residual,
             c->dropout, arg.no_kl, arg.condition ? arg.condition : "", arg.recon, arg.reduce, arg.beta, arg.anneal,
             arg.free_bits, (long long)arg.batch, arg.optimizer, arg.lr, arg.lr_min, arg.weight_decay, arg.clip,
             arg.plain, arg.schedule, arg.step_size, arg.gamma, arg.warmup, arg.validation, (long long)arg.patience,
             (unsigned long long)arg.seed);
}

/* Read the input's places and shape, and check that there is something to learn from. */
static void read_input(struct run *run)
{
    struct vae_config *c = &run->model.c;
    run->table = table_open(run->in, arg.in, arg.conv ? 2 : 1, collect, run);
    size_t n = run->table->n, left = n - (size_t)(arg.validation * (double)n);
    bool normed = arg.batch_norm || arg.residual;
    if (left < (normed ? 2 : 1) || n == 0)
        die(ST_STOPPED, "%zu records with %s: too few to train on", left, arg.in);
    if (normed && arg.batch == 1)
        opt_misuse(&prog, "--batch 1: batch normalisation needs two rows");
    labels_sort(run->model.labels, run->hot, n);
    memcpy(run->model.shape, run->table->shape, sizeof run->model.shape);
    c->input = run->table->d;
    c->h = run->table->shape[0];
    c->w = run->table->shape[1];
    c->condition = run->model.labels->columns;
    if (vae_check(c))
        die(ST_STOPPED, "%s is %zu x %zu: %s", arg.in, c->h, c->w, vae_check(c));
}

static struct fit *begin(struct run *run)
{
    struct fit_options o = {
        .seed = arg.seed, .epochs = (size_t)arg.epochs, .batch = (size_t)arg.batch,
        .adam = { 0.9, 0.999, 1e-8, arg.weight_decay, arg.optimizer == 1 }, .clip = arg.clip,
        .rate = { .kind = (enum schedule)arg.schedule, .lr = arg.lr, .lr_min = arg.lr_min, .step_size = arg.step_size,
                  .gamma = arg.gamma },
        .warmup = arg.warmup, .validation = arg.validation, .patience = (size_t)arg.patience,
    };
    size_t n = run->table->n, batch = o.batch < n ? o.batch : n;
    struct vae_fit *l = &run->loss;
    budget_need(vae_bytes(&run->model.c, batch, true), "the weights and one batch");
    l->v = vae_new(&run->model.c, batch, true);
    vae_init(l->v, arg.seed);
    l->loss = (struct vae_loss){ (enum recon)arg.recon, arg.reduce == 1, arg.beta, arg.free_bits };
    l->fetch = fetch;
    l->ctx = run->table;
    l->hot = run->hot;
    l->n_hot = run->model.labels->n;
    struct objective of = vae_fit_new(l);
    struct fit *f = fit_new(&o, &of, n);
    set_settings(run, (double)rec_hash(run->in));
    if (arg.resume && (!arg.checkpoint || strcmp(arg.resume, arg.checkpoint) != 0 || access(arg.resume, F_OK) == 0))
        vae_model_resume(arg.resume, run->settings, l->v, f);
    return f;
}

int main(int argc, char **argv)
{
    static struct run run;
    char **operands = opt_parse(&prog, argc, argv);
    check_options(&run);
    opt_not_terminal(&prog);
    run.in = rec_open(&prog, operands, true);
    read_input(&run);
    struct fit *f = begin(&run);
    sigaction(SIGINT, &(struct sigaction){ .sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND }, NULL);
    sigaction(SIGTERM, &(struct sigaction){ .sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND }, NULL);
    progress_start(f->o.epochs * fit_batches(f), "batches");
    enum fit_end end = fit_run(f, step, &run);
    char note[256];
    progress_clear();
    batch_note(f, note, sizeof note);
    if (end == FIT_BROKEN)
        warn("epoch %zu, batch %zu: %s: training broke down; the weights are those of epoch %zu; %s", f->epoch + 1,
             f->batch + 1, note, f->best ? f->best_epoch : f->epoch,
             arg.lr > 1e-4 ? "give a lower --lr, --warmup 1 or --clip 1" : "scale the input (zscore), or give --clip 1");
    else if (end == FIT_STOPPED)
        warn("interrupted after %zu epochs and %zu batches: the model is of then", f->epoch, f->batch);
    else if (end == FIT_PATIENCE && !progress_quiet)
        warn("stopped after %zu epochs: epoch %zu was the best", f->epoch, f->best_epoch);
    if (arg.log)
        write_log(f);
    vae_model_write(&prog, run.in, NULL, &run.model, run.loss.v, f, false, NULL);
    fit_free(f);
    vae_fit_free(&run.loss);
    vae_free(run.loss.v);
    table_close(run.table);
    rec_close(run.in);
    labels_free(run.model.labels);
    free(run.hot);
    int status = item_status();
    return end == FIT_BROKEN || end == FIT_STOPPED ? ST_PARTIAL : status;
}
