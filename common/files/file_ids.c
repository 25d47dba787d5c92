/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/file_ids.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "files/path.h"
#include "stream/ids.h"

enum { STEM, NAME, PATH_STEM, PATH, FORMS };

struct file_ids {
    struct ids *seen[FORMS], *twice[FORMS];
    size_t longer;
};

struct file_ids *file_ids_new(void)
{
    struct file_ids *n = mem_zero(1, sizeof *n);
    for (int i = 0; i < FORMS; i++) {
        n->seen[i] = ids_new();
        n->twice[i] = ids_new();
    }
    return n;
}

void file_ids_free(struct file_ids *n)
{
    if (!n)
        return;
    for (int i = 0; i < FORMS; i++) {
        ids_free(n->seen[i]);
        ids_free(n->twice[i]);
    }
    free(n);
}

static struct text form_of(int form, const char *path, const char *relative)
{
    while (path[0] == '.' && path[1] == '/' && path + 2 <= relative)
        path += 2 + strspn(path + 2, "/");
    const char *p = form == STEM || form == NAME ? relative : path;
    return (struct text){ p, form == STEM || form == PATH_STEM ? path_stem(p) : strlen(p) };
}

void file_ids_add(struct file_ids *n, const char *path, const char *relative)
{
    if (!ids_add(n->seen[PATH], form_of(PATH, path, relative), 0))
        return;
    for (int i = 0; i < PATH; i++) {
        struct text t = form_of(i, path, relative);
        if (!ids_add(n->seen[i], t, 0))
            ids_add(n->twice[i], t, 0);
    }
}

struct text file_ids_id(struct file_ids *n, const char *path, const char *relative)
{
    for (int i = 0; i < PATH; i++) {
        struct text t = form_of(i, path, relative);
        if (ids_find(n->twice[i], t) == SIZE_MAX) {
            n->longer += i > 0;
            return t;
        }
    }
    n->longer++;
    return form_of(PATH, path, relative);
}

size_t file_ids_longer(const struct file_ids *n) { return n->longer; }
