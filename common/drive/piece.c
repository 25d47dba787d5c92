/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/piece.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drive/item.h"

size_t piece_start(size_t i, double hop, double rate)
{
    double at = round((double)i * hop * rate);
    return at < 1e18 ? (size_t)at : (size_t)1e18;
}

char *piece_id(struct text whole, size_t i)
{
    char *id = mem_new(whole.n + 32, 1);
    memcpy(id, whole.p, whole.n);
    snprintf(id + whole.n, 32, "#%04zu", i);
    return id;
}

void piece_begin(struct rec *piece, const struct rec *whole, const char *cut, size_t i, double start)
{
    struct text track = rec_id(whole);
    const struct field *id_field = rec_find(whole, "id"), *cut_field = cut ? rec_find(whole, cut) : NULL;
    char *id = piece_id(track, i);
    item_note_side(whole, "track");
    item_note_side(whole, "start");
    rec_begin(piece, id, track.n + strlen(id + track.n));
    for (size_t k = 0; k < whole->n; k++) {
        const struct field *f = whole->fields + k;
        if (f != id_field && f != cut_field)
            rec_take(piece, f);
    }
    rec_set_str(piece, "track", track.p, track.n);
    rec_set_f64(piece, "start", start);
    free(id);
}
