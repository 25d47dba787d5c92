/* pieces - the numbers that a text is cut into
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_PIECES_H
#define TEXT_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* id[n] of a text, without those that stand around it; words: those it had before they were cut (where words
 * are not what is cut, n). Zero it first; free id. */
struct pieces { uint32_t *id; size_t n, cap, words; };

static inline void pieces_put(struct pieces *p, uint32_t id)
{
    mem_grow(&p->id, &p->cap, p->n + 1, sizeof *p->id);
    p->id[p->n++] = id;
}

#endif
