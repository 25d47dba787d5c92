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

size_t piece_count(size_t rows, size_t length, double hop, double rate, enum piece_last last, size_t *left)
{
    size_t n = 0;
    *left = 0;
    for (size_t at = 0; at < rows; at = piece_start(n, hop, rate)) {
        if (at + length > rows && last == PIECE_WHOLE)
            break;
        if (n && 2 * (rows - at) < length && last == PIECE_HALF) {
            *left = 1;
            break;
        }
        n++;
        if (at + length >= rows)
            break;
    }
    return n;
}

size_t piece_spread(size_t k, size_t most, size_t n)
{
    if (most == n)
        return k;
    return most == 1 ? (n - 1) / 2 : (size_t)round((double)k * (double)(n - 1) / (double)(most - 1));
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

void piece_emit(struct rec *whole, struct rec *piece)
{
    rec_emit(piece);
    msg_append(&whole->packed, piece->packed.p, piece->packed.n);
    whole->emitted++;
}

void piece_unset(struct rec *whole)
{
    struct text id = rec_id(whole);
    rec_set_str(whole, "track", id.p, id.n);
    rec_set_nil(whole, "start");
}
