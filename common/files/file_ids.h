/* file_ids - ids of files: as short as they can be without two files having the same
 *
 * The first of these that no other file shares or was given: what is below the operand without suffix (a/01), the same with its
 * suffix (a/01.wav), the whole path without suffix, the whole path.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_FILE_IDS_H
#define FILES_FILE_IDS_H

#include <stddef.h>

#include "stream/msg.h"

/* The names of all files, some 300 bytes each. */
struct file_ids;
struct file_ids *file_ids_new(void);

/* Add a file; `relative` is the end of `path` that is below the operand. One that was added before is not counted again:
 * what was below the first of its operands makes the id. */
void file_ids_add(struct file_ids *ids, const char *path, const char *relative);

/* The id of a file that was added, a part of its path; the same whenever it is asked for. */
struct text file_ids_id(struct file_ids *ids, const char *path, const char *relative);

/* How many ids that were given are longer than the relative name without suffix. */
size_t file_ids_longer(const struct file_ids *ids);

void file_ids_free(struct file_ids *ids);

#endif
