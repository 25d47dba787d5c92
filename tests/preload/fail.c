/* fail - a library to be preloaded that lets reading and writing fail as systems do
 *
 * FAIL_READ=short    each read gives a byte or two
 * FAIL_READ=again    each second read is interrupted (EINTR)
 * FAIL_READ=error:N  after N bytes of one descriptor reads fail (EIO)
 * FAIL_WRITE=short   each write takes a byte or two
 * FAIL_WRITE=again   each second write is interrupted
 * FAIL_WRITE=full:N  after N bytes to one descriptor the disk is full (ENOSPC)
 * FAIL_CLOSE=error   closing what was written to fails (EIO)
 * FAIL_TMPFILE=1     there are no nameless files (EOPNOTSUPP)
 *
 * stderr is spared; so is what the C library reads by itself.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MANY = 4096 };
static atomic_ullong moved[2][MANY], calls;

/* How many of n bytes the call may move; 0 with errno where it fails. */
static size_t allowed(const char *name, int way, int fd, size_t n)
{
    const char *how = getenv(name);
    if (!how || fd == STDERR_FILENO || fd >= MANY || n == 0)
        return n;
    if (strcmp(how, "again") == 0 && atomic_fetch_add(&calls, 1) % 2 == 0) {
        errno = EINTR;
        return 0;
    }
    if (strcmp(how, "short") == 0)
        return n < 2 ? n : 1 + atomic_fetch_add(&calls, 1) % 2;
    const char *colon = strchr(how, ':');
    if (colon) {
        unsigned long long most = strtoull(colon + 1, NULL, 10), now = atomic_load(&moved[way][fd]);
        if (now >= most) {
            errno = way ? ENOSPC : EIO;
            return 0;
        }
        return n < most - now ? n : (size_t)(most - now);
    }
    return n;
}

static ssize_t count(int way, int fd, ssize_t n)
{
    if (n > 0 && fd >= 0 && fd < MANY)
        atomic_fetch_add(&moved[way][fd], (unsigned long long)n);
    return n;
}

ssize_t read(int fd, void *to, size_t n)
{
    size_t most = allowed("FAIL_READ", 0, fd, n);
    return n && !most ? -1 : count(0, fd, syscall(SYS_read, fd, to, most));
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    size_t most = allowed("FAIL_READ", 0, fd, n);
    return n && !most ? -1 : count(0, fd, syscall(SYS_pread64, fd, to, most, at));
}

ssize_t write(int fd, const void *p, size_t n)
{
    size_t most = allowed("FAIL_WRITE", 1, fd, n);
    return n && !most ? -1 : count(1, fd, syscall(SYS_write, fd, p, most));
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    if ((flags & O_TMPFILE) == O_TMPFILE && getenv("FAIL_TMPFILE")) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int close(int fd)
{
    bool written = fd >= 0 && fd < MANY && atomic_exchange(&moved[1][fd], 0) > 0;
    if (fd >= 0 && fd < MANY)
        atomic_store(&moved[0][fd], 0);
    int result = (int)syscall(SYS_close, fd);
    if (written && getenv("FAIL_CLOSE") && fd != STDERR_FILENO) {
        errno = EIO;
        return -1;
    }
    return result;
}
