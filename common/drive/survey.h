/* survey - what the fields of a stream hold: types, shapes, ranges, and what is wrong with them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SURVEY_H
#define DRIVE_SURVEY_H

#include "base/str.h"
#include "stream/ids.h"
#include "stream/rec.h"

enum { SURVEY_MANY = 1000 };        /* different texts that are told apart */

struct survey_field {
    char *name;                     /* NUL-ended, of len bytes */
    size_t len;
    const struct columns *columns;  /* that the header has for it, or NULL */
    size_t types[V_OTHER + 1];      /* how many values of each */
    unsigned dtypes;                /* 1 << each type of elements seen */
    int least_dims, most_dims;
    size_t least[TENSOR_DIMS], most[TENSOR_DIMS];
    size_t not_finite;              /* arrays and numbers with NaN or infinity */
    size_t odd_width;               /* arrays that are not as wide as the header's columns */
    size_t yes;                     /* of true and false */
    double low, high;               /* of the numbers; low > high: there are none */
    struct str example;             /* the first text, 160 bytes of it at most */
    struct ids *texts;
    size_t different;               /* texts, up to SURVEY_MANY + 1 */
};

struct survey {
    struct survey_field *v;         /* in the order of their appearance */
    size_t n, cap, records;
    struct ids *ids, *numbers;      /* of the records; the fields by their names */
    size_t twice;                   /* records whose id was there before, and the first of these ids */
    struct str first_twice;
};

struct survey *survey_new(void);

/* Look at a record of the stream whose header is h (NULL: with no columns to compare with). */
void survey_add(struct survey *all, const struct rec *r, const struct head *h);

void survey_free(struct survey *all);

#endif
