/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/trainer.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/world.h"
#include "drive/item.h"
#include "drive/net_model.h"
#include "drive/ranks.h"
#include "drive/settings.h"

struct trainer_arg trainer_arg = { .epochs = 50, .batch = 64, .lr = 1e-3, .step_size = 30, .gamma = 0.1 };

const struct opt trainer_opts[] = {
    OPT_INT('e', "epochs", &trainer_arg.epochs, 1, 1e6, "passes over the data"),
    OPT_INT('b', "batch", &trainer_arg.batch, 1, 65536, "rows per step"),
    OPT_CHOICE(0, "optimizer", &trainer_arg.optimizer, "adam|adamw", "adamw decouples weight decay from the gradient"),
    OPT_F64(0, "lr", &trainer_arg.lr, 1e-12, 10, "learning rate"),
    OPT_F64(0, "weight-decay", &trainer_arg.weight_decay, 0, 1, "pull of the weights towards 0"),
    OPT_F64(0, "clip", &trainer_arg.clip, 0, 1e12, "clip gradients to this norm; 0: do not clip"),
    OPT_CHOICE(0, "schedule", &trainer_arg.schedule, "constant|cosine|step", "learning rate over the epochs"),
    OPT_F64(0, "lr-min", &trainer_arg.lr_min, 0, 10, "learning rate at which cosine ends"),
    OPT_F64(0, "step-size", &trainer_arg.step_size, 1, 1e6, "with step: epochs between drops of the learning rate"),
    OPT_F64(0, "gamma", &trainer_arg.gamma, 1e-6, 1, "with step: factor of each drop"),
    OPT_F64(0, "warmup", &trainer_arg.warmup, 0, 1e6, "epochs over which the learning rate grows from 0"),
    NEEDS("lr-min", "schedule=cosine"),
    NEEDS("step-size", "schedule=step"),
    NEEDS("gamma", "schedule=step"),
    OPT_END
};
const struct opt trainer_run_opts[] = {
    OPT_F64(0, "validation", &trainer_arg.validation, 0, 0.9, "share of the rows held out to measure the loss on"),
    OPT_INT(0, "patience", &trainer_arg.patience, 0, 1e6, "stop after this many epochs without improvement; 0: never"),
    OPT_SEED(&trainer_arg.seed),
    OPT_OUTPUT(0, "log", &trainer_arg.log, "write a record for each epoch"),
    OPT_OUTPUT(0, "checkpoint", &trainer_arg.checkpoint, "after each epoch, save what is needed to resume"),
    OPT_NOTE(0, "resume", &trainer_arg.resume, "FILE", "resume from a checkpoint"),
    OPT_JOBS(0),
    OPT_END
};

static volatile sig_atomic_t interrupted;
static void interrupt(int signal) { interrupted = signal; }

size_t trainer_batch(const struct prog *prog, const char *field, size_t rows, size_t least)
{
    size_t left = rows - (size_t)(trainer_arg.validation * (double)rows), batch = (size_t)trainer_arg.batch;
    if (left < least)
        die(ST_STOPPED, "%zu records with %s: too few to train on", left, field);
    if (batch < least)
        opt_misuse(prog, "--batch %zu: at least %zu rows are needed", batch, least);
    return batch < rows ? batch : rows;
}

/* ---- checkpoints ---- */

struct run {
    const struct trainer *t;
    struct msg_buf settings;    /* a packed map */
};

enum { P_EPOCH, P_BATCH, P_STEPS, P_BEST_LOSS, P_BEST_EPOCH, P_FIRST_LOSS, P_SECONDS, P_ALL };

static void put_run(struct model_out *out, const struct fit *f)
{
    double at[P_ALL] = { (double)f->epoch, (double)f->batch, (double)f->optim.t, f->best_loss, (double)f->best_epoch,
                         f->first_loss, f->seconds };
    model_put(out, "run.progress", T_F8, 1, &(size_t){ P_ALL }, at);
    model_put(out, "run.sums", T_F8, 1, &f->n_sums, f->sums);
    model_put(out, "run.log", T_F8, 2, (size_t[]){ f->epoch, f->n_columns }, f->log);
    model_put(out, "run.adam.m", T_F4, 1, &f->optim.n, f->optim.m);
    model_put(out, "run.adam.v", T_F4, 1, &f->optim.n, f->optim.v);
    model_put(out, "run.good", T_F4, 1, &f->n_kept, f->good);
    if (f->best)
        model_put(out, "run.best", T_F4, 1, &f->n_kept, f->best);
}

