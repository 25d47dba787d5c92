/* csv_out - the cells of a table as text (RFC 4180), so that csv reads them back
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_CSV_OUT_H
#define FILES_CSV_OUT_H

#include "base/str.h"
#include "stream/msg.h"

/* safe: text that begins with = + - @, a tab or CR, which spreadsheets run as a formula, gets a ' in front. */
struct csv_how { char delimiter; bool safe; };

/* Add a cell that holds p[n], in quotes where it is empty or has a delimiter, a quote or a line
 * end in it; blanks at its ends are part of it. Bytes that no table can hold, NUL and what is
 * not UTF-8, become U+FFFD; returns how many there were. */
size_t csv_put_text(struct str *to, const char *p, size_t n, struct csv_how how);

/* Set `to` to a packed list of texts as one text: with ; between them, each as csv_put_text puts it where ; is the
 * delimiter. In *bad (or NULL) what that returns for all of them. False: it is not such a list. */
bool csv_list(struct str *to, const uint8_t *raw, size_t size, size_t *bad);

/* Add the cells of a value whose packed bytes are raw[size]: one, or as many as a vector has; a list of texts is the text that
 * csv_list makes of it. Nil is `cells` empty ones. Returns as csv_put_text does. */
size_t csv_put_value(struct str *to, const struct value *v, const uint8_t *raw, size_t size, size_t cells, struct csv_how how);

#endif
