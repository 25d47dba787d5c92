/* rec_lacks - a field that is not there: which ones are, and which was meant
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/near_name.h"
#include "stream/rec.h"

enum { SHOWN = 24 };        /* names at most */

/* Which filter makes a field that has a usual name; NULL. */
static const char *maker(const char *name)
{
    static const struct { const char *field, *by; } makers[] = {
        { "pcm", "decode makes it" },
        { "mfcc", "mfcc makes it" },
        { "logmel", "logmel makes it" },
        { "x", "summarize, tfidf, embed or from-csv makes it" },
        { "cluster", "kmeans and the like make it" },
        { "lyrics", "tracks --text, from-csv or sp-join brings it" },
        { "path", "tracks makes it" },
        { "track", "segment makes it" },
        { "genre", "tracks --label or --tags, or a table brings it" },
        { "loss", "vae-train --log or contrast-train --log writes it" },
        { "kdist", "dbscan --kdist writes it" },
        { "silhouette", "metrics makes it, metrics --each of each song" },
        { "height", "agglo --tree or hdbscan --tree writes it" },
        { "xy", "tsne or umap makes it" },
        { "method", "metrics --set method=NAME makes it" },
    };
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (strcmp(makers[i].field, name) == 0)
            return makers[i].by;
    return NULL;
}

/* "did you mean genre? Its fields: id, genre, x" */
static void set_hint(struct rec *r, const char *name)
{
    struct near_name near = near_name(name);
    struct str s = { NULL, 0, 0 }, list = { NULL, 0, 0 }, shown = { NULL, 0, 0 };
    for (size_t i = 0; i < r->n && i < SHOWN; i++) {
        const struct field *f = r->fields + i;
        near_name_try(&near, f->name, f->len);
        str_text(&list, i ? ", " : "");
        str_shown(&list, f->name, f->len, 40);
    }
    if (near.found) {
        str_text(&s, "did you mean ");
        str_shown(&s, near.found, near.len, 60);
        str_text(&s, "? ");
    }
    if (maker(name))
        str_printf(&s, "%s; ", maker(name));
    str_printf(&s, "its fields: ");
    str_put(&s, list.p, list.n);
    if (r->n > SHOWN)
        str_text(&s, ", ...");
    str_shown(&shown, s.p, s.n, sizeof r->hint - 8);
    memcpy(r->hint, shown.p, shown.n + 1);
    str_free(&shown);
    str_free(&s);
    str_free(&list);
}

bool rec_lacks(struct rec *r, const char *name, const char *more)
{
    rec_error(r, "no field %s%s", name, more);
    set_hint(r, name);
    return false;
}
