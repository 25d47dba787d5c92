/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/pass.h"

#include "base/progress.h"

void pass_progress(const struct rec_in *in, size_t total, const char *what)
{
    if (progress_wanted || !rec_piped(in))
        progress_start(total, what);
}

size_t pass_each(struct rec_in *in, const struct pass *p, bool (*use)(struct rec *r, const struct value *v, void *state),
                 void *state)
{
    struct rec *r = rec_new();
    size_t used = 0;
    if (!p->any_ids)
        rec_unique(in);
    pass_progress(in, p->total, p->what ? p->what : "records read");
    for (size_t n = 0; rec_next(in, r); progress_at(++n, NULL)) {
        struct value v = { .type = V_NIL };
        bool wanted = !p->field || rec_need(r, p->field, &v) || (r->nil && p->nil);
        if (wanted && use(r, &v, state))
            used++;
        else if (r->error[0] && (p->only || item_on_error == ON_ERROR_FAIL))
            item_bad(r);
        else if (!r->error[0] && r->nil && p->only)
            item_nil();
    }
    progress_clear();
    rec_free(r);
    return used;
}
