/* model - fitted models as streams of kind "model": configuration and tensors
 *
 * The first record is the configuration, its id the tool that fits and applies the
 * model; then one record {id: NAME, x: tensor} for each tensor. Data only.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_MODEL_H
#define DRIVE_MODEL_H

#include "stream/rec.h"

struct model;

/* Read all of file->path and fill in file->xxh3. A model of another tool, or a broken
 * stream, ends with ST_STREAM. */
struct model *model_load(struct opt_input *file, const char *tool);

/* The header: columns of the input that the model was fitted to, history. */
const struct head *model_head(const struct model *m);

/* The configuration; a value points into the model. */
const struct rec *model_config(const struct model *m);

/* A tensor's shape; and its elements, too. Ends with ST_STREAM if there is none of that name
 * or it has another number of dimensions. The result is the caller's to free. */
void model_shape(const struct model *m, const char *name, int ndim, size_t *shape);
double *model_f64(const struct model *m, const char *name, int ndim, size_t *shape);
float *model_f32(const struct model *m, const char *name, int ndim, size_t *shape);

/* A value of the configuration: a whole number, or any number, in lo ... hi, true or false, the place of a
 * word in "one|two|three" (a model stores the word), a text without NUL that the caller frees. Each ends with ST_STREAM
 * if there is none of that name and kind, or if it is out of range. */
int64_t model_int(const struct model *m, const char *name, int64_t lo, int64_t hi);
double model_real(const struct model *m, const char *name, double lo, double hi);
bool model_flag(const struct model *m, const char *name);
int model_choice(const struct model *m, const char *name, const char *words);
char *model_text(const struct model *m, const char *name);

/* End with ST_STOPPED if the columns of `field` that the model was fitted to and those of
 * the input's `in_field` are both known and are not the same. */
void model_same_columns(const struct model *m, const char *field, const struct head *in, const char *in_field);

/* End with ST_STREAM because the model's content makes no sense. */
_Noreturn void model_bad(const struct model *m, const char *what);

void model_free(struct model *m);

/* ---- writing ---- */

struct model_out;

/* Write to path, or to stdout if it is NULL. The header has in's history and columns. */
struct model_out *model_create(const struct prog *prog, const struct rec_in *in, const char *path);

/* The configuration record, to be filled before the first tensor. */
struct rec *model_out_config(struct model_out *m);

/* Write a tensor; data is copied. */
void model_put(struct model_out *m, const char *name, enum dtype type, int ndim, const size_t *shape,
               const void *data);

void model_finish(struct model_out *m);

/* ---- a model as a table of its parts ---- */

/* One value of the configuration, or one tensor: its name and the variable that it is written from and read
 * into. The whole model is written and read in the order of the table, which MODEL_END ends. */
struct model_part {
    const char *name;
    enum model_kind {
        MODEL_K_END, MODEL_K_INT, MODEL_K_SIZE, MODEL_K_REAL, MODEL_K_FLAG, MODEL_K_NOT, MODEL_K_CHOICE, MODEL_K_TEXT,
        MODEL_K_BYTES, MODEL_K_F8, MODEL_K_U4,
    } kind;
    void *to;
    double lo, hi;              /* what numbers may be, both allowed */
    const char *words, *old;    /* of a choice: "one|two|three", and their order where old models have an ordinal */
    size_t *shape[2];           /* of a tensor; NULL: no such dimension */
};

/* int64_t, size_t, double */
#define MODEL_INT(n, t, lo, hi) { n, MODEL_K_INT, t, lo, hi, NULL, NULL, { NULL } }
#define MODEL_SIZE(n, t, lo, hi) { n, MODEL_K_SIZE, t, lo, hi, NULL, NULL, { NULL } }
#define MODEL_REAL(n, t, lo, hi) { n, MODEL_K_REAL, t, lo, hi, NULL, NULL, { NULL } }
/* bool; MODEL_NOT stores the opposite */
#define MODEL_FLAG(n, t) { n, MODEL_K_FLAG, t, 0, 1, NULL, NULL, { NULL } }
#define MODEL_NOT(n, t) { n, MODEL_K_NOT, t, 0, 1, NULL, NULL, { NULL } }
/* int: a place in `words`; what is stored is the word. Models of before stored the place in `old` (or NULL) */
#define MODEL_CHOICE(n, t, words, old) { n, MODEL_K_CHOICE, t, 0, 0, words, old, { NULL } }
/* const char *, without NUL; struct text, which may hold NUL */
#define MODEL_TEXT(n, t) { n, MODEL_K_TEXT, t, 0, 0, NULL, NULL, { NULL } }
#define MODEL_BYTES(n, t) { n, MODEL_K_BYTES, t, 0, 0, NULL, NULL, { NULL } }
/* double *, uint32_t *: a vector of *d, a matrix of *rows x *d. A size that is 0 is read from the tensor, a
 * known one must agree; all must be above 0, and all numbers in lo ... hi and finite. */
#define MODEL_VECTOR(n, t, d, lo, hi) { n, MODEL_K_F8, t, lo, hi, NULL, NULL, { d, NULL } }
#define MODEL_MATRIX(n, t, rows, d, lo, hi) { n, MODEL_K_F8, t, lo, hi, NULL, NULL, { rows, d } }
#define MODEL_COUNTS(n, t, d) { n, MODEL_K_U4, t, 0, UINT32_MAX, NULL, NULL, { d, NULL } }
#define MODEL_END { NULL, MODEL_K_END, NULL, 0, 0, NULL, NULL, { NULL } }

/* Read the parts into their variables (new memory, which stays), or end with ST_STREAM. */
void model_read(const struct model *m, const struct model_part *parts);

/* Write them: the configuration behind what model_out_config holds, then the tensors. */
void model_write(struct model_out *m, const struct model_part *parts);

#endif
