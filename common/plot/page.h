/* page - one HTML file with a map of songs in it, which needs nothing from anywhere
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLOT_PAGE_H
#define PLOT_PAGE_H

#include "base/str.h"

/* Where the sound comes from: files beside the page, the page itself, nowhere. */
#define PAGE_SOUNDS "link|embed|none"
enum { PAGE_LINK, PAGE_EMBED, PAGE_NONE };

/* Append the page. title: UTF-8, escaped here. data: a JSON value, as page.js reads it; in its texts `<` and the line
 * separators U+2028 and U+2029 are escaped here, so that no text can end the block that it stands in or begin
 * markup. The page's Content-Security-Policy allows the page's own style and script, known by their SHA-256, and
 * sound from where `sound` says; all else is forbidden. */
void page_write(struct str *to, const char *title, const struct str *data, int sound);

#endif
