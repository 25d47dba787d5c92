/* rec - records with named fields: in a stream, and by themselves
 *
 * A record is read in
 * place: fields that nobody touches go out as the bytes that came in.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_REC_H
#define STREAM_REC_H

#include "base/opt.h"
#include "base/str.h"
#include "stream/frame.h"
#include "stream/head.h"
#include "stream/msg.h"

/* ---- records ---- */

enum { REC_FIELDS = 65536 };      /* of a record, at most */

struct field {
    const char *name;           /* not NUL-ended */
    size_t len;
    size_t key;                 /* bytes of the packed name, in front of the value */
    const uint8_t *raw;         /* packed name and value */
    size_t size;                /* of both */
};

struct rec {
    struct field *fields;
    size_t n, cap;
    char error[256];            /* why it is bad: rec_error */
    char hint[256];             /* what helps, said once: rec_lacks */
    struct chunk *chunks;       /* memory of the fields that were set */
    uint8_t *own;               /* copy of the body, after rec_own */
    size_t own_cap;
    struct msg_buf packed;      /* frames that rec_emit made */
    size_t emitted;
    bool dropped;               /* does not go out: rec_drop, rec_emit */
    bool nil;                   /* had no input: rec_pass_nil */
    uint64_t names;             /* hash of the names of a record read before, each of which was there once */
    uint32_t *slots;            /* of many fields that are set: a hash table of their numbers + 1 */
    size_t n_slots, indexed;    /* fields [0 … indexed) are in it */
};

/* An empty record to read into or fill; rec_free takes a zeroed one too. */
struct rec *rec_new(void);
void rec_free(struct rec *r);

/* Make it empty but for its id. */
void rec_begin(struct rec *r, const char *id, size_t n);

/* Its id; {"", 0} before one is set. As it stands in messages. */
struct text rec_id(const struct rec *r);
#define REC_ID(r) SHORT(rec_id(r).p, rec_id(r).n)

/* The field or NULL, and its value: type V_NIL also where there is none; what a value
 * points to lives until the record is read into or begun again. */
const struct field *rec_find(const struct rec *r, const char *name);
struct value rec_get(const struct rec *r, const char *name);
struct value field_value(const struct field *f);

/* The field with the name of f, a field of another record, looked for at place `hint` first; NULL. */
const struct field *rec_find_as(const struct rec *r, const struct field *f, size_t hint);

/* The value of a field that is needed: true if there is one; else r->nil is set, or the
 * record's error where it lacks the field altogether. */
bool rec_need(struct rec *r, const char *name, struct value *v);

/* rec_error that there is no field `name`, with `more` behind it: "; give --by"; the hint names those
 * that there are and the nearest one. Returns false. */
bool rec_lacks(struct rec *r, const char *name, const char *more);

/* Set a field, in its place if it exists, else behind the others. All copy. */
void rec_set_nil(struct rec *r, const char *name);
void rec_set_bool(struct rec *r, const char *name, bool v);
void rec_set_int(struct rec *r, const char *name, int64_t v);
void rec_set_f64(struct rec *r, const char *name, double v);
void rec_set_str(struct rec *r, const char *name, const char *s, size_t n);
void rec_set_bin(struct rec *r, const char *name, const void *p, size_t n);
void rec_set_tensor(struct rec *r, const char *name, enum dtype type, int ndim, const size_t *shape,
                    const void *data);
void rec_set_vector(struct rec *r, const char *name, const float *x, size_t d);
void rec_set_sparse(struct rec *r, const char *name, size_t d, size_t nnz, const uint32_t *index,
                    const float *value);
/* As rec_set_tensor, but the data stays where it is, until the record is begun again: for
 * large ones. The REC_LEND(name) bytes in front of it are overwritten. */
#define REC_LEND(name) (TENSOR_HEAD + 5 + strlen(name))
void rec_lend_tensor(struct rec *r, const char *name, enum dtype type, int ndim, const size_t *shape, void *data);
/* A packed value, as msg_packer made it or as it stands in another field. */
void rec_set_raw(struct rec *r, const char *name, const void *value, size_t size);

/* Set the field that f, a field of another record, is there: its bytes are copied. */
void rec_take(struct rec *r, const struct field *f);

/* Remove a field; rename one (which must exist) in its place; another one that has the
 * new name goes. */
