/* die - the program's name, its messages and its exit statuses
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_DIE_H
#define BASE_DIE_H

#include <stdnoreturn.h>

/* What each status means to a user: man 7 songpipe. */
enum status {
    ST_OK = 0,
    ST_SOME = 1,            /* done, some inputs failed under --on-error=skip */
    ST_USAGE = 2,
    ST_STREAM = 3,          /* bad, truncated or unknown-version stream */
    ST_MEMORY = 4,          /* out of the memory or size allowed */
    ST_PARTIAL = 5,         /* no convergence, or interrupted; output is valid */
    ST_STOPPED = 6,         /* a bad item under fail, too little data, read or write error */
};

extern const char *die_name;    /* the filter's name, set by opt_parse */

/* Messages are shown with str_clean; of one too long for a line the middle is left out (str_fit).
 *
 * Print "name: message" on stderr and end with `status`, at once: no end record
 * is written, nothing buffered is flushed. A format that ends in ':' has the
 * text of errno appended. */
noreturn void die(enum status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Print "name: message" on stderr and go on. errno text as in die. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
