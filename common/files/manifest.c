/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/manifest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "files/path.h"

void manifest_open(struct manifest *m, const char *table, const struct sheet_how *how, const char *column, const char *base)
{
    char *paths[] = { (char *)(uintptr_t)table, NULL };
    size_t n = base ? strlen(base) : 0;
    *m = (struct manifest){ .path = NULL };
    m->beside = base ? mem_new(n + 2, 1) : mem_text(table, strlen(table));
    if (base) {
        memcpy(m->beside, base, n);
        memcpy(m->beside + n, "/", 2);
        if (access(m->beside, F_OK) != 0)
            die(ST_STOPPED, "--base %s: no such folder", base);
        m->beside[n - (n && base[n - 1] == '/') + 1] = '\0';
    }
    sheet_open(&m->sheet, paths, how);
    const struct csv *c = m->sheet.csv;
    m->path_column = csv_find(c, column);
    if (m->path_column == SIZE_MAX)
        die(ST_STOPPED, "%s: no column is called %s: --path names the one with the files", csv_path(c), column);
    if (strcmp(column, "path") != 0 && csv_find(c, "path") != SIZE_MAX)
        die(ST_STOPPED, "%s: columns %s and path would both be the field path", csv_path(c), column);
    m->sheet.field[m->path_column] = false;
}

static void count_file(struct manifest *m)
{
    m->files++;
    if (access(m->path, F_OK) == 0)
        return;
    if (m->absent++ == 0)
        m->first_absent = mem_text(m->path, strlen(m->path));
}

enum csv_got manifest_next(struct manifest *m, struct rec *r)
{
    enum csv_got got = sheet_next(&m->sheet);
    free(m->path);
    m->path = NULL;
    if (got != CSV_ROW)
        return got;
    const struct csv *c = m->sheet.csv;
    struct text cell = csv_cell(c, m->path_column);
    char *path = path_beside(m->beside, cell, &m->below);
    struct text id = m->sheet.id == SIZE_MAX ? (struct text){ path + m->below, path_stem(path + m->below) }
                                             : csv_cell(c, m->sheet.id);
    path_set_part(r, "id", id.p, id.n);
    cell.n ? path_set(r, path) : rec_set_nil(r, "path");
    if (!id.n)
        rec_error(r, "no id: the cell is empty");
    else
        sheet_fields(&m->sheet, r);
    if (cell.n) {
        m->path = path;
        count_file(m);
    } else {
        free(path);
    }
    return got;
}

void manifest_close(struct manifest *m)
{
    sheet_close(&m->sheet);
    free(m->beside);
    free(m->path);
    free(m->first_absent);
}