/* The model to stdout (path NULL), or a checkpoint. */
static void write_model(const struct run *run, const struct fit *f, const char *path)
{
    struct model_out *out = model_create(run->t->prog, run->t->in, path);
    struct rec *config = model_out_config(out);
    run->t->configure(config, run->t->ctx);
    rec_set_int(config, "epochs_done", (int64_t)f->epoch);
    rec_set_int(config, "batches_done", (int64_t)f->batch);
    if (f->best && f->best_epoch)
        rec_set_int(config, "best_epoch", (int64_t)f->best_epoch);
    if (path)
        rec_set_raw(config, "settings", run->settings.p, run->settings.n);
    for (struct net *const *n = run->t->nets; *n; n++)
        net_model_put(out, *n);
    if (path)
        put_run(out, f);
    model_finish(out);
}

/* A tensor of the run with exactly n numbers. */
static void get_floats(const struct model *m, const char *name, float *to, size_t n)
{
    size_t count;
    float *x = model_f32(m, name, 1, &count);
    if (count != n)
        model_bad(m, name);
    memcpy(to, x, n * sizeof *x);
    free(x);
}

static void get_doubles(const struct model *m, const char *name, double *to, size_t n)
{
    size_t count;
    double *x = model_f64(m, name, 1, &count);
    if (count != n)
        model_bad(m, name);
    memcpy(to, x, n * sizeof *x);
    free(x);
}

/* What put_run wrote; nothing in a file is believed. */
static void get_run(const struct model *m, struct fit *f)
{
    double at[P_ALL];
    size_t shape[2];
    get_doubles(m, "run.progress", at, P_ALL);
    if (!(at[P_EPOCH] >= 0 && at[P_EPOCH] <= 1e9 && at[P_STEPS] >= 0 && at[P_STEPS] < 0x1p48 && at[P_BEST_EPOCH] >= 0 &&
          at[P_BEST_EPOCH] <= at[P_EPOCH]))
        model_bad(m, "run.progress");
    f->epoch = (size_t)at[P_EPOCH];
    if (!(at[P_BATCH] >= 0 && at[P_BATCH] <= (double)(fit_batches(f, f->epoch + 1) - fit_batches(f, f->epoch))))
        model_bad(m, "run.progress");
    f->batch = (size_t)at[P_BATCH];
    f->optim.t = (uint64_t)at[P_STEPS];
    f->best_loss = at[P_BEST_LOSS];
    f->best_epoch = (size_t)at[P_BEST_EPOCH];
    f->first_loss = at[P_FIRST_LOSS];
    f->seconds = at[P_SECONDS];
    get_doubles(m, "run.sums", f->sums, f->n_sums);
    double *log = model_f64(m, "run.log", 2, shape);
    if (shape[0] != f->epoch || shape[1] != f->n_columns)
        model_bad(m, "run.log");
    if (f->epoch > f->o.epochs)
        die(ST_USAGE, "%s: %zu epochs are done already, more than the %zu asked for", trainer_arg.resume, f->epoch,
            f->o.epochs);
    memcpy(f->log, log, f->epoch * f->n_columns * sizeof *f->log);
    free(log);
    get_floats(m, "run.adam.m", f->optim.m, f->optim.n);
    get_floats(m, "run.adam.v", f->optim.v, f->optim.n);
    get_floats(m, "run.good", f->good, f->n_kept);
    if (f->best)
        get_floats(m, "run.best", f->best, f->n_kept);
}

/* Go on where the checkpoint of --resume was written; it must have the run's settings. */
static void resume(const struct run *run, struct fit *f)
{
    const char *path = trainer_arg.resume;
    if (trainer_arg.checkpoint && strcmp(trainer_arg.checkpoint, path) == 0)
        io_updates(path);
    struct opt_input file = { .path = path };
    struct model *m = model_load(&file, run->t->prog->name);
    const struct field *then = rec_find(model_config(m), "settings");
    struct msg_buf old = { NULL, 0, 0 };
    if (!then)
        die(ST_USAGE, "%s is a finished model, not a checkpoint", path);
    if (field_value(then).type == V_STR && run->t->old_settings)
        run->t->old_settings(field_value(then).s, run->t->in, &old);
    else
        msg_append(&old, then->raw + then->key, then->size - then->key);
    if (!settings_compare(path, &run->settings, &old))
        model_bad(m, "settings");
    msg_free(&old);
    for (struct net *const *n = run->t->nets; *n; n++)
        net_model_get(m, *n);
    get_run(m, f);
    model_free(m);
}

