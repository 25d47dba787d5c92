/* history - how a stream was made, and the shell commands that do it again
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_HISTORY_H
#define STREAM_HISTORY_H

#include "base/str.h"
#include "stream/head.h"

/* What one filter did. The texts and args point into the header. */
struct step {
    struct text tool, version, conv;    /* {"", 0} where it does not say; without a tool it is malformed */
    const uint8_t *args, *end;          /* the packed map of its parameters, and its end */
};

/* The header's n_history steps in order; the caller frees them. */
struct step *history_steps(const struct head *h);

/* Whether that tool made the last step. */
bool history_ends_with(const struct head *h, const char *tool);

/* Add the step as a command: every effective parameter as a long option, then the words,
 * quoted where the shell needs it. A file that the history knows by its hash is FILE. */
void history_command(const struct step *s, struct str *to);

/* Whether the step's tool is one of songpipe's: a history may name anything. */
bool history_known(const struct step *s);

/* The value of its option --name; type V_NIL: it had none. Whether it had one. */
struct value history_value(const struct step *s, const char *name);
bool history_has(const struct step *s, const char *name);

/* Whether a's steps are those of b, but for parameters that only b knows: a filter settles some by its first good record. */
bool history_within(const struct head *a, const struct head *b);

/* Add the whole history as a pipeline, a command a line, without a line feed at its end. A step of another tool is a
 * comment on one line: whatever it is, it is not run. */
void history_pipeline(const struct head *h, struct str *to);

/* Add a word so that a POSIX shell reads it back. Control characters but tab and newline
 * go through printf, so that it is safe on a terminal. */
void history_quote(struct text word, struct str *to);

#endif
