/* head - the header of a stream: kind, columns, history (man 5 songpipe)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_HEAD_H
#define STREAM_HEAD_H

#include "base/opt.h"
#include "stream/msg.h"

enum { HEAD_FIELDS = 4096 };      /* with columns in a header, at most */

struct columns { char *field; size_t n; char **names; };

struct head {
    bool model;                 /* kind "model", else "records" */
    struct columns *columns;
    size_t n_columns;
    struct msg_buf history;     /* the entries, packed one behind the other */
    size_t n_history;
    uint64_t total;             /* records that will come, at most; 0: not known. Of this stream alone: rec_create drops it */
    struct msg_buf other;       /* keys and values that this version does not know */
    size_t n_other;
};

/* Read a header's body into *h, which head_free frees. Returns NULL, or what is wrong
 * (then nothing is to be freed). */
const char *head_parse(struct head *h, const uint8_t *body, size_t size);

/* Pack h as a header's body, with prog's entry after the history; prog NULL: without
 * any history. */
void head_pack(const struct head *h, const struct prog *prog, struct msg_buf *body);

void head_copy(struct head *to, const struct head *from);
void head_free(struct head *h);

/* Whether two headers name the same columns; whether b names all that a does. */
bool head_same_columns(const struct head *a, const struct head *b);
bool head_columns_within(const struct head *a, const struct head *b);

/* Names of the columns of a field's vectors, or NULL where they are not known. */
const struct columns *head_columns(const struct head *h, const char *field);

/* Set them (names[n] are copied; NULL removes them). */
void head_set_columns(struct head *h, const char *field, const char *const *names, size_t n);

/* Append a name to those of the field (printf's format; of any length). */
void head_add_column(struct head *h, const char *field, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Let no columns be named. */
void head_clear_columns(struct head *h);

/* Name them field0, field1, …: "pca" and 2 give pca0, pca1. */
void head_number_columns(struct head *h, const char *field, const char *stem, size_t n);

/* Let the columns of field `from` be called those of `to`. */
void head_rename_columns(struct head *h, const char *from, const char *to);

/* Options as the history's `args` have them: packed names and values, n of each. */
struct head_args { struct msg_buf buf; size_t n; };

/* Add an option's effective value to the struct head_args at `args`, if it is set and one for
 * the history: for opt_each. */
void head_put_option(const struct opt *o, void *args);

#endif
