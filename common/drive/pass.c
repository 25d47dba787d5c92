/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/pass.h"

#include <stdlib.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/repeats.h"
#include "base/world.h"
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

/* The records of the ranks before this one. */
static size_t before(struct rec_in *in)
{
    struct frame f;
    uint64_t n = 0, *all;
    size_t sum = 0;
    while (rec_next_frame(in, &f))
        n++;
    rec_rewind(in);
    all = world_all(&n, sizeof n, NULL);
    for (size_t i = 0; i < world.rank; i++)
        sum += (size_t)all[i];
    free(all);
    return sum;
}

/* The ids of all ranks, hashed alike. */
static void compare_ids(struct repeats *ids)
{
    struct repeats all = { .v = NULL };
    size_t *bytes = mem_new(world.size, sizeof *bytes);
    all.v = world_all(ids->v, ids->n * sizeof *ids->v, bytes);
    for (size_t i = 0; i < world.size; i++)
        all.n += bytes[i] / sizeof *all.v;
    if (repeats_any(&all))
        die(ST_STREAM, "an id appears twice in the input of %zu ranks: sp-info of all of it says which", world.size);
    free(all.v);
    free(bytes);
}

size_t pass_each(struct rec_in *in, const struct pass *p, bool (*use)(struct rec *r, const struct value *v, void *state),
                 void *state)
{
    struct rec *r = rec_new();
    struct repeats ids = { 0 };
    bool ranks = world_abandon && !p->beside, only = p->only || ranks, late_ids = p->late_ids || (ranks && !p->any_ids);
    size_t used = 0, first = ranks && p->cut ? before(in) : 0;
    if (!p->any_ids && !p->late_ids)
        rec_unique(in);
    pass_progress(in, p->total, p->what ? p->what : "records read");
    for (size_t n = 0; rec_next(in, r); progress_at(++n, NULL)) {
        struct value v = { .type = V_NIL };
        struct text id = late_ids ? rec_id(r) : (struct text){ NULL, 0 };
        if (p->cut && (first + n) % PASS_BLOCK == 0)
            p->cut(state);
        if (late_ids)
            repeats_add(&ids, ranks ? XXH3_64bits(id.p, id.n) : hash_bytes(id.p, id.n));
        bool wanted = !p->field || rec_need(r, p->field, &v) || (r->nil && p->nil);
        if (wanted && use(r, &v, state))
            used++;
        else if (r->error[0] && (only || item_on_error == ON_ERROR_FAIL))
            item_bad(r);
        else if (!r->error[0] && r->nil && only)
            item_nil();
    }
    progress_clear();
    if (late_ids && ranks)
        compare_ids(&ids);
    else if (late_ids && repeats_any(&ids))
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
