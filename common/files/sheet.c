/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/utf8.h"

static void check_names(const struct csv *c, const struct csv *first)
{
    bool same = csv_columns(c) == csv_columns(first);
    for (size_t i = 0; same && i < csv_columns(c); i++)
        same = strcmp(csv_name(c, i), csv_name(first, i)) == 0;
    if (!same)
        die(ST_STOPPED, "%s: its columns differ from those of %s", csv_path(c), csv_path(first));
}

void sheet_open(struct sheet *s, char *const *paths, const struct sheet_how *how)
{
    char delimiter = '\0';
    *s = (struct sheet){ .files = NULL };
    if (*how->delimiter)
        csv_delimiter(*how->delimiter, &delimiter);
    while (paths[s->n_files])
        s->n_files++;
    s->files = mem_new(s->n_files, sizeof *s->files);
    for (size_t i = 0; i < s->n_files; i++) {
        s->files[i] = csv_open(paths[i], delimiter, CSV_TWICE | (how->hash ? CSV_BESIDE : 0));
        delimiter = csv_separator(s->files[0]);
    }
    struct csv *c = s->csv = s->files[0];
    if (!*how->delimiter)
        *how->delimiter = csv_separator_name(c);
    s->columns = csv_columns(c);
    s->types = mem_zero(s->columns, sizeof *s->types);
    s->field = mem_zero(s->columns, 1);
    bool *mark = mem_zero(s->columns, 1);
    if (how->drop)
        cells_mark(c, how->drop, "drop", mark);
    s->id = cells_id(c, how->id, how->drop ? mark : NULL);
    if (s->id != SIZE_MAX && mark[s->id] && !progress_quiet)
        warn("%s: --drop %s: it is the id, which stays", csv_path(c), csv_name(c, s->id));
    for (size_t i = 0; i < s->columns; i++) {
        s->field[i] = !mark[i] && i != s->id;
        mark[i] = false;
        if (!utf8_valid(csv_name(c, i), strlen(csv_name(c, i))))
            die(ST_STOPPED, "%s: the name of column %zu is not UTF-8", csv_path(c), i + 1);
    }
    if (how->text)
        cells_mark(c, how->text, "text", mark);
    for (size_t i = 0; i < s->n_files; i++) {
        check_names(s->files[i], c);
        s->rows += cells_scan(s->files[i], s->types, how->hash);
    }
    for (size_t i = 0; i < s->columns; i++)
        if (mark[i] && !s->field[i] && i != s->id && !progress_quiet)
            warn("%s: --text %s: --drop leaves it out", csv_path(c), csv_name(c, i));
        else if (mark[i])
            s->types[i] = (struct column_type){ .type = CELL_TEXT };
    free(mark);
}

enum csv_got sheet_next(struct sheet *s)
{
    enum csv_got got;
    while ((got = csv_next(s->csv)) == CSV_END && s->file + 1 < s->n_files)
        s->csv = s->files[++s->file];
    return got;
}

bool sheet_begin(const struct sheet *s, struct rec *r, size_t number)
{
    char digits[24];
    struct text id = { digits, 0 };
    if (s->id == SIZE_MAX)
        id.n = (size_t)snprintf(digits, sizeof digits, "%zu", number);
    else
        id = csv_cell(s->csv, s->id);
    if (!id.n)
        return rec_error(r, "no id: the cell of %s is empty", csv_name(s->csv, s->id));
    if (!utf8_valid(id.p, id.n))
        return rec_error(r, "the id is not UTF-8: convert the table first, with iconv -f latin1 -t utf8 perhaps");
    rec_begin(r, id.p, id.n);
    return true;
}

bool sheet_fields(const struct sheet *s, struct rec *r)
{
    for (size_t i = 0; i < s->columns; i++)
        if (s->field[i] && !cell_set(r, csv_name(s->csv, i), csv_cell(s->csv, i), s->types[i].type))
            return false;
    return true;
}

void sheet_close(struct sheet *s)
{
    for (size_t i = 0; i < s->n_files; i++)
        csv_close(s->files[i]);
    free(s->files);
    free(s->types);
    free(s->field);
}
