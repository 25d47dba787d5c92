/* labels - string fields of records as columns of zeros and ones
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_LABELS_H
#define DRIVE_LABELS_H

#include <stdint.h>

#include "stream/ids.h"
#include "stream/rec.h"

/* The categories of each field, in code point order. Field f's columns begin at first[f]. */
struct labels {
    size_t n;                   /* fields */
    struct label { char *field; char **names; size_t n, cap, first; struct ids *numbers; } *fields;   /* of its names */
    size_t columns;             /* of all */
};

/* These n fields; no categories yet. */
struct labels *labels_new(char *const *fields, size_t n);
void labels_free(struct labels *l);

enum { LABELS_MOST = 4096 };        /* categories of a field: each is a column of zeros and ones */

/* Write to hot[n] the number of r's category in each field; a new one is added at its
 * end, where labels_sort finds it; too many end the program. A nil one drops r; what is no string is an error. */
bool labels_add(struct labels *l, struct rec *r, uint32_t *hot);

/* Add the categories of the other ranks (base/world), which all call it. */
void labels_share(struct labels *l);

/* Sort the categories, set the columns, and make columns of the numbers in hot[rows][n]. */
void labels_sort(struct labels *l, uint32_t *hot, size_t rows);

/* The columns of r's categories; false after rec_error: an unknown one, or none. Nil in
 * any of the fields sets r->nil and gives false without an error. */
bool labels_find(const struct labels *l, struct rec *r, uint32_t *hot);

/* As JSON: {"field": ["category", ...], ...}, the caller's to free, and back; NULL if it
 * is no such text. */
char *labels_json(const struct labels *l);
struct labels *labels_parse(const char *text, size_t n);

#endif
