/* word - a field's value as a person types it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_WORD_H
#define STREAM_WORD_H

#include "stream/rec.h"

/* Set the field to text as a whole number, a number, true, false or null if it reads as one,
 * else as str. */
void word_set(struct rec *r, const char *name, const char *text);

#endif
