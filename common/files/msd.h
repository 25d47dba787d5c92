/* msd - the songs of a file of the Million Song Dataset: one of a song, or of many
 *
 * The layout is that of Bertin-Mahieux, Ellis, Whitman, Lamere: "The Million Song Dataset" (ISMIR 2011): three tables of
 * songs, and arrays in which those of one song follow those of the other.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_MSD_H
#define FILES_MSD_H

#include "files/hdf5.h"
#include "stream/rec.h"

struct msd;

/* The songs of f, as many as *songs. NULL: why[HDF5_WHY] says in what f is of another layout. */
struct msd *msd_open(struct hdf5 *f, size_t *songs, char *why);

/* Fill r with song i: its track_id as the id; title, artist, album, year, tempo, key, mode, loudness, duration, tags;
 * timbre and pitches f32[segments][12], segments_start f32[segments]; nil where the file has none. False: r->error says what
 * is wrong with it. */
bool msd_song(struct msd *m, size_t i, struct rec *r);

#endif
