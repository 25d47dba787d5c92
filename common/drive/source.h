/* source - what the filters that begin a pipeline share: operands, unique ids, bad rows by their place
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SOURCE_H
#define DRIVE_SOURCE_H

#include "drive/item.h"
#include "stream/ids.h"

struct source {
    char **paths;           /* the operands, NULL-ended; "-" where there is none */
    struct rec_out *out;
    struct rec *rec;        /* to be filled */
    struct ids *ids;        /* those that went out */
    struct rec *like;       /* the first that was good: a bad one gets its fields, as nil */
    struct rec **held;      /* bad ones that came before it */
    size_t n_held, cap_held;
    size_t count;           /* records so far, bad ones too: the number of the next one, from 0 */
};

/* Parse the command line; --on-error is skip unless it says otherwise. */
char **source_parse(const struct prog *prog, int argc, char **argv);

/* Exit 2 unless --delimiter, where it was given, names a character. What the history has where it was not: what the
 * table, or sheet_open, says; without a table a comma. */
void source_delimiter(const struct prog *prog, const char **text, bool table);

/* Create the output, with no record yet. Without operands a terminal on stdin gets a short usage. */
void source_open(struct source *s, const struct prog *prog, char **operands);

/* s->rec is filled, or has its error: let it go out. A bad one goes by its place, PATH:LINE. An id that was
 * there already ends the program with ST_STOPPED. */
void source_put(struct source *s, const char *path, size_t line);

/* The parts of source_put: end the program if the id was there already; let a good record out; let a bad one
 * out that has an id: under --on-error=emit it has all fields that the others have, as nil. */
void source_unique(struct source *s, const char *path, size_t line);
void source_good(struct source *s);
void source_bad(struct source *s);

/* The end record; everything is freed. Returns the exit status. */
int source_finish(struct source *s);

#endif
