/* preview - the loudest part of a song, compressed: a few kilobytes to listen to
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_PREVIEW_H
#define AUDIO_PREVIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum { PREVIEW_RATE = 24000, PREVIEW_BITS = 32000 };    /* Hz of the samples; bits a second, about */

/* Where the m samples of x[n], m <= n, begin whose squares have the largest sum; of equal ones the first. */
size_t preview_loudest(const float *x, size_t n, size_t m);

/* Append x[n], mono, PREVIEW_RATE, as an Ogg Opus file, faded in and out over 20 ms; louder than 1 is made softer.
 * The same samples give the same bytes: the stream's number, which libsndfile draws, is 1. False if libsndfile
 * cannot: why[PREVIEW_WHY] says why. */
#define PREVIEW_WHY 200
bool preview_encode(const float *x, size_t n, struct str *to, char *why);

/* What a preview is of: a file, or NULL for none; of it what begins `start` seconds after its beginning, and is so long: more
 * than 20 minutes, or NAN, are 20 minutes. */
struct preview_of { char *path; double start, length; };

/* Decode of[n], up to `jobs` at once, and call take for each in order: its preview of so many seconds (all of what is
 * shorter, else the loudest part) is clip[size]; size is 0 where there is none, and `why` says why. False if the machine
 * lacks something (processes, descriptors, memory), which is no song's fault: why[PREVIEW_WHY] says what. */
typedef void preview_take(size_t i, const char *clip, size_t size, const char *why, void *state);
bool previews_make(const struct preview_of *of, size_t n, double seconds, size_t jobs, preview_take *take, void *state,
                   char *why);

#endif
