/* tags - what a file says about itself: title, artist, album, genre, year
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_TAGS_H
#define AUDIO_TAGS_H

#include "audio/fence.h"

enum { TAG_TITLE, TAG_ARTIST, TAG_ALBUM, TAG_GENRE, TAG_YEAR, TAG_COUNT };
extern const char *const tag_names[TAG_COUNT];

struct tags { char text[TAG_COUNT][512]; };     /* UTF-8; "" is none */

/* Read what TagLib finds in the file (ID3 of all versions, APE, Vorbis comments, MP4, RIFF INFO, …),
 * and libsndfile where that is no MP3 and something is missing, inside a fence. A genre that is a number
 * of ID3's list is its name there; several are joined by blanks. The year is the date's four digits. A file
 * without tags, or that is no audio, has none. why[FENCE_WHY] says how the fence broke, or what the machine lacks for
 * one. */
enum tags_got { TAGS_READ, TAGS_BROKEN, TAGS_LACK };
enum tags_got tags_read(const char *path, const struct fence_limits *limits, struct tags *tags, char *why);

#endif
