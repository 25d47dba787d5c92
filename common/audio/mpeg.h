/* mpeg - frames of MPEG audio (MP1, MP2, MP3) in a file, found by headers that agree
 *
 * Four bytes that look like a frame's header are found in any large file. Several of them, each where the one
 * before it says that it ends, with the same version, layer and rate, are not.
 *
 * Source: ISO/IEC 11172-3, 2.4.1 and 2.4.2 (headers, side information); 13818-3 (lower rates).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_MPEG_H
#define AUDIO_MPEG_H

#include <stdbool.h>
#include <stdint.h>

/* Where the first of several agreeing frames begins in the bytes from `start` to `end`; `end` if there are none.
 * At `start` itself, three will do, or fewer if the file ends there; behind up to 4 MB of something else it
 * takes five. One will do that has a Xing or Info tag. */
uint64_t mpeg_find(int fd, uint64_t start, uint64_t end);

/* Whether at least three agreeing frames begin at `start`. */
bool mpeg_agree(int fd, uint64_t start, uint64_t end);

/* Samples per channel that the Xing or Info tag in the frame at `start` promises, the encoder's delay and padding
 * taken off where a LAME tag tells of them; 0: there is no tag. */
uint64_t mpeg_samples(int fd, uint64_t start);

/* Whether libmpg123 may mix the channels before its synthesis: it does that with the windows of the left one. So in
 * every frame of layer III, all have one channel, or all two with the same windows. (In layers I and II it
 * takes the left channel for the mix.) */
bool mpeg_mixes(int fd, uint64_t start, uint64_t end);

#endif
