/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE         /* O_TMPFILE, F_SETPIPE_SZ */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/die.h"
#include "base/mem.h"

enum { PIECE = 64 << 10, PIPE = 1 << 20 };

/* ---- when a program begins ---- */

/* A file, by what tells it from others: its inode, or where there is none yet its folder's and its name. */
struct file {
    const char *name;
    mode_t mode;
    dev_t dev;
    ino_t ino;
    const char *base;       /* NULL: there is a file */
    bool out;
};

static struct file *files;
static size_t n_files, files_cap;

static bool same_file(const struct file *a, const struct file *b)
{
    if (a->dev != b->dev || a->ino != b->ino || !a->base != !b->base)
        return false;
    return a->base ? strcmp(a->base, b->base) == 0 : S_ISREG(a->mode) || (a->out && b->out && !S_ISCHR(a->mode));
}

static void put_file(struct file f)
{
    mem_grow(&files, &files_cap, n_files + 1, sizeof *files);
    files[n_files++] = f;
}

static void add_file(struct file f)
{
    for (size_t i = 0; i < n_files; i++) {
        if (!(f.out || files[i].out) || !same_file(&f, files + i))
            continue;
        if (f.out && files[i].out)
            die(ST_USAGE, "%s and %s are the same file, and both would be written", files[i].name, f.name);
        die(ST_USAGE, "%s is read, and would be written, too: give the output another name", f.out ? files[i].name : f.name);
    }
    put_file(f);
}

/* A file as fstat and stat tell it. */
static struct file file_of(const char *name, const struct stat *s)
{
    return (struct file){ .name = name, .mode = s->st_mode, .dev = s->st_dev, .ino = s->st_ino };
}

void io_begin(void)
{
    static const char *const names[] = { "stdin", "stdout", "stderr" };
    struct stat s;
    signal(SIGXFSZ, SIG_IGN);               /* a file that grows too large is an error of write, with a message */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)         /* the wrong way round: using it is still an error */
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)     /* which may be one file */
        if (fstat(fd, &s) == 0) {
            struct file f = file_of(names[fd], &s);
            f.out = true;
            put_file(f);
        }
}

void io_reads(const char *path)
{
    struct stat s;
    bool in = strcmp(path, "-") == 0;
    if ((in ? fstat(STDIN_FILENO, &s) : stat(path, &s)) == 0)
        add_file(file_of(in ? "stdin" : path, &s));
}

void io_writes(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = NULL;
    struct stat s;
    if (stat(path, &s) != 0) {
        char *folder = slash ? mem_text(path, (size_t)(slash - path) + 1) : mem_text(".", 1);
        base = slash ? slash + 1 : path;
        bool there = stat(folder, &s) == 0;
        free(folder);
        if (!there)                         /* io_create will say it */
            return;
    }
    struct file f = file_of(path, &s);
    f.base = base;
    f.out = true;
    add_file(f);
}

void io_updates(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0)
        return;
    struct file f = file_of(path, &s);
    for (size_t i = 0; i < n_files; i++)
        if (same_file(files + i, &f))
            files[i].out = false;
}

/* Whether the descriptor is open for `how`, O_RDONLY or O_WRONLY. */
static bool is_open(int fd, int how)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && ((flags & O_ACCMODE) == how || (flags & O_ACCMODE) == O_RDWR);
}

bool io_stdin_empty(void)
{
    struct stat s;
    struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
    if (fstat(STDIN_FILENO, &s) != 0 || S_ISCHR(s.st_mode))
        return true;
    if (S_ISREG(s.st_mode))
        return lseek(STDIN_FILENO, 0, SEEK_CUR) >= s.st_size;
    while (poll(&p, 1, -1) < 0 && errno == EINTR)
        ;
    return !(p.revents & POLLIN);
}

/* ---- for any room ---- */

ssize_t io_read(int fd, void *to, size_t most)
{
    ssize_t n;
    do
        n = read(fd, to, most);
    while (n < 0 && errno == EINTR);
    return n;
}

