/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE         /* pipe2, close_range, F_SETPIPE_SZ */
#include "audio/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

enum { PIPE = 1 << 20, PIECE = 256 << 10 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the child ---- */

#ifndef __SANITIZE_ADDRESS__        /* whose shadow takes terabytes of addresses */
/* Bytes of address space in use, by /proc/self/statm; 0 if that cannot be read. */
static size_t address_space(void)
{
    char text[64];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = io_read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    return (size_t)strtoull(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}
#endif

/* Lower a limit; at `soft` the processor time warns by SIGXCPU, at `hard` it kills. */
static void limit(unsigned what, rlim_t soft, rlim_t hard)
{
    struct rlimit old;
    if (getrlimit(what, &old) == 0 && old.rlim_max < hard)
        hard = old.rlim_max;
    setrlimit(what, &(struct rlimit){ soft < hard ? soft : hard, hard });
}

/* The parent is gone, in whatever way: so is this child with all that it started, which is its group. */
static void die_with_group(int signal)
{
    (void)signal;
    if (getpgrp() == getpid())
        kill(0, SIGKILL);
    _exit(1);
}

/* Leave everything behind that is the parent's: returns where the pipe is then. */
static int enclose(int fd, const struct fence_limits *limits, pid_t parent)
{
    sigset_t none;
    setpgid(0, 0);                  /* what it starts is killed with it */
    signal(SIGTERM, die_with_group);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++)
        dup2(null, i);
    dup2(fd, 3);
    fcntl(3, F_SETFD, FD_CLOEXEC);
    close_range(4, ~0U, 0);
    signal(SIGPIPE, SIG_DFL);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_CPU, (rlim_t)ceil(limits->cpu), (rlim_t)ceil(limits->cpu) + 5);
#ifndef __SANITIZE_ADDRESS__
    if (limits->memory)
        limit(RLIMIT_AS, address_space() + limits->memory, address_space() + limits->memory);
#endif
    return 3;
}

bool fence_start(struct fence *f, const struct fence_limits *limits, void (*work)(int fd, void *state), void *state)
{
    int fd[2];
    pid_t parent = getpid();
    signal(SIGCHLD, SIG_DFL);       /* ignored, as some shells leave it, nobody would know how a child ended */
    if (pipe2(fd, O_CLOEXEC) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        work(enclose(fd[1], limits, parent), state);
        _exit(0);
    }
    int saved = errno;
    close(fd[1]);
    if (pid < 0) {
        close(fd[0]);
        errno = saved;
        return false;
    }
    fcntl(fd[0], F_SETPIPE_SZ, PIPE);           /* a hint */
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    *f = (struct fence){ .pid = pid, .fd = fd[0], .limits = *limits };
    return true;
}

static void send_all(int fd, const void *p, size_t n)
{
    if (!io_write(fd, p, n))
        _exit(1);
}

void fence_send(int fd, int kind, const void *p, size_t n)
{
    uint32_t head[2] = { (uint32_t)kind, (uint32_t)n };
    send_all(fd, head, sizeof head);
    send_all(fd, p, n);
}

/* ---- the parent ---- */

/* Give out n bytes that came: heads and contents by turns. */
static void take(struct fence *f, const uint8_t *p, size_t n, fence_got *got, void *state)
{
    while (n) {
        if (f->have < sizeof f->head) {
            size_t part = sizeof f->head - f->have < n ? sizeof f->head - f->have : n;
            memcpy(f->head + f->have, p, part);
            f->have += part;
            p += part;
            n -= part;
            if (f->have < sizeof f->head)
                return;
            uint32_t size;
            memcpy(&size, f->head + 4, 4);
            f->left = size;
        }
        uint32_t kind;
        memcpy(&kind, f->head, 4);
        size_t part = f->left < n ? f->left : n;
        f->left -= part;
        got((int)kind, p, part, f->left == 0, state);
        p += part;
        n -= part;
        if (f->left == 0)
            f->have = 0;
    }
}

bool fence_read(struct fence *f, fence_got *got, void *state)
{
    uint8_t piece[PIECE];
    ssize_t n = io_read(f->fd, piece, sizeof piece);
    if (n < 0 && errno == EAGAIN)
        return true;
    if (n <= 0) {
        close(f->fd);
        f->fd = -1;
        return false;
    }
    f->waited = 0;
    take(f, piece, (size_t)n, got, state);
    return true;
}

bool fence_wait(struct fence *const *fences, size_t n, bool *ready, int fd, double timeout)
{
    struct pollfd *polls = mem_new(n + 1, sizeof *polls);
    double least = timeout < 0 ? INFINITY : timeout, start = now();
    size_t live = 0;                /* poll takes no more than as many as files may be open */
    for (size_t i = 0; i < n; i++) {
        ready[i] = false;
        if (!fences[i])
            continue;
        polls[live++] = (struct pollfd){ .fd = fences[i]->fd, .events = POLLIN };
        if (fences[i]->limits.quiet - fences[i]->waited < least)
            least = fences[i]->limits.quiet - fences[i]->waited;
    }
    polls[live] = (struct pollfd){ .fd = fd, .events = POLLIN };
    int ms = least == INFINITY ? -1 : least <= 0 ? 0 : least > 1e6 ? 1000000000 : (int)(1000 * least) + 1;
    int got = poll(polls, (nfds_t)(live + 1), ms);
    if (got < 0 && errno != EINTR)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);      /* no memory for it now */
    double passed = now() - start;
    for (size_t i = 0, k = 0; i < n; i++) {
        struct fence *f = fences[i];
        if (!f)
            continue;
        ready[i] = got > 0 && polls[k].revents;
        k++;
        if (ready[i])
            continue;
        f->waited += passed;
        if (f->waited > f->limits.quiet) {
            f->late = true;
            kill(-f->pid, SIGKILL);
            kill(f->pid, SIGKILL);
        }
    }
    bool readable = got > 0 && polls[live].revents;
    free(polls);
    return readable;
}

bool fence_end(struct fence *f, char *why)
{
    int status = 0;
    pid_t pid = f->pid;
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    f->pid = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    kill(-pid, SIGKILL);            /* what it left behind */
    f->killed = !f->late && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (f->late)
        snprintf(why, FENCE_WHY, "nothing came for %g s", f->limits.quiet);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        snprintf(why, FENCE_WHY, "took more than %g s of processor time", ceil(f->limits.cpu));
    else if (f->killed)
        snprintf(why, FENCE_WHY, "the decoder was killed from outside; was there too little memory?");
    else if (WIFSIGNALED(status))
        snprintf(why, FENCE_WHY, "the decoder was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        snprintf(why, FENCE_WHY, "the decoder ended itself with status %d", WEXITSTATUS(status));
    else if (f->have)
        snprintf(why, FENCE_WHY, "the decoder ended in the middle of its answer");
    else
        return true;
    return false;
}

void fence_kill(struct fence *f)
{
    char why[FENCE_WHY];
    if (!f->pid)
        return;
    kill(-f->pid, SIGKILL);
    kill(f->pid, SIGKILL);
    fence_end(f, why);
}
