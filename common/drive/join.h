/* join - a second stream beside the first: who is whose partner
 *
 * The partner is the record with the same id; or that whose id is the text of a field; or one
 * drawn at random, by the seed and the record's id, of all or of those with the same label.
 * The other stream is held in memory, as its bytes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_JOIN_H
#define DRIVE_JOIN_H

#include "stream/rec.h"

struct join {
    struct opt_input with;      /* the options; .path NULL: there is no second stream */
    const char *on, *by;
    bool draw;
    uint64_t seed;

    size_t n;                   /* records of the other stream, after join_open */
    struct partners *partners;
};

#define JOIN_DEFAULTS .on = "id"
#define JOIN_OPTS(j, what) \
    OPT_INPUT('w', "with", &(j).with, "take " what " that a record lacks from this stream"), \
    OPT_STR(0, "on", &(j).on, "FIELD", "field that holds the id of the partner in the other stream"), \
    OPT_STR(0, "by", &(j).by, "FIELD", "with --draw: the partner has the same value in this field"), \
    OPT_FLAG(0, "draw", &(j).draw, "draw the partner at random"), \
    OPT_SEED(&(j).seed), \
    NEEDS("by", "draw"), NEEDS("draw", "with"), NEEDS("on", "with"), EXCLUDES("on", "draw")

/* Read the other stream, if there is one. Ids are checked to be unique. */
void join_open(struct join *j);

/* Header of the other stream; NULL if there is none. */
const struct head *join_head(const struct join *j);

/* Record i of the other stream, put into `to` and borrowed from j. Several threads may ask. */
struct rec *join_rec(const struct join *j, size_t i, struct rec *to);

/* The partner of r, put into `to`; or NULL. Several threads may ask. */
const struct rec *join_partner(struct join *j, const struct rec *r, struct rec *to);

/* Of a join by id: fill r with the next record that was nobody's partner, in order; false: no more. */
bool join_rest(struct join *j, struct rec *r);

/* Say how many had no partner, here and there. */
void join_note(const struct join *j);

#endif
