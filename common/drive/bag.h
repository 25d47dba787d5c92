/* bag - the words of a record: those of a text, or of a sparse vector that counts them, whose columns they name
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_BAG_H
#define DRIVE_BAG_H

#include "stream/rec.h"
#include "text/tokens.h"

enum { BAG_MOST = 1 << 20 };    /* words of a vector, at most */

struct bag {
    const struct token *word;   /* word[n]: of a text in its order, of counts each word as often as it counts */
    size_t n;
    bool counts;                /* they have no order */
    size_t letters, lost;       /* of a text: struct tokens */
};

/* One for each thread. `names` are the columns of the field, or NULL. */
struct bag *bag_new(struct tokens_how how, const struct columns *names);

/* Read v, of `field`; good until the next call. False: r->error says why it has no words. */
bool bag_read(struct bag *b, struct rec *r, const char *field, const struct value *v);

void bag_free(struct bag *b);

#endif
