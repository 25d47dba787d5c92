/* flac - FLAC of any depth, alone or in Ogg, by libFLAC, with every status that it gives looked at
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_FLAC_H
#define AUDIO_FLAC_H

#include <stdbool.h>

#include "audio/part.h"

enum { FLAC_WHY = 200 };

/* What STREAMINFO and the headers of frames say, for who reads FLAC otherwise, from `start` of a file on. `plain`: its
 * depth is 8, 16 or 24 bits, its length is told, and no two frames in a row have another rate or other channels.
 * `more`: frames go on behind that length. */
struct flac_head { uint64_t samples; bool plain, more; };
struct flac_head flac_look(int fd, uint64_t start, uint64_t end);

struct flac;

struct flac_format { int rate; unsigned channels; uint64_t samples; };      /* samples 0: not told */

/* Open FLAC; p becomes its own. NULL if there is no STREAMINFO in it, or a rate or a number of channels of 0. */
struct flac *flac_open(struct part *p, bool ogg, struct flac_format *format);

/* Read x[frames][channels] or less, floats that are the integers / 2^(bits - 1); 0 at the end, which is where
 * STREAMINFO says, whatever follows. -1 where it breaks, or changes its rate or channels: why[FLAC_WHY] says
 * what. Where STREAMINFO says no end, what follows the last frame is told in why, with 0. */
ptrdiff_t flac_read(struct flac *f, float *x, size_t frames, char *why);

void flac_close(struct flac *f);

#endif
