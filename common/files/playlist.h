/* playlist - the lines and the names of extended M3U playlists
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_PLAYLIST_H
#define FILES_PLAYLIST_H

#include "base/str.h"
#include "stream/ids.h"

/* Add text[n] with a blank for each character that is not harmless (str_harmless), a line feed among them, and no
 * more than `most` bytes of it, cut between characters. */
void playlist_text(struct str *to, const char *text, size_t n, size_t most);

/* Add a file name, without a suffix, that FAT and NTFS take, too: "_" for control characters and <>:"/\|?*, for a
 * dot in front and for dots and blanks at the end; "_" in front of CON, NUL, COM1 and their kin; at most 200 bytes.
 * Of a text of nothing "_". */
void playlist_name(struct str *to, const char *text, size_t n);

/* Whether no file has this name yet, whatever the case of its (ASCII) letters; then it is taken. */
bool playlist_take(struct ids *taken, const char *name, size_t n);

/* The way from the folder `from` to the folder `to`, both absolute and without links or dots: "../b/", "" for the
 * same. */
void playlist_way(struct str *way, const char *from, const char *to);

#endif
