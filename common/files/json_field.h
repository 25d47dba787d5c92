/* json_field - a JSON value as a field of a record
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_JSON_FIELD_H
#define FILES_JSON_FIELD_H

#include <jansson.h>

#include "stream/rec.h"

/* Set the field to v. Arrays of numbers, nested or not, all of one shape, become an f32 tensor, in which a
 * null beside numbers is NaN; {"sparse": d, "index": [...], "value": [...]} and {"bin": "base64"}, as
 * to-json writes them, a sparse vector and bytes; everything else stays what it is. False, with r->error
 * set, if a number is beyond 32-bit floats. */
bool json_set(struct rec *r, const char *name, const json_t *v);

#endif
