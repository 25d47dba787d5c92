/* progress - one line on stderr that says how far long work has come
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether to show it: set by --progress and -q; else only if stderr is a terminal. */
extern bool progress_wanted, progress_quiet;

/* Begin to count `what` ("tracks", "epochs"); total 0 if not known. Drawn at most
 * five times a second. May be called again for the next stage of the work. */
void progress_start(size_t total, const char *what);

/* `done` of total so far; note (or NULL) is shown after it: losses, a file's name. */
void progress_at(size_t done, const char *note);

/* Wipe the line; done by every message and at the end. */
void progress_clear(void);

#endif
