/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/renames.h"

#include <stdlib.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "files/csv.h"

struct renames *renames_read(const char *path, const char *key)
{
    struct renames *r = mem_zero(1, sizeof *r);
    struct csv *c = csv_open(path, '\0', CSV_BESIDE);
    size_t from = csv_find(c, key), to = csv_find(c, "name"), cap = 0;
    if (from == SIZE_MAX || to == SIZE_MAX || from == to)
        die(ST_STOPPED, "%s: no column %s; its first line is to be: %s,name", path, from == SIZE_MAX ? key : "name", key);
    for (enum csv_got got; (got = csv_next(c)) != CSV_END; ) {
        if (got == CSV_BAD)
            die(ST_STOPPED, "%s:%zu: %s", path, csv_line(c), csv_error(c));
        struct text k = csv_cell(c, from), name = csv_cell(c, to);
        if (!utf8_valid(name.p, name.n))
            die(ST_STOPPED, "%s:%zu: the name is not UTF-8", path, csv_line(c));
        size_t had = r->from.n;
        if (names_add(&r->from, k.p, k.n, NAME_TEXT, 0) < had)
            die(ST_STOPPED, "%s:%zu: %s %s has a name already", path, csv_line(c), key, SHORT(k.p, k.n));
        mem_grow(&r->to, &cap, r->from.n, sizeof *r->to);
        r->to[had] = name.n ? mem_text(name.p, name.n) : NULL;
    }
    r->hash = csv_hash(c);
    csv_close(c);
    return r;
}

size_t renames_find(const struct renames *r, const char *text, size_t n)
{
    return names_find(&r->from, text, n, NAME_TEXT);
}

void renames_free(struct renames *r)
{
    for (size_t i = 0; i < r->from.n; i++)
        free(r->to[i]);
    free(r->to);
    names_free(&r->from);
    free(r);
}
