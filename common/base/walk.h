/* walk - the files below a folder, in a fixed order
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_WALK_H
#define BASE_WALK_H

#include <stdbool.h>

struct walk_visitor {
    /* Whether to visit the file of that name; its folder does not count. */
    bool (*wanted)(const char *name, void *state);
    /* A file: its path, which begins with the folder's. */
    void (*file)(const char *path, void *state);
    /* A folder that cannot be read, or that contains itself by a link: what is wrong. */
    void (*bad)(const char *path, const char *why, void *state);
    void *state;
};

/* Visit every file below the folder `path`, or `path` itself if it is no folder, whether it is
 * wanted or not. Files come by the code points of the whole path, so in the order of
 * `find | LC_ALL=C sort`. Links are followed. What begins with a dot is skipped. Holds the names
 * of the folders on the way to a file. */
void walk(const char *path, const struct walk_visitor *visitor);

#endif
