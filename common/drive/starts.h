/* starts - the vectors of --init: where a clusterer begins
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_STARTS_H
#define DRIVE_STARTS_H

#include "stream/rec.h"

/* Read the vectors `field` of all records of file->path, which must have d numbers each, and fill in file->xxh3; NULL
 * where no file was given. *k is the number of clusters asked for, or 0, and becomes the number of vectors: one that is
 * another ends with ST_STOPPED, as bad records do. The result is [*k][d], the caller's to free. */
double *starts_read(struct opt_input *file, const char *field, size_t d, size_t *k);

#endif
