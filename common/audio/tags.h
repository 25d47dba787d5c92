/* tags - what a file says about itself: title, artist, album, genre, year
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_TAGS_H
#define AUDIO_TAGS_H

#include "audio/fence.h"

enum { TAG_TITLE, TAG_ARTIST, TAG_ALBUM, TAG_GENRE, TAG_YEAR, TAG_COUNT };
extern const char *const tag_names[TAG_COUNT];

struct tags { char text[TAG_COUNT][512]; };     /* UTF-8; "" is none */

/* Read the tags of an MP3 (ID3) or of what libsndfile opens, inside a fence. A genre that is
 * a number of ID3's list becomes its name; the year is the first four digits of the date.
 * A file without tags, or that is no audio, has none. False if the fence broke: why[FENCE_WHY]
 * says how. */
bool tags_read(const char *path, const struct fence_limits *limits, struct tags *tags, char *why);

#endif
