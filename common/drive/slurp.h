/* slurp - the driver of batch filters: all vectors in one n x d matrix
 *
 * Also of two-pass filters (a fit that also applies), which hold no more than a block
 * of rows. Other fields are never held: the records are read a second time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SLURP_H
#define DRIVE_SLURP_H

#include "drive/item.h"
#include "drive/row.h"
#include "stream/rec.h"

struct slurp {
    size_t n, d;            /* rows, columns */
    float *x;               /* x[n][d] */
    size_t records;         /* of the stream; n of them have a row */
    bool *has_row;          /* of each record */
    struct rec_in *in;
    const char *field;
};

extern const struct opt slurp_opts[];           /* -j */
/* The shared tables of a batch filter: those, --on-error, --max-record, --no-history. */
extern const struct opt *const slurp_also[];

/* Read all of in's vectors. Ids are checked to be unique (ST_STREAM), and the records to have
 * no field `out` (item_claim), so that nothing is computed in vain; NULL for none. `in` was
 * opened with twice. */
struct slurp *slurp_read(struct rec_in *in, const char *field, const char *out);

/* How a batch filter begins: open the operands, create the output (*to; refused on a terminal before any work), and
 * slurp_read. */
struct slurp *slurp_open(const struct prog *prog, char **operands, const char *field, const char *out, struct rec_out **to);

/* scales_note of its vectors: for a fit by distances. */
void slurp_note_scales(const struct slurp *s);

/* A field that each record gets, from an array with an element, or d numbers, for each row. */
struct column {
    const char *field;      /* NULL ends a list of columns */
    enum {
        COL_I4,             /* int32_t data[n] */
        COL_F8,             /* double data[n] */
        COL_BOOL,           /* bool data[n] */
        COL_VECTOR,         /* float data[n][d] */
        COL_VECTOR_F8,      /* double data[n][d], written in single precision */
        COL_MADE,           /* what make(r, field, row, data) sets */
    } type;
    const void *data;
    size_t d;               /* of vectors */
    bool side;              /* a side field: an older one is overwritten with a note (item_note_side) */
    void (*make)(struct rec *r, const char *field, size_t row, const void *data);
};

/* Second pass: call use(r, row, state) for each record in order; of one whose vector was nil or bad,
 * row is SLURP_NO_ROW. A file that has grown since ends the program. */
#define SLURP_NO_ROW SIZE_MAX
void slurp_again(struct slurp *s, void (*use)(struct rec *r, size_t row, void *state), void *state);

/* What is to be done in it with a record without row: it is counted as nil, or as bad (item_bad, which says whether it may go
 * out). */
bool slurp_without(const struct slurp *s, struct rec *r);

/* Second pass: set the fields of every record in order, nil where its vector is nil or bad, and
 * write it. Bad records are treated as --on-error says. Finishes out, closes in, frees s;
 * returns the exit status. */
int slurp_annotate(struct slurp *s, struct rec_out *out, const struct column *columns);

/* Instead of slurp_annotate: the filter writes something else. Returns the exit status. */
int slurp_done(struct slurp *s);

#endif
