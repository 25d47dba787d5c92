/* tracks - several audio files decoded at once, each in its fence, for who wants them in order
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_TRACKS_H
#define AUDIO_TRACKS_H

#include "audio/track.h"

struct tracks;

/* A ring of `size` tracks: number i has place i % size. `most`: bytes of samples of one track at once; more
 * make it fail, with `large` set; 0: any number. spec and limits are borrowed; tracks_start reads them, and only that. */
struct tracks *tracks_new(size_t size, const struct track_spec *spec, const struct fence_limits *limits, size_t most);
void tracks_free(struct tracks *t);

/* Start track i. NULL: there is nothing to decode, and it is done at once. Where there can be no child now, this waits
 * for the end of one that runs; false if none runs: its `why` says why. */
bool tracks_start(struct tracks *t, size_t i, const char *path);

struct track *tracks_at(struct tracks *t, size_t i);

/* Those whose child runs. */
size_t tracks_running(const struct tracks *t);

/* Wait until a child of the n tracks from `first` on has something, and read it, or fd (-1: none) can be read:
 * true then. Where 256 MB wait for their turn already, only the first is read. */
bool tracks_wait(struct tracks *t, size_t first, size_t n, int fd);

/* Track i has had its turn. Some memory is kept for those to come. */
void tracks_end(struct tracks *t, size_t i);

#endif
