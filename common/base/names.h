/* names - the values of a label, numbered, counted, sorted and cut to what a legend can hold
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stddef.h>

enum name_kind { NAME_BOOL, NAME_NUMBER, NAME_TEXT };

struct name {
    char *text;                 /* UTF-8 as it came, NUL-ended */
    size_t len, count;
    enum name_kind kind;        /* of another kind, the same text is another name */
    double number;              /* that the text says, of a number or (1, 0) of true and false */
};

/* Names in the order in which they were first seen; begin with { 0 }. */
struct names {
    struct name *v;
    size_t n, cap;
    size_t *slots, n_slots;     /* a hash table of indices + 1 */
};

/* Count one of this text and kind; returns its index in v. */
size_t names_add(struct names *c, const char *text, size_t len, enum name_kind kind, double number);

/* Its index in v; SIZE_MAX if it is not there. */
size_t names_find(const struct names *c, const char *text, size_t len, enum name_kind kind);

/* An id of *len bytes for name i: its text, which is put in quotes where a number, true or false
 * among the names is spelled alike. The caller's to free. */
char *names_id(const struct names *c, size_t i, size_t *len);

/* How they are shown. */
struct ranking {
    size_t *rank;               /* of each name: its place, 0 ... shown - 1, or shown: among the others */
    size_t *shown_name;         /* of each place: its name */
    size_t shown, others;       /* places; names among the others */
    size_t others_count;        /* of all of these */
};

/* False and true, numbers in their order, then text in that of its bytes. If there are more than
 * `most`, the most - 1 largest are shown (of equal ones the first), the rest is others. */
struct ranking names_rank(const struct names *c, size_t most);

void ranking_free(struct ranking *r);
void names_free(struct names *c);

#endif
