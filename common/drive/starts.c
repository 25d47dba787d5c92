/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/starts.h"

#include <stdlib.h>

#include "base/die.h"
#include "base/mem.h"
#include "drive/pass.h"
#include "drive/row.h"

struct starts { struct rec_in *in; const char *path, *field; struct row row; size_t d, k, cap; double *init; };

static bool add_start(struct rec *r, const struct value *unused, void *state)
{
    struct starts *t = state;
    struct value v = rec_get(r, t->field);
    struct text id = rec_id(r);
    (void)unused;
    if (!row_read(r, t->field, &v, head_columns(rec_head(t->in), t->field), &t->row))
        die(ST_STOPPED, "%s: %s: %s", t->path, SHORT(id.p, id.n), r->error);
    if (t->row.d != t->d)
        die(ST_STOPPED, "vectors of %s have %zu numbers, those of the input %zu", t->path, t->row.d, t->d);
    mem_grow(&t->init, &t->cap, (t->k + 1) * t->d, sizeof *t->init);
    for (size_t j = 0; j < t->d; j++)
        t->init[t->k * t->d + j] = (double)t->row.x[j];
    t->k++;
    return true;
}

double *starts_read(struct opt_input *file, const char *field, size_t d, size_t *k)
{
    if (!file->path)
        return NULL;
    struct starts t = { .in = rec_open_file(file->path, IO_RECORDS, NULL), .path = file->path, .field = field, .d = d };
    size_t given = pass_each(t.in, &(struct pass){ .beside = true }, add_start, &t);
    file->xxh3 = rec_hash(t.in);
    free(t.row.x);
    rec_close(t.in);
    if (*k && *k != given)
        die(ST_STOPPED, "%s has %zu records, not the %zu of -k", file->path, given, *k);
    *k = given;
    return t.init;
}
