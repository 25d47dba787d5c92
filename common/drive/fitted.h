/* fitted - the driver of map filters that fit a model to their input, or load one
 *
 * A filter is its option table, the table of its model's parts, fit and process (or apply).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_FITTED_H
#define DRIVE_FITTED_H

#include "drive/map.h"
#include "drive/model.h"

/* Options of such a filter. What only a fit heeds is ruled out beside --model:
 * EXCLUDES("model", "save|n-components"); but not an option whose variable is a part's: it is refused
 * where it was given and is not what the model has. So a command from the history, which tells the
 * model's, runs again. */
#define FITTED_MODEL(target) OPT_INPUT('m', "model", target, "apply this model instead of fitting one")
#define FITTED_SAVE(target) OPT_OUTPUT(0, "save", target, "write the fitted model to this file")

struct fitted {
    struct map map;                     /* in, out, keep, what a record becomes */
    struct opt_input *model;            /* --model; path NULL: fit */
    const char *save;                   /* --save; NULL: do not */
    const struct model_part *parts;     /* of the model, behind the field that it was fitted to */

    /* First pass: set the parts' variables from all records (pass_each); `in` is rewound afterwards. */
    void (*fit)(struct rec_in *in);

    /* What of a loaded model makes no sense, though each part does by itself; NULL if all is well. Or NULL. */
    const char *(*check)(void);

    bool inverse;                       /* the input is what the model gave: its columns are other ones */

    /* Instead of map.process, for vectors: y[*wide] from x[*width], both finite. Runs in several threads. */
    void (*apply)(const float *x, float *y);
    const size_t *width, *wide;
};

/* Open the operands, fit or load, save, map all records; returns the exit status. */
int fitted_run(const struct prog *prog, const struct fitted *f, char **operands);

/* What is known before fit is called or the model has been read: the field to write, the columns of the input
 * and those that the model was fitted to (NULL where they are not known). */
extern struct fitted_names { const char *out; const struct columns *in, *model; } fitted_names;

/* A fit that needs the variances of n records: end with ST_STOPPED where they are fewer than 2, or because
 * d columns of them gave no solution. */
void fitted_two(size_t n, const char *field);
_Noreturn void fitted_unsolved(size_t n, size_t d);

/* For filters that are no maps. Read the model that file names, fill in the parts, and compare its columns
 * with those of the input's `field` (NULL: with none). Its check is as above, or NULL. */
void fitted_load(const struct prog *prog, struct opt_input *file, const struct model_part *parts,
                 const char *(*check)(void), const struct rec_in *in, const char *field);

/* Write the parts to path, with the columns of `field`, which the input has. */
void fitted_save(const struct prog *prog, const char *path, const struct model_part *parts, const struct rec_in *in,
                 const char *field);

#endif