ssize_t io_read_at(int fd, void *to, size_t n, uint64_t at)
{
    size_t have = 0;
    while (have < n) {
        ssize_t k = pread(fd, (char *)to + have, n - have, (off_t)(at + have));
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return -1;
        if (k == 0)
            break;
        have += (size_t)k;
    }
    return (ssize_t)have;
}

bool io_write(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t k = write(fd, at, n);
        if (k < 0 && errno == EAGAIN)
            poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
        else if (k < 0 && errno != EINTR)
            return false;
        if (k > 0) {
            at += k;
            n -= (size_t)k;
        }
    }
    return true;
}

char *io_slurp(int fd, size_t most, size_t *n)
{
    char *text = NULL;
    size_t cap = 0;
    *n = 0;
    for (ssize_t got = 1; got; *n += (size_t)got) {
        mem_grow(&text, &cap, *n + PIECE + 1, 1);
        got = io_read(fd, text + *n, cap - *n - 1);
        if (got < 0 || (size_t)got > most - *n) {
            int saved = got < 0 ? errno : EFBIG;
            free(text);
            errno = saved;
            return NULL;
        }
    }
    text[*n] = '\0';
    return text;
}

char *io_file(const char *path, size_t most, size_t *n)
{
    struct stat s;
    char *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &s) == 0) {
        errno = S_ISDIR(s.st_mode) ? EISDIR : !S_ISREG(s.st_mode) ? EINVAL : (uint64_t)s.st_size > most ? EFBIG : 0;
        if (errno == 0)
            text = io_slurp(fd, most, n);
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return text;
}

/* ---- bytes in ---- */

struct io_in {
    const char *path, *name;
    int fd;                 /* -1: a file that is opened again by io_rewind */
    bool rewinds, regular, kept;
    bool ended, again;      /* at its end; in a pass behind the first */
    off_t start;            /* where a regular file began to be read */
    int spool;              /* what keeps a pipe's bytes for the next pass; -1 none */
    XXH3_state_t *hash;     /* NULL: not wanted */
    uint64_t first_hash;    /* of the first pass */
};

static const char *spool_dir(void)
{
    const char *dir = getenv("TMPDIR");
    return dir && *dir ? dir : "/tmp";
}

noreturn static void spool_failed(void)
{
    die(ST_STOPPED, "cannot keep the input in %s (TMPDIR):", spool_dir());
}

int io_temporary(void)
{
    const char *dir = spool_dir();
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        size_t n = strlen(dir) + 32;
        char *path = mem_new(n, 1);
        snprintf(path, n, "%s/songpipe.XXXXXX", dir);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
        free(path);
    }
    if (fd < 0)
        spool_failed();
    return fd;
}

void io_temporary_put(int fd, const void *p, size_t n)
{
    if (!io_write(fd, p, n))
        spool_failed();
}

