/* tree_read - the trees that agglo and hdbscan write with --tree, from their streams
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_TREE_READ_H
#define DRIVE_TREE_READ_H

#include "plot/tree.h"
#include "stream/rec.h"

/* Read `in` to its valid end, and from the file `songs`, unless it is NULL, the ids of the vectors: of records whose cluster
 * is not nil, as vectors are numbered without those that are. Without a record that can be used it ends with ST_STOPPED. */
struct tree *tree_read(struct rec_in *in, const char *songs);
void tree_free(struct tree *t);

#endif
