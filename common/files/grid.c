/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/grid.h"

#include <stdlib.h>

#include "base/mem.h"

void grid_put(struct str *to, const struct str *cells, size_t rows, size_t columns, bool markdown)
{
    size_t *width = mem_zero(columns, sizeof *width);
    for (size_t i = 0; i < rows * columns; i++) {
        size_t w = str_columns(cells[i].p, cells[i].n);
        width[i % columns] = w > width[i % columns] ? w : width[i % columns];
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < columns; c++) {
            const struct str *cell = cells + i * columns + c;
            str_text(to, markdown ? (c ? " | " : "| ") : c ? "  " : "");
            str_put(to, cell->p, cell->n);
            if (markdown || c + 1 < columns)
                str_pad(to, width[c] - str_columns(cell->p, cell->n));
        }
        str_text(to, markdown ? " |\n" : "\n");
        for (size_t c = 0; i == 0 && markdown && c < columns; c++)
            str_text(to, c == 0 ? "|---|" : "---|");
        if (i == 0 && markdown)
            str_char(to, '\n');
    }
    free(width);
}
