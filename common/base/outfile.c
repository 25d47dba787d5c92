/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE         /* O_TMPFILE */
#include "base/outfile.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"

struct outfile {
    char *path, *temp;
    int fd, keep;       /* keep: a second descriptor, in case the first is closed */
    bool straight, named;
};

struct outfile *outfile_open(const char *path)
{
    struct outfile *f = mem_zero(1, sizeof *f);
    struct stat s;
    char *target = realpath(path, NULL);    /* a symbolic link stays one */
    f->path = target ? target : mem_text(path, strlen(path));
    path = f->path;
    size_t n = strlen(path) + 16;
    f->temp = mem_new(n, 1);
    f->keep = -1;
    if (stat(path, &s) == 0 && !S_ISREG(s.st_mode)) {
        f->straight = true;
        f->fd = open(path, O_WRONLY | O_CLOEXEC);
    } else {
        const char *slash = strrchr(path, '/');
        snprintf(f->temp, n, "%.*s", slash ? (int)(slash - path) + 1 : 2, slash ? path : "./");
        f->fd = open(f->temp, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
        snprintf(f->temp, n, "%s.%u", path, (unsigned)getpid());
        if (f->fd < 0) {                /* a file system that has no nameless files */
            f->named = true;
            f->fd = open(f->temp, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        }
        f->keep = f->fd < 0 ? -1 : fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
    }
    if (f->fd < 0)
        die(ST_STOPPED, "%s: cannot write:", path);
    return f;
}

int outfile_fd(const struct outfile *f)
{
    return f->fd;
}

void outfile_done(struct outfile *f)
{
    if (!f->straight) {
        char self[64];
        snprintf(self, sizeof self, "/proc/self/fd/%d", f->keep);
        if ((!f->named && linkat(AT_FDCWD, self, AT_FDCWD, f->temp, AT_SYMLINK_FOLLOW) != 0) ||
            rename(f->temp, f->path) != 0)
            die(ST_STOPPED, "%s: cannot write:", f->path);
        close(f->keep);
    }
    free(f->path);
    free(f->temp);
    free(f);
}
