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
#include "drive/ranks.h"
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

/* One pass: what is done with a record, and the counts. */
struct passing {
    const struct pass *p;
    bool (*use)(struct rec *r, const struct value *v, void *state);
    void *state;
    bool only;                  /* no second pass will come */
    bool elsewhere;             /* the record is another rank's, which says and counts what is wrong with it */
    size_t used, nils;
};

static void use_record(struct passing *t, struct rec *r)
{
    struct value v = { .type = V_NIL };
    bool wanted = !t->p->field || rec_need(r, t->p->field, &v) || (r->nil && t->p->nil);
    if (wanted && t->use(r, &v, t->state)) {
        t->used++;
    } else if (r->error[0] && (t->only || item_on_error == ON_ERROR_FAIL)) {
        if (!t->elsewhere)
            item_bad(r);
        else if (item_on_error == ON_ERROR_FAIL)
            world_all(NULL, 0, NULL);           /* it ends all */
    } else if (!r->error[0] && r->nil && t->only) {
        t->nils++;
    }
}

/* What a share has for all: the frames of its records, with the fields that are wanted. */
struct sharing { struct msg_buf frames; struct rec *r; };

static void share_record(struct sharing *s, struct rec *r, const char *const *fields)
{
    struct text id = rec_id(r);
    rec_begin(s->r, id.p, id.n);
    for (; *fields; fields++) {
        const struct field *f = rec_find(r, *fields);
        if (f)
            rec_take(s->r, f);
    }
    rec_emit(s->r);
    msg_append(&s->frames, s->r->packed.p, s->r->packed.n);
    s->r->packed.n = 0;
}

/* The records of all ranks. */
static void use_shares(struct passing *t, struct sharing *s, struct rec *r)
{
    for (size_t i = 0; i < world.size; i++) {
        size_t bytes, size;
        int kind;
        uint8_t *frames = world_from(i, s->frames.p, s->frames.n, &bytes);
        if (i == world.rank)
            msg_free(&s->frames);
        t->elsewhere = i != world.rank;
        for (uint8_t *p = frames; p < frames + bytes && frame_parse_head(p, &kind, &size); p += FRAME_HEAD + size)
            if (rec_parse(r, p + FRAME_HEAD, size))
                use_record(t, r);
        free(frames);
    }
    rec_free(s->r);
}

size_t pass_each(struct rec_in *in, const struct pass *p, bool (*use)(struct rec *r, const struct value *v, void *state),
                 void *state)
{
    struct rec *r = rec_new();
    struct repeats ids = { 0 };
    bool ranks = world_abandon && !p->beside, late_ids = p->late_ids || (ranks && !p->any_ids), share = ranks && p->fields;
    struct passing t = { .p = p, .use = use, .state = state, .only = p->only || ranks };
    struct sharing s = { .r = share ? rec_new() : NULL };
    size_t first = ranks && p->cut ? before(in) : 0;
    if (!p->any_ids && !p->late_ids)
        rec_unique(in);
    pass_progress(in, p->total, p->what ? p->what : "records read");
    for (size_t n = 0; rec_next(in, r); progress_at(++n, NULL)) {
        struct text id = late_ids ? rec_id(r) : (struct text){ NULL, 0 };
        if (p->cut && (first + n) % PASS_BLOCK == 0)
            p->cut(state);
        if (late_ids)
            repeats_add(&ids, ranks ? XXH3_64bits(id.p, id.n) : hash_bytes(id.p, id.n));
        if (share)
            share_record(&s, r, p->fields);
        else
            use_record(&t, r);
    }
    progress_clear();
    if (late_ids && ranks)
        compare_ids(&ids);
    else if (late_ids && repeats_any(&ids))
        look_again(in, r);
    if (share)
        use_shares(&t, &s, r);
    else if (ranks)
        t.nils = ranks_sum(t.nils);
    while (t.nils--)
        item_nil();
    free(ids.v);
    rec_free(r);
    return t.used;
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
