/* page_songs - songs as page.js reads them: a JSON list of values for each field, and neighbours by number
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_PAGE_SONGS_H
#define DRIVE_PAGE_SONGS_H

#include "files/json_out.h"
#include "stream/rec.h"

enum { PAGE_FIELDS = 64 };              /* most fields that a page shows */
enum { PAGE_NEIGHBOURS = 20 };          /* most neighbours of a song that a page holds */

struct page_songs;

struct page_songs *page_songs_new(void);

/* Take a song: of its fields numbers, texts, true and false, and the ids in `neighbours`. Other values are passed over, bytes
 * too, but in `path`, which are then written as in an address. Ends the program with the 65th field. */
void page_songs_add(struct page_songs *s, const struct rec *r);

/* Whether a song has had the field. */
bool page_songs_have(const struct page_songs *s, const char *field);

/* Append members of an object: "raw", the songs whose path is an address already; "near", where a song had
 * neighbours, their numbers, nearest first, of those that are songs of the page; "fields". Texts that are not UTF-8 are
 * counted in lost. The values are freed. */
void page_songs_put(struct page_songs *s, struct str *to, struct json_lost *lost);

void page_songs_free(struct page_songs *s);

#endif
