/* contrast-train - train a net on the collection itself: what belongs together is to be near
 *
 * in      records with a vector x and a field that says which belong together: track
 * out     a model for contrast-encode
 * memory  40 d^2 bytes for d columns, weights and one batch; 20 bytes a record; the vectors stay on disk
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "drive/contrast_model.h"
#include "drive/crops.h"
#include "drive/item.h"
#include "drive/ranks.h"
#include "drive/trainer.h"

enum { CONTROL_NONE, CONTROL_PAIRS, CONTROL_UNTRAINED };
enum { LOOKED_AT = 4096 };      /* rows whose neighbours are told at the end */

static struct {
    const char *in, *by, *with;
    struct opt_words hidden;
    int64_t out, whiten_to;
    struct opt_or temperature;
    double noise, dropout;
    int control;
} arg = { .in = "x", .hidden = { .text = "256,256" }, .out = 32, .whiten_to = 200,
          .temperature = { .text = "auto" }, .noise = 0.3, .dropout = 0.2 };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.in, "FIELD", "field to read"),
    OPT_STR(0, "by", &arg.by, "FIELD", "what belongs together has the same value here; track, or with --with id"),
    OPT_STR(0, "with", &arg.with, "FIELD", "a second vector of the same songs, to be brought near by a net of its own"),
    OPT_WORDS(0, "hidden", &arg.hidden, "N,...", "widths of the hidden layers"),
    OPT_INT(0, "out", &arg.out, 1, 65536, "numbers of a vector that the net writes"),
    OPT_INT(0, "whiten-to", &arg.whiten_to, 1, 65536, "numbers that the input is whitened to; at most half of the songs"),
    OPT_F64_OR(0, "temperature", &arg.temperature, 1e-3, 1e3, "X|auto", "auto: 0.5 from 300 songs on, 1 below"),
    OPT_F64(0, "noise", &arg.noise, 0, 100, "deviation of the noise that is added to what goes in"),
    OPT_F64(0, "dropout", &arg.dropout, 0, 0.99, "share of the numbers that go in to set to 0"),
    OPT_CHOICE(0, "control", &arg.control, "none|pairs|untrained", "for comparison: pairs of different songs, or no training"),
    OPT_END
};
static const struct opt *const also[] = { trainer_opts, trainer_run_opts, item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "contrast-train", .brief = "train a net that brings together what belongs together",
    .in = IO_RECORDS, .out = IO_MODEL, .reads = "x vector", .example = "--by id --hidden 4 --out 2 --epochs 2",
    .conv = "torch-2.13", .ranks = true, .opts = opts, .also = also,
};

struct run {
    struct rec_in *in;
    struct contrast_model model;
    struct contrast_fit fit;
    struct crops crops[2];
    size_t songs;
};

static void set_widths(struct tower_config *c)
{
    for (size_t i = 0; i < arg.hidden.n; i++) {
        double v;
        if (!opt_number(arg.hidden.v[i], 1, 65536, &v) || v != floor(v) || i == TOWER_WIDTHS)
            opt_misuse(&prog, "--hidden: '%s' is not a width from 1 to 65536, or there are over %d", arg.hidden.v[i],
                       TOWER_WIDTHS);
        c->widths[c->n_widths++] = (size_t)v;
    }
}

/* Read both fields; keep the songs that have all of them. */
static void read_input(struct run *run)
{
    struct song_ids ids = { .by = arg.by ? arg.by : arg.with ? NULL : "track", .ids = ids_new() };
    size_t sides = run->model.sides;
    for (size_t s = 0; s < sides; s++) {
        if (s)
            rec_rewind(run->in);
        crops_read(&run->crops[s], run->in, s ? arg.with : arg.in, &ids);
    }
    size_t *keep = mem_zero(ids.n, sizeof *keep), n = 0;
    for (size_t s = 0; s < sides; s++)
        for (size_t i = 0; i < run->crops[s].table->n; i++)
            keep[run->crops[s].song[i]] |= (size_t)1 << s;
    for (size_t i = 0; i < ids.n; i++)
        keep[i] = keep[i] + 1 == (size_t)1 << sides ? n++ : SIZE_MAX;
    if (n < 4)
        die(ST_STOPPED, "%zu song%s with %s%s%s: at least 4 are needed to train on; records of one song have the same %s", n,
            n == 1 ? "" : "s", arg.in, arg.with ? " and " : "", arg.with ? arg.with : "", ids.by ? ids.by : "id");
    if (n < ids.n && !progress_quiet)
        warn("%zu of %zu songs have both %s and %s: the others are not trained on", n, ids.n, arg.in, arg.with);
    if (sides == 1 && n == run->crops[0].table->n && !progress_quiet)
        warn("no two records have the same %s: the two views of a song differ in noise only", ids.by);
    for (size_t s = 0; s < sides; s++) {
        size_t most = n / 2 < (size_t)arg.whiten_to ? n / 2 : (size_t)arg.whiten_to;
        crops_whiten(&run->crops[s], contrast_names[s], keep, n, most);
    }
    run->songs = n;
    free(keep);
    ids_free(ids.ids);
}

