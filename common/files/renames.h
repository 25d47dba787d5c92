/* renames - a table of one's own that gives values new names
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_RENAMES_H
#define FILES_RENAMES_H

#include <stdint.h>

#include "base/names.h"

struct renames {
    struct names from;          /* all of them text */
    char **to;                  /* of each its name, NULL where the cell is empty */
    uint64_t hash;              /* of the file, as opt_input wants it */
};

/* Read a CSV file with the columns `key` and "name". A file without them or with a malformed row, a key that comes
 * twice, or a name that is not UTF-8, ends the program with ST_STOPPED. */
struct renames *renames_read(const char *path, const char *key);

/* The place in `from` of a value whose text this is; SIZE_MAX if it is not there. */
size_t renames_find(const struct renames *r, const char *text, size_t n);

void renames_free(struct renames *r);

#endif
