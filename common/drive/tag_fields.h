/* tag_fields - the tags of an audio file as fields
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_TAG_FIELDS_H
#define DRIVE_TAG_FIELDS_H

#include "audio/fence.h"
#include "stream/rec.h"

/* Set title, artist, album, genre and year (a whole number) where r has none; nil where the file has none.
 * A file whose tags cannot be read is said. Ends with ST_STOPPED where the machine has no room for a child. */
void tag_fields(struct rec *r, const char *path, const struct fence_limits *limits);

#endif
