/* timed - lyrics and subtitles without what is not sung: time stamps, numbers, tags
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_TIMED_H
#define FILES_TIMED_H

#include <stddef.h>

/* Leave the words of text[n] that the suffix of `path` says is of such a kind; the length of the rest.
 *
 *   .lrc         [mm:ss.xx] and <mm:ss.xx>; lines like [ar:Name], but not [Chorus]
 *   .srt, .vtt   the lines of times and the numbers or names before them, <i> and its like, {\an8}; of WebVTT the
 *                head and the blocks NOTE, STYLE and REGION
 *
 * Other texts stay as they are. Line ends are kept. */
size_t timed_strip(const char *path, char *text, size_t n);

#endif
