/* damage - run a program on damaged copies of a stream and say how it took each
 *
 *     damage cut STEP STREAM PROGRAM [ARG]...      cut at every STEPth byte
 *     damage flip STEP STREAM PROGRAM [ARG]...     one bit changed in every STEPth byte
 *     damage mutate SEED/N STREAM PROGRAM [ARG]... N mutations drawn from SEED; two of three
 *                                                  with a new checksum, so that they go deeper
 *     damage beside SEED/N STREAM AT PROGRAM [ARG]...  the same, but written to the file AT, which an
 *                                                  argument names, and nothing on stdin
 *     damage text SEED/N FILE AT PROGRAM [ARG]...  mutations of a file that is no stream, written to AT
 *
 * One line for each run: where, exit status (128 + signal; 142: it hung), whether an end
 * record stands in its output, bytes of output, lines on stderr, the first of them.
 * With KEEP=DIR in the environment, the input of a run that ended by a signal stays there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "mutate.h"

extern char **environ;

static int in_fd, out_fd, err_fd;
static const char *beside;      /* the file to write to; NULL: stdin */
static pid_t child;

static void hung(int signal)
{
    (void)signal;
    kill(child, SIGALRM);
}

static void check(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "damage: %s: %s\n", what, strerror(error));
    exit(2);
}

static void empty(int fd)
{
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) < 0) {
        perror("damage");
        exit(2);
    }
}

static void put(int fd, const uint8_t *p, size_t n)
{
    empty(fd);
    if (write(fd, p, n) != (ssize_t)n) {
        perror("damage");
        exit(2);
    }
    lseek(fd, 0, SEEK_SET);
}

/* What was written to fd: *n bytes, to be freed. */
static char *get(int fd, size_t *n)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *p = mem_new((size_t)size + 1, 1);
    lseek(fd, 0, SEEK_SET);
    ssize_t got = read(fd, p, (size_t)size);
    *n = got < 0 ? 0 : (size_t)got;
    p[*n] = '\0';
    return p;
}

static void keep(const uint8_t *bytes, size_t size, const char *program, size_t at)
{
    const char *dir = getenv("KEEP"), *name = strrchr(program, '/');
    char path[4096];
    if (!dir)
        return;
    snprintf(path, sizeof path, "%s/%s-%zu.sp", dir, name ? name + 1 : program, at);
    FILE *f = fopen(path, "wb");
    if (f) {
        fwrite(bytes, 1, size, f);
        fclose(f);
    }
}

static void run(char **argv, const uint8_t *bytes, size_t size, size_t at)
{
    static const char end[] = "\x93\xd7" "ESONGPIPE\xce";
    int to = beside ? open(beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : in_fd;
    check(to < 0 ? errno : 0, "cannot open");
    put(to, bytes, size);
    if (beside)
        close(to);
    empty(out_fd);
    empty(err_fd);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in_fd, 0);
    posix_spawn_file_actions_adddup2(&files, out_fd, 1);
    posix_spawn_file_actions_adddup2(&files, err_fd, 2);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    check(posix_spawnp(&child, argv[0], &files, &attr, argv, environ), argv[0]);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    alarm(getenv("SONGPIPE_ASAN") ? 120 : 30);
    int status;
    while (waitpid(child, &status, 0) < 0)
        ;
    alarm(0);
    int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    size_t out_size, err_size, lines = 0;
    char *out = get(out_fd, &out_size), *err = get(err_fd, &err_size);
    for (const char *s = err; (s = strchr(s, '\n')); s++)
        lines++;
    printf("%zu %d %d %zu %zu %.*s\n", at, code, memmem(out, out_size, end, sizeof end - 1) != NULL, out_size,
           lines, (int)strcspn(err, "\n"), err);
    if (code > 6)
        keep(bytes, size, argv[0], at);
    free(out);
    free(err);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: damage cut|flip|mutate N STREAM PROGRAM [ARG]..., or beside|text N FILE AT PROGRAM [ARG]...\n");
        return 2;
    }
    size_t size;
    int fd = open(argv[3], O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        perror(argv[3]);
        return 2;
    }
    uint8_t *stream = (uint8_t *)get(fd, &size);
    in_fd = memfd_create("in", MFD_CLOEXEC);
    out_fd = memfd_create("out", MFD_CLOEXEC);
    err_fd = memfd_create("err", MFD_CLOEXEC);
    struct sigaction on_alarm = { .sa_handler = hung };
    sigaction(SIGALRM, &on_alarm, NULL);

    char *more;
    size_t n = strtoul(argv[2], &more, 10);
    if (strcmp(argv[1], "cut") == 0) {
        for (size_t i = n / 2 + 1; i < size; i += n)
            run(argv + 4, stream, i, i);
    } else if (strcmp(argv[1], "flip") == 0) {
        for (size_t i = n / 2; i < size; i += n) {
            uint8_t was = stream[i];
            stream[i] ^= (uint8_t)(1 << (5 * i % 8));
            run(argv + 4, stream, size, i);
            stream[i] = was;
        }
    } else {
        size_t count = *more == '/' ? strtoul(more + 1, NULL, 10) : 1;
        bool text = strcmp(argv[1], "text") == 0;
        beside = text || strcmp(argv[1], "beside") == 0 ? argv[4] : NULL;
        for (size_t i = 0; i < count; i++) {
            struct bytes b = text ? mutate_text(stream, size, n, i) : mutate(stream, size, n, i);
            run(argv + (beside ? 5 : 4), b.p, b.n, i);
            free(b.p);
        }
    }
    free(stream);
    return 0;
}
