/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/source.h"

#include <stdlib.h>

#include "base/die.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/progress.h"
#include "files/csv.h"

enum { HELD = 4096 };       /* bad records that wait for the first good one, at most */

char **source_parse(const struct prog *prog, int argc, char **argv)
{
    item_on_error = ON_ERROR_SKIP;
    return opt_parse(prog, argc, argv);
}

void source_delimiter(const struct prog *prog, const char **text, bool table)
{
    char delimiter;
    if (*text && !csv_delimiter(*text, &delimiter))
        opt_misuse(prog, "--delimiter '%s' is not a single character", *text);
    if (!*text && !table)
        *text = ",";
}

void source_open(struct source *s, const struct prog *prog, char **operands)
{
    static char *only_stdin[] = { "-", NULL };
    opt_need_stdin(prog, operands);
    for (char **path = operands; *path; path++)
        io_reads(*path);
    *s = (struct source){ .paths = operands[0] ? operands : only_stdin, .out = rec_create(prog, NULL),
                          .rec = rec_new(), .ids = ids_new() };
}

/* Let a bad record go out; without a good one before or after it has the vectors that the header names. */
static void put_bad(struct source *s, struct rec *r)
{
    const struct head *h = rec_out_head(s->out);
    for (size_t i = 0; s->like && i < s->like->n; i++)
        if (!rec_find_as(r, s->like->fields + i, i))
            rec_take(r, s->like->fields + i);
    for (size_t i = 0; !s->like && i < h->n_columns; i++)
        rec_set_nil(r, h->columns[i].field);
    rec_put(s->out, r);
}

static void put_held(struct source *s)
{
    for (size_t i = 0; i < s->n_held; i++) {
        put_bad(s, s->held[i]);
        rec_free(s->held[i]);
    }
    free(s->held);
    s->held = NULL;
    s->n_held = s->cap_held = 0;
}

void source_good(struct source *s)
{
    struct rec *r = s->rec;
    if (!s->like && item_on_error == ON_ERROR_EMIT) {
        s->like = rec_new();
        for (size_t i = 0; i < r->n; i++) {
            char *name = mem_text(r->fields[i].name, r->fields[i].len);
            rec_set_nil(s->like, name);
            free(name);
        }
        put_held(s);
    }
    rec_put(s->out, r);
}

void source_bad(struct source *s)
{
    if (!item_bad(s->rec))
        return;
    if (s->like || s->n_held == HELD) {
        put_bad(s, s->rec);
        return;
    }
    mem_grow(&s->held, &s->cap_held, s->n_held + 1, sizeof *s->held);
    s->held[s->n_held++] = s->rec;
    s->rec = rec_new();
}

void source_unique(struct source *s, const char *path, size_t line)
{
    struct text id = rec_id(s->rec);
    if (!ids_add(s->ids, id, line))
        die(ST_STOPPED, "%s:%zu: the id %s appears twice, first on line %zu; ids must be unique: choose others with --id",
            path, line, SHORT(id.p, id.n), ids_find(s->ids, id));
}

void source_put(struct source *s, const char *path, size_t line)
{
    struct rec *r = s->rec;
    if (r->error[0]) {
        item_place(r, path, line);
        source_bad(s);
    } else {
        source_unique(s, path, line);
        source_good(s);
    }
    progress_at(++s->count, NULL);
}

int source_finish(struct source *s)
{
    put_held(s);
    rec_finish(s->out);
    rec_free(s->rec);
    rec_free(s->like);
    ids_free(s->ids);
    return item_status();
}
