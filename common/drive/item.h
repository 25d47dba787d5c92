/* item - what becomes of a record that cannot be used: --on-error, counts, exit status
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_ITEM_H
#define DRIVE_ITEM_H

#include "stream/rec.h"

enum { ON_ERROR_FAIL, ON_ERROR_SKIP, ON_ERROR_EMIT };

/* Set by --on-error; fail unless a source sets it otherwise before opt_parse. */
extern int item_on_error;
extern const struct opt item_opts[];

/* The record is bad, r->error says why. fail: ends with ST_STOPPED. skip: names it on
 * stderr, counts it, returns false: it must not go out. emit: counts it, sets its field
 * `error` to the reason, returns true: set the output to nil and let it go out. */
bool item_bad(struct rec *r);

/* Begin r again under the id PATH:LINE, for what is bad before it has an id; r->error stays.
 * Bytes of path that are not UTF-8 become %XX. */
void item_place(struct rec *r, const char *path, size_t line);

/* Count a record whose input was nil. */
void item_nil(void);

/* End with ST_STOPPED if the record has a field `name` already: it would be lost. */
void item_claim(const struct rec *r, const char *name);

/* A side field is about to be written: say once that an older one is overwritten.
 * Several threads may call it. */
void item_note_side(const struct rec *r, const char *name);

/* Name of a side field: `side`, or "OUT.side" where the user gave -o OUT. The result
 * is the caller's to free. */
char *item_side(const char *out, const char *usual_out, const char *side);

/* The closing line on stderr, where there is something to say, and the exit status. */
int item_status(void);

#endif
