/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE         /* pipe2, mremap, MADV_DONTFORK */
#include "audio/track.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audio/decode.h"
#include "audio/resample.h"
#include "base/mem.h"

enum { BLOCK = 8192, SEND = 64 << 10 };     /* samples read, and sent, at once */
enum { HELLO, DATA, NOTE, FAIL, LACK };     /* messages */

struct hello { double rate; unsigned channels; char name[48]; };

/* ---- the child ---- */

struct job {
    const char *path;
    const struct track_spec *spec;
    int fd;
    float *out;             /* samples to be sent */
    size_t n;
    unsigned channels;
    uint32_t top;           /* the largest bits of them without sign */
};

static _Noreturn void give_up(struct job *j, int kind, const char *why)
{
    fence_send(j->fd, kind, why, strlen(why));
    _exit(0);
}

/* It is the file's fault. */
static _Noreturn void fail(struct job *j, const char *why) { give_up(j, FAIL, why); }

/* It is the machine's: what it has no more of is in errno. */
static _Noreturn void lack(struct job *j, const char *what)
{
    char why[DECODE_WHY];
    snprintf(why, sizeof why, "%s: %s", what, strerror(errno));
    give_up(j, LACK, why);
}

static bool is_lack(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN; }

static void flush(struct job *j)
{
    for (size_t i = 0; i < j->n; i++) {
        uint32_t bits;
        memcpy(&bits, j->out + i, sizeof bits);
        bits &= 0x7fffffff;
        j->top = bits > j->top ? bits : j->top;
    }
    if (j->top >= 0x7f800000)
        fail(j, "its samples are so large that resampling overflows");
    if (j->n)
        fence_send(j->fd, DATA, j->out, j->n * sizeof *j->out);
    j->n = 0;
}

static void sink(const float *x, size_t n, void *state)
{
    struct job *j = state;
    for (size_t left = n * j->channels; left; ) {
        size_t part = SEND - j->n < left ? SEND - j->n : left;
        memcpy(j->out + j->n, x, part * sizeof *x);
        j->n += part;
        x += part;
        left -= part;
        if (j->n == SEND)
            flush(j);
    }
}

/* The command with "$1" for each {}: the name is an argument of the shell, which never reads it as its language. */
static char *fill_in(const char *command)
{
    size_t n = 0;
    char *text = mem_new(strlen(command), 2);      /* of two characters four become */
    for (const char *p = command; *p; )
        if (p[0] == '{' && p[1] == '}') {
            memcpy(text + n, "\"$1\"", 4);
            n += 4;
            p += 2;
        } else {
            text[n++] = *p++;
        }
    text[n] = '\0';
    return text;
}

bool track_command(const char *command)
{
    size_t n = strlen(command), depth = 0;
    char *within = mem_new(n + 2, 1);       /* ' or " or ( for what is open, from the outside on */
    bool place = false, quoted = false;
    within[0] = 0;
    for (const char *p = command; *p; p++) {
        char in = within[depth];
        if (p[0] == '{' && p[1] == '}') {
            place = true;
            quoted = quoted || in == '\'' || in == '"' || (p > command && p[-1] == '\\');
        }
        if (in == '\'') {
            depth -= *p == '\'';
        } else if (*p == '\\' && p[1]) {
            if (p[1] != '{')
                p++;
        } else if (*p == '$' && p[1] == '(') {
            within[++depth] = '(';
            p++;
        } else if (*p == '"') {
            if (in == '"')
                depth--;
            else
                within[++depth] = '"';
        } else if (*p == '\'' && in != '"') {
            within[++depth] = '\'';
        } else if (*p == ')' && in == '(') {
            depth--;
        }
    }
    free(within);
    return place && !quoted;
}

