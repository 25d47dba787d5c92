/* grid - a table for people: columns aligned, or Markdown
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_GRID_H
#define FILES_GRID_H

#include <stdbool.h>

#include "base/str.h"

/* Add cells[rows][columns], the first row being names, each padded to the width of its column on a
 * terminal; two blanks between them, or in Markdown bars and a line below the names. What is in a cell
 * is safe already: no line ends, in Markdown no bare bars. */
void grid_put(struct str *to, const struct str *cells, size_t rows, size_t columns, bool markdown);

#endif
