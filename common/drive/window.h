/* window - work under way on what was read: several pieces at once, put out in the order of the input
 *
 * The loop of whoever has the work done elsewhere, by threads or by children: it reads ahead as far as
 * there is room, puts out what is done at the front of the line, and waits for whichever comes first, more
 * input or the end of a piece of work. Nothing is kept back while it waits for input.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_WINDOW_H
#define DRIVE_WINDOW_H

#include "stream/rec.h"

struct window {
    size_t size;            /* pieces that may be under way: piece i has place i % size in a ring of them */

    /* Whether one more may be set going, where that is not for `size` alone to say; NULL: it may. */
    bool (*room)(void *state);

    /* Where piece i, one record, is read to, and holds its own bytes, before `begin` (drive reads it); NULL: begin reads. */
    struct rec *(*record)(size_t i, void *state);

    /* Read what is piece i, and set it going; false: the input is at its end. */
    bool (*begin)(size_t i, void *state);

    /* Piece i is the first of those under way: put out what there is of it; false: it is not done. */
    bool (*put)(size_t i, void *state);

    /* Wait until something came of the n pieces from `first` on, or fd (-1: none) can be read: true then. */
    bool (*wait)(size_t first, size_t n, int fd, void *state);

    void *state;
};

/* Run it until the input is at its end and every piece was put out. */
void window_run(const struct window *w, struct rec_in *in, struct rec_out *out);

#endif