void rec_del(struct rec *r, const char *name);
void rec_rename(struct rec *r, const char *from, const char *to);

/* Say why the record is bad; returns false, so that a filter can
 * `return rec_error(r, "rate is %g Hz", rate)`. */
bool rec_error(struct rec *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether all numbers of the field are finite; else rec_error: what was computed went over the limits
 * of a float. */
bool rec_finite(struct rec *r, const char *name);

/* Let the record as it stands now go out, and let it be changed further: a filter that
 * makes several of one. After it the record itself no longer goes out by itself. */
void rec_emit(struct rec *r);

/* Let the record not go out. */
void rec_drop(struct rec *r);

/* Nil in gives nil out: set `out` to nil and count the record as passed over. Returns
 * true, so that a filter can `return rec_pass_nil(r, arg.out)`. */
bool rec_pass_nil(struct rec *r, const char *out);

/* ---- streams of records ---- */

struct rec_in;
struct rec_out;

extern const struct opt rec_in_opts[];      /* --max-memory, --max-record */
extern const struct opt rec_out_opts[];     /* --no-history */

/* Open the operands (none: stdin) and check the first header against prog->in. On a
 * terminal it prints the usage and exits 2. `twice`: rec_rewind will be called. */
struct rec_in *rec_open(const struct prog *prog, char **operands, bool twice);

/* Open one file whatever prog reads: the other side of a join, a model. A message about records where a model is wanted
 * says what makes one: `maker`, a command, NULL with other kinds. */
struct rec_in *rec_open_file(const char *path, enum io kind, const char *maker);

/* The first header: history and columns. */
const struct head *rec_head(const struct rec_in *in);

/* Read the next record; false after the valid end. What is wrong ends the program. */
bool rec_next(struct rec_in *in, struct rec *r);

/* The same as bytes, not taken apart, which live until the next call. */
bool rec_next_frame(struct rec_in *in, struct frame *f);

/* The body of the record that either has read, until the next one is. */
struct span rec_body(const struct rec_in *in);

/* The first header's body as it came. */
struct span rec_head_body(const struct rec_in *in);

/* From here on, until rec_rewind, let an id that appears twice be bad (ST_STREAM): for what reads the whole
 * stream before it writes. */
void rec_unique(struct rec_in *in);

/* Take a record's body apart into r's fields, which borrow it: what rec_next does. False if it is malformed;
 * r->error may say why. */
bool rec_parse(struct rec *r, const uint8_t *body, size_t size);

/* Copy the body that the record was read from, so that it outlives the next rec_next. */
void rec_own(struct rec *r);

/* The record that was read, to be kept: it outlives the next rec_next, which finds r empty. Free it. */
struct rec *rec_keep(struct rec *r);

/* frame_place of a field's value: raw + key. */
int rec_place(struct rec_in *in, const uint8_t *p, uint64_t *at);

bool rec_ready(const struct rec_in *in);
bool rec_piped(const struct rec_in *in);
int rec_fd(const struct rec_in *in);
void rec_rewind(struct rec_in *in);
const char *rec_name(const struct rec_in *in);
uint64_t rec_hash(const struct rec_in *in);        /* of the last stream read */
uint64_t rec_digest(const struct rec_in *in, uint64_t before);     /* of all of them, and of `before`: see frame_digest */
void rec_close(struct rec_in *in);

/* Write to stdout (refused on a terminal: exit 2): kind by prog->out, the header that
 * of `in` (NULL: none) with this filter's entry in the history. It is written with the
 * first record, so it may be changed until then. */
struct rec_out *rec_create(const struct prog *prog, const struct rec_in *in);

/* Write to a file beside the output: path appears when it is whole. */
struct rec_out *rec_create_file(const struct prog *prog, const struct rec_in *in, const char *path, enum io kind);

struct head *rec_out_head(struct rec_out *out);
void rec_put(struct rec_out *out, const struct rec *r);
/* The frames in r->packed, of rec_emit. */
void rec_put_emitted(struct rec_out *out, const struct rec *r);
/* The same, kept meanwhile: `size` bytes that hold so many records. */
void rec_put_frames(struct rec_out *out, const void *frames, size_t size, size_t records);
void rec_flush(struct rec_out *out);
/* Header (if no record came), end record, flush, close, rename. */
void rec_finish(struct rec_out *out);

#endif
