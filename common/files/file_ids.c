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
    struct ids *given;          /* ids, with the number of the file */
    size_t *below;              /* of each file: where in its path the part below the operand begins */
    size_t n, cap, longer;
};

struct file_ids *file_ids_new(void)
{
    struct file_ids *n = mem_zero(1, sizeof *n);
    for (int i = 0; i < FORMS; i++) {
        n->seen[i] = ids_new();
        n->twice[i] = ids_new();
    }
    n->given = ids_new();
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
    ids_free(n->given);
    free(n->below);
    free(n);
}

/* Without ./ in front, which is no part of the name. */
static const char *plain(const char *path, const char *relative)
{
    while (path[0] == '.' && path[1] == '/' && path + 2 <= relative)
        path += 2 + strspn(path + 2, "/");
    return path;
}

static struct text form_of(int form, const char *path, size_t below)
{
    const char *p = form == STEM || form == NAME ? path + below : path;
    return (struct text){ p, form == STEM || form == PATH_STEM ? path_stem(p) : strlen(p) };
}

void file_ids_add(struct file_ids *n, const char *path, const char *relative)
{
    path = plain(path, relative);
    size_t below = (size_t)(relative - path);
    if (!ids_add(n->seen[PATH], form_of(PATH, path, below), n->n))
        return;
    mem_grow(&n->below, &n->cap, n->n + 1, sizeof *n->below);
    n->below[n->n++] = below;
    for (int i = 0; i < PATH; i++) {
        struct text t = form_of(i, path, below);
        if (!ids_add(n->seen[i], t, 0))
            ids_add(n->twice[i], t, 0);
    }
}

struct text file_ids_id(struct file_ids *n, const char *path, const char *relative)
{
    path = plain(path, relative);
    size_t number = ids_find(n->seen[PATH], form_of(PATH, path, 0));
    for (int i = 0; i < FORMS; i++) {
        struct text t = form_of(i, path, n->below[number]);
        if (ids_find(n->twice[i], t) != SIZE_MAX)
            continue;
        if (ids_add(n->given, t, number)) {     /* the name of one may be the stem of another: a.mp3, a.mp3.wav */
            n->longer += i > 0;
            return t;
        }
        if (ids_find(n->given, t) == number)
            return t;
    }
    return form_of(PATH, path, 0);
}

size_t file_ids_longer(const struct file_ids *n) { return n->longer; }