/* Start the command; returns the end of its output. */
static int run(struct job *j, pid_t *pid)
{
    char *text = fill_in(j->spec->command);
    char *path = mem_new(strlen(j->path) + 3, 1);
    sprintf(path, "%s%s", *j->path == '-' ? "./" : "", j->path);
    int fd[2];
    if (access(j->path, R_OK) != 0 && is_lack(errno))
        lack(j, "cannot open it");
    if (access(j->path, R_OK) != 0) {
        char why[DECODE_WHY];
        snprintf(why, sizeof why, "cannot open %.120s: %s", j->path, strerror(errno));
        fail(j, why);
    }
    if (pipe2(fd, O_CLOEXEC) != 0 || (*pid = fork()) < 0)
        lack(j, "cannot start the command");
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGXFSZ, SIG_DFL);
        dup2(fd[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", text, "sh", path, (char *)NULL);
        _exit(127);
    }
    close(fd[1]);
    free(text);
    free(path);
    return fd[0];
}

/* The command's own end says whether its output is whole. */
static void collect(struct job *j, pid_t pid, int fd, const char *why)
{
    int status;
    char text[DECODE_WHY];
    close(fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
        snprintf(text, sizeof text, "the command was killed by signal %d", WTERMSIG(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        snprintf(text, sizeof text, "the command ended with status %d", WEXITSTATUS(status));
    else if (why)
        snprintf(text, sizeof text, "the command's output: %.150s", why);
    else
        return;
    fail(j, text);
}

static void work(int fd, void *state)
{
    struct job *j = state;
    const struct track_spec *spec = j->spec;
    char why[DECODE_WHY] = "";
    pid_t command = 0;
    int from = -1;
    j->fd = fd;
    struct decoder *d;
    if (spec->command) {
        from = run(j, &command);
        int copy = dup(from);
        if (copy < 0)
            lack(j, "cannot read the command's output");
        d = decode_pipe(copy, spec->mix, spec->raw_rate, spec->raw_channels, why);
        if (!d)
            collect(j, command, from, why);
    } else {
        d = decode_open(j->path, spec->mix, why);
        if (!d && is_lack(errno))
            lack(j, "cannot open it");
    }
    if (!d)
        fail(j, why);
    const struct decode_info *info = decode_info(d);
    double to = spec->rate > 0 ? spec->rate : info->rate;
    j->channels = info->channels;
    j->out = mem_new(SEND, sizeof *j->out);
    struct hello hello = { .rate = to, .channels = info->channels };
    snprintf(hello.name, sizeof hello.name, "%s%.38s", command ? "command, " : "", info->name);
    fence_send(fd, HELLO, &hello, sizeof hello);

    struct resampler *r = resample_new(info->rate, to, info->channels, sink, j);
    if (!r)
        fail(j, "libsoxr cannot resample it");
    float *x = mem_new(BLOCK, sizeof *x);
    uint64_t skip = (uint64_t)(spec->offset * info->rate), read = 0;
    uint64_t most = spec->duration < 0 ? UINT64_MAX : (uint64_t)(spec->duration * info->rate);
    int64_t skipped = decode_skip(d, skip, why);
    ptrdiff_t n = skipped < 0 ? -1 : 1;
    if (skipped >= 0 && (uint64_t)skipped < skip) {
        snprintf(why, sizeof why, "ends at %.3f s, before the offset of %g s", (double)skipped / info->rate,
                 spec->offset);
        fail(j, why);
    }
    while (n > 0 && read < most) {
        uint64_t room = BLOCK / info->channels;
        n = decode_read(d, x, (size_t)(most - read < room ? most - read : room), why);
        if (n > 0 && !resample_put(r, x, (size_t)n))
            fail(j, "libsoxr cannot resample it");
        read += n > 0 ? (uint64_t)n : 0;
    }
    bool at_end = n <= 0;
    if (command && at_end)
        collect(j, command, from, n < 0 ? why : read ? NULL : "no samples");
    if (n < 0) {
        flush(j);
        fail(j, why);
    }
    if (!read)
        fail(j, "no samples in it");
    if (!resample_end(r))
        fail(j, "libsoxr cannot resample it");
    flush(j);
    if (at_end && info->note[0]) {
        fence_send(fd, NOTE, info->note, strlen(info->note));
    } else if (at_end && info->claimed > skip + read) {
        snprintf(why, sizeof why, "cut short: %llu samples of the %llu that its header claims",
                 (unsigned long long)(skip + read), (unsigned long long)info->claimed);
        fence_send(fd, NOTE, why, strlen(why));
    }
}

/* ---- the parent ---- */

bool track_start(struct track *t, const char *path, const struct track_spec *spec, const struct fence_limits *limits)
{
    t->rate = 0;
    t->bytes = 0;
    t->lack = false;
    t->decoder[0] = t->note[0] = t->why[0] = '\0';
    struct job job = { .path = path, .spec = spec };
    if (fence_start(&t->fence, limits, work, &job))
        return true;
    t->lack = true;
    snprintf(t->why, sizeof t->why, "cannot start a process: %s", strerror(errno));
    return false;
}

/* Append a message that comes in pieces to text[FENCE_WHY]. */
static void append(char *text, const void *p, size_t n)
{
    size_t used = strlen(text), room = FENCE_WHY - 1 - used;
    n = n < room ? n : room;
    memcpy(text + used, p, n);
    text[used + n] = '\0';
}

/* Append samples. Their memory is kept out of the children: a fork would have to copy its
 * page tables, and then each page that is written. */
static void keep(struct track *t, const void *p, size_t n)
{
    if (t->cap < TRACK_FRONT + t->bytes + n) {
        size_t cap = t->cap ? t->cap : 1 << 20;
        while (cap < TRACK_FRONT + t->bytes + n)
            cap = mem_mul(cap, 2);
        char *base = t->x ? mremap((char *)t->x - TRACK_FRONT, t->cap, cap, MREMAP_MAYMOVE)
                          : mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (base == MAP_FAILED) {
            snprintf(t->why, sizeof t->why, "no memory for %zu bytes of samples", cap);
            t->lack = true;
            return;
        }
        madvise(base, cap, MADV_DONTFORK);
        t->x = (float *)(void *)(base + TRACK_FRONT);
        t->cap = cap;
    }
    memcpy((char *)t->x + t->bytes, p, n);
    t->bytes += n;
}

static void got(int kind, const void *p, size_t n, bool last, void *state)
{
    struct track *t = state;
    struct hello hello;
    if (kind == DATA || (kind == HELLO && t->rate == 0)) {
        keep(t, p, n);
    } else {
        append(kind == NOTE ? t->note : t->why, p, n);
        t->lack = t->lack || kind == LACK;
    }
    if (kind == HELLO && last && t->bytes == sizeof hello) {
        memcpy(&hello, t->x, sizeof hello);
        t->rate = hello.rate;
        t->channels = hello.channels ? hello.channels : 1;
        memcpy(t->decoder, hello.name, sizeof t->decoder);
        t->decoder[sizeof t->decoder - 1] = '\0';
        t->bytes = 0;
    }
}

bool track_read(struct track *t)
{
    char why[FENCE_WHY];
    if (fence_read(&t->fence, got, t))
        return true;
    if (!fence_end(&t->fence, why) && !t->why[0]) {
        append(t->why, why, strlen(why));
        t->lack = t->fence.killed;
    }
    if (t->rate == 0 && !t->why[0])
        append(t->why, "no answer from the decoder", 26);
    return false;
}

size_t track_have(const struct track *t)
{
    return t->rate > 0 ? t->bytes / (sizeof *t->x * t->channels) : 0;
}

void track_take(struct track *t, size_t n)
{
    size_t bytes = n * sizeof *t->x * t->channels;
    memmove(t->x, (char *)t->x + bytes, t->bytes - bytes);
    t->bytes -= bytes;
}

void track_end(struct track *t, size_t keep)
{
    fence_kill(&t->fence);
    t->bytes = 0;
    if (t->cap > keep) {
        munmap((char *)t->x - TRACK_FRONT, t->cap);
        t->x = NULL;
        t->cap = 0;
    }
}
