/* asked - names that an option gives, and whether there is anything of that name
 *
 * A slip in a name would else be left out in silence.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_ASKED_H
#define DRIVE_ASKED_H

#include <stdatomic.h>

#include "stream/rec.h"

struct asked {
    const struct opt_words *words;
    bool family;                /* "nmi" asks for "nmi.genre", too */
    atomic_bool *had;           /* of each word; NULL before the first name was seen */
    char **near;                /* what was probably meant by a word that nothing has, or NULL */
};

/* There is something of this name. */
void asked_see(struct asked *a, const char *name, size_t len);

/* The record's fields are there. Several threads may call it, but for the first time. */
void asked_see_record(struct asked *a, const struct rec *r);

/* If names were seen, and a word is none of them, say so: "--OPTION: WHAT WORD; did you mean NEAR?".
 * `error`: end with ST_STOPPED at the first; else it is a note about each. Then all are forgotten. */
void asked_say(struct asked *a, const char *option, const char *what, bool error);

#endif
