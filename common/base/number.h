/* number - numbers as the shortest text that reads back as the same number
 *
 * The text never depends on the locale, and has a form that JSON allows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stddef.h>

#define NUMBER_MOST 32      /* bytes of the longest text, with its NUL */

/* Write x, which is finite, with as few digits as give the same float (at most 9) or double
 * (at most 17) back; NUL-ended. Returns the length. 0.1f is "0.1", 3 is "3", -0 is "-0",
 * 1e15 in full, 1e16 and 0.00001 as "1e+16" and "1e-05". */
size_t number_f32(char to[NUMBER_MOST], float x);
size_t number_f64(char to[NUMBER_MOST], double x);

#endif
