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

/* A tensor's elements, and its shape; ends with ST_STREAM if there is none of that name
 * or it has another number of dimensions. The result is the caller's to free. */
double *model_f64(const struct model *m, const char *name, int ndim, size_t *shape);
float *model_f32(const struct model *m, const char *name, int ndim, size_t *shape);

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

#endif
