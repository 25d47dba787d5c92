/* fence - a forked child that works under limits and sends what it makes
 *
 * Libraries that read files of strangers exit, hang, leak and crash on bad ones. Inside a
 * fence that is one failed piece of work: the parent reads messages from a pipe until the
 * child is at its end, and learns how it ended.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_FENCE_H
#define AUDIO_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FENCE_WHY 200

struct fence_limits {
    double cpu;             /* seconds of processor time, rounded up */
    double quiet;           /* seconds without a byte, while somebody waits for one */
    size_t memory;          /* bytes of address space above what the parent has; 0: any */
};

struct fence {
    pid_t pid;              /* 0: there is no child */
    int fd;                 /* the pipe, not blocking; -1 at its end */
    struct fence_limits limits;
    double waited;          /* seconds waited for it since the last byte came */
    uint8_t head[8];        /* of the message that is being read: kind, size */
    size_t have;            /* bytes of it */
    size_t left;            /* bytes of its content not read yet */
    bool late;              /* killed, because it was quiet for too long */
    bool killed;            /* by somebody else, as the kernel does for want of memory: no fault of what it worked on */
};

/* Let a child call work(fd, state), which sends by fence_send, and end. It has nothing open
 * but fd (0, 1 and 2 are /dev/null), dumps no core, and dies with its parent. False if there
 * can be no child: errno says why. */
bool fence_start(struct fence *f, const struct fence_limits *limits, void (*work)(int fd, void *state), void *state);

/* The child's side: send a message of n bytes. If nobody reads any more the child ends. */
void fence_send(int fd, int kind, const void *p, size_t n);

/* Read what is there and call got(kind, p, n, state) for it: a message comes in one or more
 * pieces, the last one with last. A message without content comes too. False at the
 * child's end: then call fence_end. */
typedef void fence_got(int kind, const void *p, size_t n, bool last, void *state);
bool fence_read(struct fence *f, fence_got *got, void *state);

/* Wait until one of the n fences that are not NULL has something to read or is at its end
 * (ready[i] says which), or fd (-1: none) can be read, or `timeout` seconds are over (< 0:
 * none). A child that was quiet for too long is killed. True if fd can be read. */
bool fence_wait(struct fence *const *fences, size_t n, bool *ready, int fd, double timeout);

/* Collect the child. True if it ended by itself with status 0 and whole messages; else
 * why[FENCE_WHY] says how it ended: "killed by signal 11 (Segmentation fault)". */
bool fence_end(struct fence *f, char *why);

/* Kill and collect it; nothing is done where there is none. */
void fence_kill(struct fence *f);

#endif
