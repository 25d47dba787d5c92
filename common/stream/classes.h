/* classes - what is found in a label field, numbered in the order of its appearance
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_CLASSES_H
#define STREAM_CLASSES_H

#include "base/names.h"
#include "stream/rec.h"

/* Number of v among the names, a new one if it has not been here before. Labels are whole
 * numbers, other finite numbers, true and false, or text; a number is the same as int or
 * float, and not the same as its digits in text. SIZE_MAX if v is no label. */
size_t classes_add(struct names *names, const struct value *v);

#endif
