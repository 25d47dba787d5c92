/* path - fields made of a file's path, and of texts that lie beside the file
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_PATH_H
#define FILES_PATH_H

#include "base/pattern.h"
#include "stream/rec.h"

/* Where the suffix of the path's last name begins, at its dot; the path's length if it has
 * none. A dot in front of the name begins no suffix. */
size_t path_stem(const char *path);

/* The path that `name` is if it is relative to the folder that `file` lies in, which takes *folder bytes of it.
 * The caller's to free. */
char *path_beside(const char *file, struct text name, size_t *folder);

/* Set the field `path`: str, or bin if it is not UTF-8. */
void path_set(struct rec *r, const char *path);

/* Set a field to a part of a path, p[n], in which bytes that are not UTF-8 become %XX. The
 * field "id" begins the record anew. */
void path_set_part(struct rec *r, const char *field, const char *p, size_t n);

/* A part of a path that is a label: the first folder below the operand, or what a regular expression matches. */
struct path_part {
    bool dir;
    regex_t chars, bytes;       /* the expression for paths that are UTF-8, and for others */
};

/* Read "dir" or "regex:RE" (extended). False: why[PATH_WHY] says what is wrong with it. */
#define PATH_WHY PATTERN_WHY
bool path_part_read(struct path_part *part, const char *text, char *why);

/* Set the field to that part of `path`, of which `relative` is what is below the operand: of a regular expression
 * its first group, or the whole match where it has none. Nil where there is no such part. */
void path_set_label(struct rec *r, const char *field, const struct path_part *part, const char *path,
                    const char *relative);

/* Set the field to the text in `file`, whose name is relative to the folder of `path`, with
 * each {stem} replaced by the last name of path without its suffix; nil if there is no such
 * file. A byte order mark is left out. False, with r->error set, if it cannot be read, is
 * larger than half of frame_max, or is not UTF-8. */
bool path_set_text(struct rec *r, const char *field, const char *file, const char *path);

#endif
