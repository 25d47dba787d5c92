/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/window.h"

static bool read_record(const struct window *w, struct rec_in *in, size_t i)
{
    struct rec *r = w->record(i, w->state);
    bool more = rec_next(in, r);
    if (more)
        rec_own(r);
    return more;
}

void window_run(const struct window *w, struct rec_in *in, struct rec_out *out)
{
    size_t first = 0, end = 0;          /* pieces first ... end - 1 are under way */
    bool more = true, readable = false;
    while (more || first < end) {
        bool blocked = false;           /* the input has to be waited for, and something is under way */
        while (more && end - first < w->size && (!w->room || w->room(w->state))) {
            bool waits = !readable && rec_fd(in) >= 0 && !rec_ready(in);
            blocked = waits && first < end;
            if (blocked)
                break;
            if (waits)
                rec_flush(out);
            more = (!w->record || read_record(w, in, end)) && w->begin(end, w->state);
            end += more;
            readable = false;
        }
        while (first < end && w->put(first, w->state))
            first++;
        if (blocked)
            rec_flush(out);
        if (first < end)
            readable = w->wait(first, end - first, blocked ? rec_fd(in) : -1, w->state);
    }
}
