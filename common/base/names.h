/* classes - the values of a label, counted, sorted and cut to what a legend can hold
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLOT_CLASSES_H
#define PLOT_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct class {
    char *name;                 /* UTF-8 as it came, NUL-ended */
    size_t len, count;
    bool number;                /* a whole number, value */
    int64_t value;
};

/* Classes in the order in which they were seen. */
struct classes {
    struct class *v;
    size_t n, cap;
    size_t *slots, n_slots;     /* a hash table of indices + 1 */
};

/* Count one of this name; returns its index in v. number: it is the name of `value`. */
size_t classes_add(struct classes *c, const char *name, size_t len, bool number, int64_t value);

/* How they are shown. */
struct ranking {
    size_t *rank;               /* of each class: its place, 0 ... shown - 1, or shown: among the others */
    size_t *shown_class;        /* of each place: its class */
    size_t shown, others;       /* places; classes among the others */
    size_t others_count;        /* of all of these */
};

/* Numbers in their order, then names in that of their bytes. If there are more than
 * `most`, the most - 1 largest are shown (of equal ones the first), the rest is others. */
struct ranking classes_rank(const struct classes *c, size_t most);

void ranking_free(struct ranking *r);
void classes_free(struct classes *c);

#endif
