/* trainer - what every filter that trains has: its options, the run, log, checkpoints, signals
 *
 * A filter lists trainer_opts and trainer_run_opts in its shared tables, reads its data, makes
 * nets and an objective (nn/fit), and calls trainer_run. Of what it trains nothing is known
 * here but the parts of the loss by their names and the nets' parameters.
 *
 * A checkpoint is the model so far, with the settings of its run (the options as the history
 * tells them, in words, the rows and the hashes of the input) and what nn/fit needs to go on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_TRAINER_H
#define DRIVE_TRAINER_H

#include "drive/model.h"
#include "nn/fit.h"
#include "nn/net.h"

/* The options' values; a filter may set other defaults before opt_parse. */
struct trainer_arg {
    int64_t epochs, batch, patience;
    int optimizer, schedule;
    double lr, lr_min, weight_decay, clip, step_size, gamma, warmup, validation;
    uint64_t seed;
    const char *log, *checkpoint, *resume;
};
extern struct trainer_arg trainer_arg;

extern const struct opt trainer_opts[];         /* --epochs to --warmup: how it goes down */
extern const struct opt trainer_run_opts[];     /* --validation to --resume, -j, --max-memory */

struct trainer {
    const struct prog *prog;
    struct rec_in *in;          /* the data, which was read to its end */
    size_t rows;                /* that there are to train and to validate on */
    struct objective of;
    struct net *const *nets;    /* whose parameters are the model's tensors; NULL-ended */
    void (*configure)(struct rec *config, const void *ctx);     /* set the model's fields */
    const void *ctx;
    bool untrained;             /* no epochs at all: the weights as they begin */

    /* All is trained, and the model not yet written: what is to be said of it, unless progress_quiet, as it is in all ranks
     * but the first. Not if it broke down. NULL: nothing. */
    void (*end)(const struct fit *f, const void *ctx);

    /* Turn the settings of a checkpoint that was made before they were stored in words into
     * those of today: a packed map. NULL: there are none. */
    void (*old_settings)(struct text then, const struct rec_in *in, struct msg_buf *map);
};

/* Rows of a batch of `rows` rows in all, at most --batch. Ends the program if there are fewer to
 * train on than `least` (ST_STOPPED), or --batch is less (ST_USAGE). */
size_t trainer_batch(const struct prog *prog, const char *field, size_t rows, size_t least);

/* Train, write the model to stdout, then the log (of several ranks the first); SIGINT and SIGTERM end the training, not the
 * program. Returns the exit status: ST_PARTIAL if it was interrupted or broke down. */
int trainer_run(const struct trainer *t);

#endif
