/* scales - whether vectors were scaled as what is done with them needs
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SCALES_H
#define DRIVE_SCALES_H

#include "stream/head.h"

/* Note on standard error that the columns of `field`, x[n][d], have deviations that differ by 100 times and more,
 * so that the widest ones decide alone; not of columns that are constant, nor where the history has a step that
 * scales or projects: zscore, whiten, l2norm, pca, tfidf, embed, vae-encode. */
void scales_note(const float *x, size_t n, size_t d, const char *field, const struct head *h);

/* Note the first step that scales or projects and that the vectors had which the model was fitted to, but those of
 * the input did not; `path` is the model's. Nothing where a history is not known. */
void scales_note_missing(const struct head *model, const struct head *in, const char *path);

#endif
