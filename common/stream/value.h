/* value - when two values are the same, which of them comes first, and what they are as text
 *
 * A label is a value that tells records apart: a number, text, true or false. Two labels are the
 * same if they are the same number, text or truth value, however they are packed:
 *
 *     whole numbers   of any width, signed or not; a float that is whole is that number: 3.0 is 3
 *     other numbers   by their value as double; NaN and infinity are no labels
 *     text            by its bytes, and never a number: "3" is not 3, "true" is not true
 *
 * Nil, bytes, vectors and what else a field may hold are no labels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_VALUE_H
#define STREAM_VALUE_H

#include "base/names.h"
#include "stream/rec.h"

/* Whether v is a whole number that an int64 holds (3, 3.0); it goes to *whole. */
bool value_whole(const struct value *v, int64_t *whole);

/* Whether v is a label. */
bool value_is_label(const struct value *v);

/* Append v's key: bytes that are equal for labels that are the same, and for no others (its
 * shortest MessagePack). Keys behind each other are a key of all of them. False: v is no label. */
bool value_key(const struct value *v, struct msg_buf *key);

/* Whether two packed values are the same: as labels, or byte for byte. */
bool value_same(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size);

/* Append a label as it stands in tables and ids: text as it is, a whole number in digits, another
 * by "%.17g", "true", "false". Other labels may have the same text. False: v is not a label. */
bool value_text(const struct value *v, struct msg_buf *text);

/* Number of v among the names, which are labels in the order of their appearance; a new one if it
 * has not been there. SIZE_MAX: v is no label. */
size_t value_name(struct names *names, const struct value *v);

/* The same with rec_error: the number of v, the value of r's field `field`, in *number. False: v is no
 * label, and r->error says so. */
bool value_number(struct rec *r, const char *field, const struct value *v, struct names *names, uint32_t *number);

/* -1, 0 or 1: false, true, numbers by value (an integer beside a float exactly; infinity, too), text by its bytes;
 * then all that is no label, as equal. */
int value_compare(const struct value *a, const struct value *b);

/* Append bytes that are in the order of value_compare, or with `falling` in the other one, where memcmp compares
 * them; what is no label and not infinite comes last in both. Those of several values behind each other are in the order of the
 * first, then the second. */
void value_order(const struct value *v, bool falling, struct msg_buf *to);

/* What v is, for messages: at most VALUE_BRIEF bytes with the NUL, of text the beginning, in quotes and
 * with ? for control characters. */
#define VALUE_BRIEF 64
const char *value_brief(const struct value *v, char to[VALUE_BRIEF]);

/* rec_error that the value of `field` is not a label, and what it is. Returns false. */
bool value_no_label(struct rec *r, const char *field, const struct value *v);

/* The value that a person types: a whole number, a number, true, false or nil ("null") if it reads
 * as one, else text, which points into `word`. */
struct value value_word(const char *word);

/* Set a field to a value that is no vector or array. */
void rec_set_value(struct rec *r, const char *name, const struct value *v);

#endif
