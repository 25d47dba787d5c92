/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/pass.h"

#include <stdlib.h>

#include "base/die.h"
#include "base/hash.h"
#include "base/progress.h"
#include "base/repeats.h"
#include "stream/ids.h"

void pass_progress(const struct rec_in *in, size_t total, const char *what)
{
    if (progress_wanted || !rec_piped(in))
        progress_start(total, what);
}

/* Ids whose hashes are the same: end the program, unless they are not. */
static void look_again(struct rec_in *in, struct rec *r)
{
    struct ids *ids = ids_new();
    rec_rewind(in);
    while (rec_next(in, r))
        if (!ids_add(ids, rec_id(r), 0))
            die(ST_STREAM, "%s: id %s appears twice", rec_name(in), REC_ID(r));
    ids_free(ids);
}

size_t pass_each(struct rec_in *in, const struct pass *p, bool (*use)(struct rec *r, const struct value *v, void *state),
                 void *state)
{
    struct rec *r = rec_new();
    struct repeats ids = { 0 };
    size_t used = 0;
    if (!p->any_ids && !p->late_ids)
        rec_unique(in);
    pass_progress(in, p->total, p->what ? p->what : "records read");
    for (size_t n = 0; rec_next(in, r); progress_at(++n, NULL)) {
        struct value v = { .type = V_NIL };
        struct text id = p->late_ids ? rec_id(r) : (struct text){ NULL, 0 };
        if (p->late_ids)
            repeats_add(&ids, hash_bytes(id.p, id.n));
        bool wanted = !p->field || rec_need(r, p->field, &v) || (r->nil && p->nil);
        if (wanted && use(r, &v, state))
            used++;
        else if (r->error[0] && (p->only || item_on_error == ON_ERROR_FAIL))
            item_bad(r);
        else if (!r->error[0] && r->nil && p->only)
            item_nil();
    }
    progress_clear();
    if (p->late_ids && repeats_any(&ids))
        look_again(in, r);
    free(ids.v);
    rec_free(r);
    return used;
}

void pass_both(struct rec_in *a, struct rec_in *b, void (*use)(struct rec *ra, struct rec *rb, size_t number, void *state),
               void *state, size_t *na, size_t *nb)
{
    struct rec *ra = rec_new(), *rb = rec_new();
    bool more_a = true, more_b = true;
    *na = *nb = 0;
    while (more_a || more_b) {
        *na += more_a = more_a && rec_next(a, ra);
        *nb += more_b = more_b && rec_next(b, rb);
        if (more_a && more_b)
            use(ra, rb, *na, state);
    }
    rec_free(ra);
    rec_free(rb);
}
