/* heard - the messages of several runs of a command, told as those of one
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_HEARD_H
#define DRIVE_HEARD_H

#include <stddef.h>

/* Pass on to stderr the lines of text[n], which a run wrote there: but for those that were said before, and for the closing
 * counts of filters ("decode: 2 bad, left out"), which are added up. What may not be shown (str_harmless) becomes "?". */
void heard_say(const char *text, size_t n);

/* Say the counts. */
void heard_end(void);

#endif
