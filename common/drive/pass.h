/* pass - the loop of what reads all records before it writes, and of what writes no records
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_PASS_H
#define DRIVE_PASS_H

#include "drive/item.h"
#include "stream/rec.h"

enum { PASS_BLOCK = 4096 };

struct pass {
    const char *field;      /* whose value `use` gets, and which no record may lack; NULL: `use` looks for itself */
    const char *what;       /* what the progress counts; NULL: "records read" */
    size_t total;           /* how many it will count, where an earlier pass has found it; else 0 */
    bool nil;               /* `use` gets records whose field is nil, too: v->type is V_NIL */
    bool only;              /* no second pass will come: bad records and nil ones are said and counted here */
    bool any_ids;           /* ids may appear twice; else one that does ends with ST_STREAM */
    bool late_ids;          /* ... when all are read: with 8 bytes an id, not 48, where nothing else of a record is held;
                             * `in` is read once more if one does, to say which */
    bool beside;            /* with other ranks (base/world), which then read the same file, as with one; else each reads its
                             * share, ids are compared over all, and no second pass will come */

    /* Called before record i of the whole input, of all ranks (base/world), where i is a multiple of PASS_BLOCK: sums that
     * are cut there are the same for any number of ranks. `in` is read once more beforehand, to count, where there are
     * several. Or NULL. */
    void (*cut)(void *state);

    /* With other ranks: hand out the records of all of them, in order and with no other fields than these (NULL-ended), to
     * every rank, which holds those of its share until then. NULL: each uses those of its share. */
    const char *const *fields;
};

/* Read `in` to its valid end and call use(r, v, state) for each record, in order; v is the field's
 * value, of type V_NIL without a field. It returns true if it used the record; else r->error says why
 * not, or r->nil is set, or (with neither) it has dealt with the record itself.
 * A bad record ends the program under --on-error=fail; else it is left to the second pass, which says
 * and counts it (map_run, slurp_write), as it counts those that are nil. Returns the records used. */
size_t pass_each(struct rec_in *in, const struct pass *p, bool (*use)(struct rec *r, const struct value *v, void *state),
                 void *state);

/* Two streams in step: use(a's record, b's, their number from 1, state) until one of them ends; then both are read to their
 * valid ends. *na and *nb: how many records each has. */
void pass_both(struct rec_in *a, struct rec_in *b, void (*use)(struct rec *ra, struct rec *rb, size_t number, void *state),
               void *state, size_t *na, size_t *nb);

/* progress_start for what reads `in`: a filter that reads a pipe keeps still unless --progress asks,
 * as the one that feeds it shows how far the work has come. */
void pass_progress(const struct rec_in *in, size_t total, const char *what);

#endif
