/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

/* A folder on the way: to know a circle by. */
struct above { const struct above *next; dev_t device; ino_t inode; };

/* Names of folders end with '/', so that they sort as the paths below them do. */
struct names { char **v; size_t n, cap; };

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(const char *folder, const char *name)
{
    size_t n = strlen(folder), more = strlen(name);
    bool slash = n && folder[n - 1] != '/';
    char *path = mem_new(n + more + 2, 1);
    memcpy(path, folder, n);
    if (slash)
        path[n++] = '/';
    memcpy(path + n, name, more + 1);
    return path;
}

/* The names to visit, sorted; false with errno if the folder cannot be read. */
static bool list(const char *path, const struct walk_visitor *v, struct names *names)
{
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    struct dirent *e;
    while (errno = 0, (e = readdir(dir))) {
        if (e->d_name[0] == '.')
            continue;
        char *whole = join(path, e->d_name);
        struct stat s;
        bool known = stat(whole, &s) == 0, folder = known && S_ISDIR(s.st_mode);
        free(whole);
        if (!folder && !v->wanted(e->d_name, v->state))
            continue;
        mem_grow(&names->v, &names->cap, names->n + 1, sizeof *names->v);
        size_t n = strlen(e->d_name);
        char *name = mem_new(n + 2, 1);
        memcpy(name, e->d_name, n + 1);
        if (folder)
            memcpy(name + n, "/", 2);
        names->v[names->n++] = name;
    }
    bool read = errno == 0;
    int saved = errno;
    closedir(dir);
    errno = saved;
    if (names->n)
        qsort(names->v, names->n, sizeof *names->v, by_bytes);
    return read;
}

static void descend(const char *path, const struct walk_visitor *v, const struct above *up)
{
    struct stat s;
    struct names names = { NULL, 0, 0 };
    if (stat(path, &s) != 0) {
        v->bad(path, strerror(errno), v->state);
        return;
    }
    for (const struct above *a = up; a; a = a->next)
        if (a->device == s.st_dev && a->inode == s.st_ino) {
            v->bad(path, "a link to a folder that contains it", v->state);
            return;
        }
    const struct above here = { up, s.st_dev, s.st_ino };
    if (!list(path, v, &names))
        v->bad(path, strerror(errno), v->state);
    for (size_t i = 0; i < names.n; i++) {
        char *name = names.v[i];
        size_t n = strlen(name);
        bool folder = name[n - 1] == '/';
        if (folder)
            name[n - 1] = '\0';
        char *whole = join(path, name);
        free(name);
        if (folder)
            descend(whole, v, &here);
        else
            v->file(whole, v->state);
        free(whole);
    }
    free(names.v);
}

void walk(const char *path, const struct walk_visitor *visitor)
{
    struct stat s;
    if (stat(path, &s) == 0 && !S_ISDIR(s.st_mode))
        visitor->file(path, visitor->state);
    else
        descend(path, visitor, NULL);
}