/* What the first rank has read, to all. */
static void spread(const struct run *run, struct fit *f)
{
    struct optim *o = &f->optim;
    const struct { void *p; size_t bytes; } parts[] = {
        { &f->epoch, sizeof f->epoch }, { &f->batch, sizeof f->batch }, { &o->t, sizeof o->t },
        { &f->best_loss, sizeof f->best_loss }, { &f->best_epoch, sizeof f->best_epoch },
        { &f->first_loss, sizeof f->first_loss }, { f->sums, f->n_sums * sizeof *f->sums },
        { o->m, o->n * sizeof *o->m }, { o->v, o->n * sizeof *o->v }, { f->good, f->n_kept * sizeof *f->good },
        { f->best, f->best ? f->n_kept * sizeof *f->best : 0 },
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        world_spread(parts[i].p, parts[i].bytes, 0);
    for (struct net *const *n = run->t->nets; *n; n++) {
        world_spread((*n)->w, (*n)->n_w * sizeof *(*n)->w, 0);
        world_spread((*n)->state, (*n)->n_state * sizeof *(*n)->state, 0);
    }
}

/* ---- what is told ---- */

static void write_log(const struct trainer *t, const struct fit *f)
{
    struct rec_out *out = rec_create_file(t->prog, NULL, trainer_arg.log, IO_RECORDS);
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

static bool stopped(void) { return ranks_sum(interrupted != 0) > 0; }

/* After each batch, and after each epoch: go on? */
static bool go_on(struct fit *f, bool epoch, void *state)
{
    const struct run *run = state;
    char note[512];
    if (!epoch) {
        batch_note(f, note, sizeof note);
        progress_at(fit_batches(f, f->epoch) + f->batch, note);
        if (!stopped())
            return true;
    } else if (world.rank == 0 && !progress_quiet && (progress_wanted || isatty(STDERR_FILENO))) {
        epoch_note(f, note, sizeof note);
        warn("epoch %zu: %s samples/s", f->epoch, note);
    }
    if (trainer_arg.checkpoint && world.rank == 0)
        write_model(run, f, trainer_arg.checkpoint);
    return !stopped();
}

static void tell_end(const struct fit *f, enum fit_end end)
{
    char note[512];
    batch_note(f, note, sizeof note);
    if (end == FIT_BROKEN)
        warn("epoch %zu, batch %zu: %s: training diverged; the weights are those of epoch %zu; %s", f->epoch + 1,
             f->batch + 1, note, f->best ? f->best_epoch : f->epoch,
             f->epoch == 0 ? "scale the input first (zscore), or give a lower --lr or --clip 1"
             : trainer_arg.lr > 1e-4 ? "give a lower --lr, --warmup 1 or --clip 1"
             : "scale the input (zscore), or give --clip 1");
    else if (end == FIT_STOPPED)
        warn("interrupted after %zu epochs and %zu batches: the model is that of this moment", f->epoch, f->batch);
    else if (end == FIT_PATIENCE && !progress_quiet)
        warn("stopped after %zu epochs: epoch %zu was the best", f->epoch, f->best_epoch);
}

static bool wants_resume(void)
{
    const char *from = trainer_arg.resume, *to = trainer_arg.checkpoint;
    return from && (!to || strcmp(from, to) != 0 || access(from, F_OK) == 0);   /* the same file: from its second run on */
}

int trainer_run(const struct trainer *t)
{
    const struct trainer_arg *a = &trainer_arg;
    struct run run = { .t = t };
    struct fit_options o = {
        .seed = a->seed, .epochs = t->untrained ? 0 : (size_t)a->epochs, .batch = (size_t)a->batch,
        .adam = { 0.9, 0.999, 1e-8, a->weight_decay, a->optimizer == 1 }, .clip = a->clip,
        .rate = { .kind = (enum schedule)a->schedule, .lr = a->lr, .lr_min = a->lr_min, .step_size = a->step_size,
                  .gamma = a->gamma },
        .warmup = a->warmup, .validation = a->validation, .patience = (size_t)a->patience,
    };
    struct fit *f = fit_new(&o, &t->of, t->rows);
    settings_pack(t->prog, t->rows, t->in, &run.settings);
    bool first = world.rank == 0;       /* it reads and writes what is not the input */
    if (ranks_sum(first && wants_resume())) {
        if (first)
            resume(&run, f);
        spread(&run, f);
    }
    sigaction(SIGINT, &(struct sigaction){ .sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND }, NULL);
    sigaction(SIGTERM, &(struct sigaction){ .sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND }, NULL);
    if (first)
        progress_start(fit_batches(f, f->o.epochs), "batches");
    enum fit_end end = fit_run(f, go_on, &run);
    progress_clear();
    if (end != FIT_BROKEN && t->end)
        t->end(f, t->ctx);
    if (first) {
        tell_end(f, end);
        write_model(&run, f, NULL);
    }
    if (a->log && first)                /* after the model: it must not be lost with a log that cannot be written */
        write_log(t, f);
    fit_free(f);
    msg_free(&run.settings);
    int status = item_status();
    return world_end(end == FIT_BROKEN || end == FIT_STOPPED ? ST_PARTIAL : status);
}
