/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/match.h"

#include <math.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

/* With fewer rows than columns, or as many. cost(i, j) = -count of row i and column j, of
 * the transpose if `flip`. owner[j]: row that has column j, SIZE_MAX for none. */
static void assign(const double *count, size_t rows, size_t columns, int flip, size_t *owner)
{
    double *row_price = mem_zero(rows, sizeof *row_price), *price = mem_zero(columns, sizeof *price);
    double *reach = mem_new(columns, sizeof *reach);    /* length of the shortest path to a column */
    size_t *from = mem_new(columns, sizeof *from);      /* the column before it; SIZE_MAX at the start */
    char *done = mem_new(columns, 1);
    for (size_t j = 0; j < columns; j++)
        owner[j] = SIZE_MAX;
    for (size_t start = 0; start < rows; start++) {
        for (size_t j = 0; j < columns; j++) {
            reach[j] = INFINITY;
            done[j] = 0;
        }
        size_t at = SIZE_MAX, row = start;              /* the column whose owner is looked at */
        double length = 0;
        do {                                            /* Dijkstra, over reduced costs */
            size_t next = SIZE_MAX;
            for (size_t j = 0; j < columns; j++) {
                if (done[j])
                    continue;
                double cost = -(flip ? count[j * rows + row] : count[row * columns + j]);
                double path = length + cost - row_price[row] - price[j];
                if (path < reach[j]) {
                    reach[j] = path;
                    from[j] = at;
                }
                if (next == SIZE_MAX || reach[j] < reach[next])
                    next = j;
            }
            length = reach[next];
            at = next;
            done[at] = 1;
            row = owner[at];
        } while (row != SIZE_MAX);
        row_price[start] += length;
        for (size_t j = 0; j < columns; j++)
            if (done[j] && j != at) {
                row_price[owner[j]] += length - reach[j];
                price[j] -= length - reach[j];
            }
        while (at != SIZE_MAX) {                        /* hand the columns on along the path */
            size_t before = from[at];
            owner[at] = before == SIZE_MAX ? start : owner[before];
            at = before;
        }
    }
    free(row_price);
    free(price);
    free(reach);
    free(from);
    free(done);
}

void match_best(const double *count, size_t rows, size_t columns, size_t *column)
{
    int flip = rows > columns;
    size_t small = flip ? columns : rows, large = flip ? rows : columns;
    size_t *owner = mem_new(large, sizeof *owner);
    assign(count, small, large, flip, owner);
    for (size_t i = 0; i < rows; i++)
        column[i] = flip ? owner[i] : SIZE_MAX;
    for (size_t j = 0; !flip && j < columns; j++)
        if (owner[j] != SIZE_MAX)
            column[owner[j]] = j;
    free(owner);
}

void match_order(const double *count, size_t rows, size_t columns, size_t *order)
{
    size_t next = 0, *column = mem_new(rows, sizeof *column);
    bool *taken = mem_zero(columns, sizeof *taken);
    match_best(count, rows, columns, column);
    for (size_t i = 0; i < rows; i++)
        if (column[i] != SIZE_MAX)
            taken[order[next++] = column[i]] = true;
    for (size_t j = 0; j < columns; j++)
        if (!taken[j])
            order[next++] = j;
    free(column);
    free(taken);
}
