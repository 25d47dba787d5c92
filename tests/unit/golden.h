/* golden - where a file of numbers to compare with lies: in the repository, or in the shared folder
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_GOLDEN_H
#define UNIT_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* "golden/NAME" as tests/golden/NAME if it is there; else, and every other name, below
 * SONGPIPE_SHARED or ../shared, whether it is there or not. Good until the fourth call after. */
static inline char *golden_path(const char *name)
{
    static char paths[4][2048];
    static unsigned at;
    char *path = paths[at++ % 4];
    const char *shared = getenv("SONGPIPE_SHARED");
    snprintf(path, sizeof *paths, "tests/%s", name);
    if (access(path, R_OK) != 0)
        snprintf(path, sizeof *paths, "%s/%s", shared ? shared : "../shared", name);
    return path;
}

#endif