/* The towers that train, with their first values. */
static void make_towers(struct run *run, size_t batch)
{
    struct contrast_fit *f = &run->fit;
    size_t rows = run->model.sides == 2 ? batch : 2 * batch, params = 0;
    double bytes = info_nce_bytes(batch, (size_t)arg.out);
    for (size_t s = 0; s < run->model.sides; s++) {
        struct contrast_side *side = &run->model.side[s];
        const struct crops *c = &run->crops[s];
        side->config.name = contrast_names[s];
        side->config.input = c->white->config.input;
        side->config.d = c->white->config.d;
        side->field = c->field;
        side->mean = c->mean;
        side->scale = c->scale;
        bytes += tower_bytes(&side->config, TOWER_LAYERS, rows, true);
    }
    budget_need(bytes, "the weights and one batch");
    for (size_t s = 0; s < run->model.sides; s++) {
        f->tower[s] = tower_new(&run->model.side[s].config, TOWER_LAYERS, rows, true);
        f->songs[s] = run->crops[s].songs;
        net_init(f->tower[s]->net, trainer_arg.seed, params);
        params += f->tower[s]->net->n_params;
    }
}

/* What was learned. */
static void tell(const struct fit *f, const void *ctx)
{
    struct run *run = (struct run *)ctx;        /* its nets are run */
    size_t batch = f->o.batch;
    double nothing = log((double)batch), least = info_nce_least(batch, run->fit.temperature), chance;
    if (ranks_sum(!progress_quiet) == 0)
        return;
    double share = contrast_fit_share(&run->fit, LOOKED_AT, &chance);
    if (f->epoch && !progress_quiet) {
        double loss = f->log[(f->epoch - 1) * f->n_columns + 1];
        warn("loss %.4g of a batch of %zu; %.4g is that of one who guesses", loss, batch, nothing);
        if (nothing - loss < 0.05 * (nothing - least))
            warn("nothing was learned: the loss is that of guessing");
    }
    if (!isnan(share) && !progress_quiet)
        warn("%.1f %% of the %s (by chance %.2g %%)", 100 * share,
             arg.with ? "songs have their own second vector as the nearest to their first"
                      : "records have one of their own song as the nearest other", 100 * chance);
}

static void configure(struct rec *config, const void *ctx)
{
    const struct run *run = ctx;
    contrast_model_configure(config, &run->model);
    rec_set_f64(config, "temperature", run->fit.temperature);
}

int main(int argc, char **argv)
{
    static struct run run;
    trainer_arg.epochs = 150;
    trainer_arg.batch = 256;
    trainer_arg.optimizer = 1;
    trainer_arg.lr = 2e-3;
    trainer_arg.weight_decay = 0.01;
    trainer_arg.schedule = SCHEDULE_COSINE;
    char **operands = opt_parse(&prog, argc, argv);
    if (arg.with && strcmp(arg.with, arg.in) == 0)
        opt_misuse(&prog, "--with %s is the --input itself", arg.with);
    run.model.sides = arg.with ? 2 : 1;
    for (size_t s = 0; s < run.model.sides; s++) {
        run.model.side[s].config.out = (size_t)arg.out;
        set_widths(&run.model.side[s].config);
    }
    ranks_begin(&prog, &operands, "-");
    run.in = rec_open(&prog, operands, true);
    read_input(&run);
    size_t batch = trainer_batch(&prog, arg.in, run.songs, 2);
    make_towers(&run, batch);
    run.fit.temperature = !arg.temperature.word ? arg.temperature.x : run.songs >= 300 ? 0.5 : 1;
    run.fit.noise = arg.noise;
    run.fit.dropout = arg.dropout;
    run.fit.pairs = arg.control == CONTROL_PAIRS;
    run.fit.batch = batch;
    struct net *nets[5] = { run.crops[0].white->net, run.fit.tower[0]->net };
    if (arg.with)
        memcpy(nets + 2, (struct net *[]){ run.crops[1].white->net, run.fit.tower[1]->net }, 2 * sizeof *nets);
    return trainer_run(&(struct trainer){
        .prog = &prog, .in = run.in, .rows = run.songs, .of = contrast_fit_new(&run.fit), .nets = nets, .configure = configure,
        .ctx = &run, .untrained = arg.control == CONTROL_UNTRAINED, .end = tell });
}
