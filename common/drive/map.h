/* map - the driver of map filters: one record in, none, one or several out
 *
 * Owns the loop, the threads, the order, the error policy, the progress and the counts.
 * A filter is its `process` and its option table.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_MAP_H
#define DRIVE_MAP_H

#include "drive/item.h"
#include "stream/rec.h"

/* Options of a filter that reads `in`, writes `out` (NULL: back to in) and may keep in. */
#define MAP_IN(target) OPT_STR('i', "input", target, "FIELD", "field to read")
#define MAP_OUT(target) OPT_STR('o', "output", target, "FIELD", "field to write")
#define MAP_KEEP(target) OPT_FLAG(0, "keep", target, "also keep the field that was read")

struct map {
    const char *in;         /* field that process gets; NULL: process looks for itself */
    const char *out;        /* field that it sets; NULL: the same as in */
    bool keep;              /* leave in where out is another field */
    bool same_columns;      /* out's columns are those of in */

    /* Change r: read `in` (never nil), set out, or rec_drop, rec_emit. false after
     * rec_error: the record is bad. Runs in several threads at once, on different
     * records, each with a worker of its own; but the first record that is not nil (and
     * what comes before it) goes through in the calling thread, before the others begin. So
     * process may put into the state what only a record can tell, such as its width. */
    bool (*process)(struct rec *r, const struct value *in, void *worker);

    /* Set to nil what a record gets beside out: called for one that is nil or, under --on-error=emit, bad. In
     * the calling thread. NULL: it gets nothing else. */
    void (*unset)(struct rec *r);

    void *state;            /* given to worker_new and header; the worker if there is none */
    void *(*worker_new)(void *state);
    void (*worker_free)(void *worker);

    /* For what is better computed on several records at once: process only takes down what a record
     * asks for, until `full` says that n are enough, they have 64 MiB, or the input is at its end; `together` computes it,
     * and `finish` sets the output of one record after the other, but of bad and nil ones (false after
     * rec_error). All in the calling thread: par_for has the threads of -j. NULL: process does it all. */
    bool (*full)(size_t n, void *worker);
    void (*together)(void *worker);
    bool (*finish)(struct rec *r, void *worker);

    /* Change the header before it is written: after that first record, or at the end, or
     * when 64 MiB of nil ones wait for it. */
    void (*header)(struct head *h, void *state);

    /* After the last record: fill r with one that is to go out as it is; false when there is
     * no more. NULL: there is none. */
    bool (*rest)(struct rec *r, void *state);

    /* Before the end record: what only the whole input can tell. It may end the program. Or NULL. */
    void (*end)(void *state);

    const char *counts;     /* what the records are called in the progress; NULL: "records" */
};

extern const struct opt map_opts[];             /* -j, 1 unless it is given */

/* The shared tables of a map filter, for prog.also: -j, --on-error, --max-record,
 * --no-history. */
extern const struct opt *const map_also[];

/* Run m over the rest of `in`, write to `out`, finish and free both; returns the exit
 * status. */
int map_run(const struct map *m, struct rec_in *in, struct rec_out *out);

/* The usual main: open the operands, create the output, run. */
int map_main(const struct prog *prog, const struct map *m, char **operands);

#endif
