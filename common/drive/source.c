/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/source.h"

#include "base/die.h"
#include "base/io.h"
#include "base/progress.h"
#include "files/csv.h"

char **source_parse(const struct prog *prog, int argc, char **argv)
{
    item_on_error = ON_ERROR_SKIP;
    return opt_parse(prog, argc, argv);
}

char source_delimiter(const struct prog *prog, const char *text)
{
    char delimiter;
    if (!csv_delimiter(text, &delimiter))
        opt_misuse(prog, "--delimiter '%s' is not a single character", text);
    return delimiter;
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

void source_put(struct source *s, const char *path, size_t line)
{
    struct rec *r = s->rec;
    if (r->error[0]) {
        item_place(r, path, line);
        if (item_bad(r))
            rec_put(s->out, r);
    } else {
        struct text id = rec_id(r);
        if (!ids_add(s->ids, id, line))
            die(ST_STOPPED, "%s:%zu: the id %s appears twice, first on line %zu; ids must be unique: choose others with --id",
                path, line, SHORT(id.p, id.n), ids_find(s->ids, id));
        rec_put(s->out, r);
    }
    progress_at(++s->count, NULL);
}

int source_finish(struct source *s)
{
    rec_finish(s->out);
    rec_free(s->rec);
    ids_free(s->ids);
    return item_status();
}