static void open_path(struct io_in *in)
{
    in->fd = strcmp(in->path, "-") == 0 ? STDIN_FILENO : open(in->path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        die(ST_STOPPED, "%s: cannot open:", in->name);
}

struct io_in *io_open(const char *path, int wanted)
{
    struct io_in *in = mem_zero(1, sizeof *in);
    struct stat s;
    in->path = path;
    in->name = strcmp(path, "-") == 0 ? "stdin" : path;
    io_reads(path);
    open_path(in);
    if (!is_open(in->fd, O_RDONLY))
        die(ST_STOPPED, "%s: closed, or not open for reading", in->name);
    fcntl(in->fd, F_SETPIPE_SZ, PIPE);      /* a hint: refused for anything but a pipe */
    bool known = fstat(in->fd, &s) == 0;
    if (known && S_ISDIR(s.st_mode))
        die(ST_STOPPED, "%s: a folder, not a file", in->name);
    in->regular = known && S_ISREG(s.st_mode);
    in->rewinds = wanted & IO_REWIND;
    in->start = in->regular ? lseek(in->fd, 0, SEEK_CUR) : 0;
    in->spool = in->rewinds && !in->regular ? io_temporary() : -1;
    if (wanted & IO_HASH) {
        in->hash = XXH3_createState();
        if (!in->hash)
            die(ST_MEMORY, "no memory");
        XXH3_64bits_reset(in->hash);
    }
    return in;
}

const char *io_name(const struct io_in *in) { return in->name; }
int io_fd(const struct io_in *in) { return in->fd; }
uint64_t io_hash(const struct io_in *in) { return XXH3_64bits_digest(in->hash); }

bool io_piped(const struct io_in *in)
{
    struct stat s;
    return !in->again && fstat(in->fd, &s) == 0 && S_ISFIFO(s.st_mode);
}

noreturn void io_changed(const char *name)
{
    die(ST_STOPPED, "%s: changed while being read", name);
}

static void close_file(struct io_in *in)
{
    if (in->fd >= 0 && in->fd != STDIN_FILENO && in->fd != in->spool)
        close(in->fd);
    in->fd = -1;
}

static void reach_end(struct io_in *in)
{
    in->ended = true;
    if (in->hash && in->again && io_hash(in) != in->first_hash)
        io_changed(in->name);
    if (in->regular && !in->kept)           /* of many inputs only one is open */
        close_file(in);
}

size_t io_get(struct io_in *in, void *to, size_t most)
{
    ssize_t n;
    if (in->ended)
        return 0;
    while ((n = io_read(in->fd, to, most)) < 0 && errno == EAGAIN)
        poll(&(struct pollfd){ .fd = in->fd, .events = POLLIN }, 1, -1);
    if (n < 0)
        die(ST_STOPPED, "%s: cannot read:", in->name);
    if (in->spool >= 0 && !in->again && n > 0)
        io_temporary_put(in->spool, to, (size_t)n);
    if (in->hash)
        XXH3_64bits_update(in->hash, to, (size_t)n);
    if (n == 0)
        reach_end(in);
    return (size_t)n;
}

size_t io_get_all(struct io_in *in, void *to, size_t n)
{
    size_t have = 0, got = 1;
    while (have < n && got)
        have += got = io_get(in, (char *)to + have, n - have);
    return have;
}

void io_rewind(struct io_in *in)
{
    if (in->hash) {
        if (!in->again)
            in->first_hash = io_hash(in);
        XXH3_64bits_reset(in->hash);
    }
    if (in->spool >= 0 && !in->again) {
        close_file(in);
        in->fd = in->spool;
    } else if (in->fd < 0) {
        open_path(in);
    }
    in->again = true;
    in->ended = false;
    if (lseek(in->fd, in->start, SEEK_SET) < 0)
        die(ST_STOPPED, "%s: cannot go back:", in->name);
}

int io_keep(struct io_in *in, uint64_t *start)
{
    in->kept = true;
    *start = (uint64_t)in->start;
    return in->spool >= 0 ? in->spool : in->fd;
}

void io_close(struct io_in *in)
{
    if (!in)
        return;
    close_file(in);
    if (in->spool >= 0)
        close(in->spool);
    XXH3_freeState(in->hash);
    free(in);
}

/* ---- bytes out ---- */

struct io_out {
    int fd;
    char *path, *temp;      /* NULL: a descriptor, or what is written straight */
    int keep;               /* a second descriptor: fd is closed before the file appears */
    bool named;             /* `temp` is there: begun with a name, or about to become `path` */
    pid_t by;               /* not to be removed by a child of ours */
    struct io_out *next;    /* that is not finished either */
};

static struct io_out *unfinished;

struct io_out *io_create_fd(int fd)
{
    struct io_out *out = mem_zero(1, sizeof *out);
    out->fd = fd;
    if (!is_open(fd, O_WRONLY))
        die(ST_STOPPED, "cannot write: stdout is closed, or not open for writing");
    fcntl(fd, F_SETPIPE_SZ, PIPE);
    return out;
}

/* Give the file being written a name beside `path` that none has: a stale one of a process with our
 * number, or one of our own, may be there. `make`: how. */
static bool name_temp(struct io_out *out, bool (*make)(struct io_out *out, mode_t mode), mode_t mode)
{
    size_t n = strlen(out->path) + 32;
    for (unsigned i = 0; i < 100; i++) {
        snprintf(out->temp, n, "%s.%u.%u", out->path, (unsigned)out->by, i);
        if (make(out, mode))
            return out->named = true;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

static bool make_file(struct io_out *out, mode_t mode)
{
    out->fd = open(out->temp, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
    return out->fd >= 0;
}

static bool make_link(struct io_out *out, mode_t unused)
{
    char self[64];
    (void)unused;
    snprintf(self, sizeof self, "/proc/self/fd/%d", out->keep);
    return linkat(AT_FDCWD, self, AT_FDCWD, out->temp, AT_SYMLINK_FOLLOW) == 0;
}

/* Begin the nameless file in the folder of out->path, or one beside it where there are none. */
static void begin_file(struct io_out *out, const struct stat *older)
{
    const char *slash = strrchr(out->path, '/');
    mode_t mode = older ? older->st_mode & 0777 : 0666;
    size_t n = strlen(out->path) + 32;
    out->temp = mem_new(n, 1);
    snprintf(out->temp, n, "%.*s", slash ? (int)(slash - out->path) + 1 : 2, slash ? out->path : "./");
    out->fd = open(out->temp, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
    if (out->fd < 0)
        name_temp(out, make_file, mode);
    if (out->fd >= 0 && older) {
        if ((older->st_uid != geteuid() || older->st_gid != getegid()) && fchown(out->fd, older->st_uid, older->st_gid) != 0)
            errno = 0;                      /* then it is ours */
        fchmod(out->fd, mode);              /* the umask has taken some */
    }
    out->keep = out->fd < 0 ? -1 : fcntl(out->fd, F_DUPFD_CLOEXEC, 0);
}

void io_abandon(void)
{
    int saved = errno;
    for (struct io_out *out = unfinished; out; out = out->next)
        if (out->named && out->by == getpid())
            unlink(out->temp);
    unfinished = NULL;
    errno = saved;
}

noreturn static void write_failed(const struct io_out *out)
{
    die(ST_STOPPED, "%s%scannot write:", out->path ? out->path : "", out->path ? ": " : "");
}

struct io_out *io_create(const char *path)
{
    struct io_out *out = mem_zero(1, sizeof *out);
    struct stat s, link;
    *out = (struct io_out){ .path = realpath(path, NULL), .by = getpid(), .next = unfinished };
    unfinished = out;
    if (!out->path && lstat(path, &link) == 0 && S_ISLNK(link.st_mode) && stat(path, &s) != 0)
        die(ST_STOPPED, "%s: cannot write: a link that leads nowhere", path);
    if (!out->path)                         /* a symbolic link stays one */
        out->path = mem_text(path, strlen(path));
    bool older = stat(out->path, &s) == 0;
    if (older && !S_ISREG(s.st_mode))
        out->fd = open(out->path, O_WRONLY | O_CLOEXEC);
    else
        begin_file(out, older ? &s : NULL);
    if (out->fd < 0)
        write_failed(out);
    return out;
}

void io_put(struct io_out *out, const void *p, size_t n)
{
    if (io_write(out->fd, p, n))
        return;
    if (errno == EPIPE) {                   /* whoever ignores SIGPIPE for us meant well */
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    write_failed(out);
}

void io_finish(struct io_out *out)
{
    if (close(out->fd) != 0)
        write_failed(out);
    if (out->temp) {
        if (!out->named && !name_temp(out, make_link, 0))
            write_failed(out);
        if (rename(out->temp, out->path) != 0)
            write_failed(out);
        close(out->keep);
    }
    for (struct io_out **at = &unfinished; *at; at = &(*at)->next)
        if (*at == out) {
            *at = out->next;
            break;
        }
    free(out->path);
    free(out->temp);
    free(out);
}
