/* crops - the vectors of songs, half whitened, song by song: what contrast-train learns from
 *
 * Of each record its song and its place are held, 16 bytes; the whitened rows lie in an unlinked file in TMPDIR, which is
 * mapped: they may be more than the memory. Of several ranks (base/world) each reads its share, and has a file with the
 * whitened rows of all: so a song may be anywhere.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_CROPS_H
#define DRIVE_CROPS_H

#include "drive/table.h"
#include "nn/contrast_fit.h"
#include "stream/ids.h"

struct crops {
    const char *field;
    struct table *table;
    uint32_t *song;             /* [table->n] the number of each row's song */
    size_t cap;
    double *mean, *scale;       /* [table->d] of the z-score */
    struct tower *white;        /* has the first layer: its weights are the whitening */
    struct songs songs;
};

/* The songs of a stream, by their group's id (drive/groups): numbered in the order in which they come. */
struct song_ids { const char *by; struct ids *ids; size_t n; };

/* Read all of `in`, opened with twice, and note the rows of `field` and their songs, which are added to `ids`. Where there are
 * several ranks, all call it. */
void crops_read(struct crops *c, struct rec_in *in, const char *field, struct song_ids *ids);

/* Whiten the rows of the n songs whose number keep[song] is not SIZE_MAX, which is what they are called from here on, to at
 * most `most` numbers; the table is closed. All ranks call it. Ends with ST_STOPPED where all rows are equal. */
void crops_whiten(struct crops *c, const char *name, const size_t *keep, size_t n, size_t most);

#endif
