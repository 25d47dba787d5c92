/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/sought.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/near_name.h"

enum { LOOKED_AT = 10000 };         /* of so many it is told how near they are */

bool sought_see(struct sought *s, const struct rec *r, size_t row)
{
    struct text id = rec_id(r);
    bool is = strlen(s->id) == id.n && memcmp(s->id, id.p, id.n) == 0;
    if (row == SIZE_MAX)
        return is;
    if (is)
        s->row = row;
    if (s->row != SIZE_MAX || s->seen++ >= LOOKED_AT)
        return is;
    struct near_name near = near_name(s->id);
    if (s->near)
        near.distance = s->edits;
    near_name_try(&near, id.p, id.n);
    if (near.found) {
        free(s->near);
        s->near = mem_text(id.p, id.n);
        s->edits = near.distance;
    }
    if (!s->first)
        s->first = mem_text(id.p, id.n);
    return is;
}

void sought_need(const struct sought *s, const char *why)
{
    if (s->row != SIZE_MAX)
        return;
    if (s->near)
        die(ST_STOPPED, "%s: %s; did you mean %s?", s->id, why, SHORT(s->near, strlen(s->near)));
    if (s->first)
        die(ST_STOPPED, "%s: %s; the first id is %s", s->id, why, SHORT(s->first, strlen(s->first)));
    die(ST_STOPPED, "%s: %s", s->id, why);
}
