/* json_out - values as JSON (RFC 8259)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_JSON_OUT_H
#define FILES_JSON_OUT_H

#include "base/str.h"
#include "stream/msg.h"

/* What JSON cannot hold: numbers that are NaN or infinite, which become null, and bytes that are
 * not UTF-8, which become U+FFFD. */
struct json_lost { size_t not_finite, not_utf8; };

/* Values within values that are written, at most. */
enum { JSON_DEEPEST = 100 };

/* Add p[n] as a string. */
void json_put_text(struct str *to, const char *p, size_t n, struct json_lost *lost);

/* Add the packed value at p. Tensors become arrays in arrays, sparse vectors {"sparse": d,
 * "index": [...], "value": [...]}, bytes {"bin": base64}, extensions {"ext": base64}; a float
 * that is whole has ".0". Returns the place behind it; NULL if JSON has nothing like it: a map
 * whose keys are no names, or values nested deeper than JSON_DEEPEST. */
const uint8_t *json_put_value(struct str *to, const uint8_t *p, const uint8_t *end, struct json_lost *lost);

#endif
