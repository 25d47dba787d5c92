/* spread - a shell command run on numbered blocks, several at once, here or on other machines, by GNU parallel
 *
 * Block n is the file spread_path(n, "in"), which the command reads from stdin; what it writes is spread_path(n, "out"),
 * whole where spread_next says that it is done. All files lie in a folder of their own in TMPDIR, which goes with the
 * program, however that ends.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_SPREAD_H
#define DRIVE_SPREAD_H

#include <stdbool.h>
#include <stddef.h>

struct spread_how {
    const char *command;        /* for bash, with pipefail */
    int jobs;                   /* at once on each machine; 0: one for each of its processors */
    const char *hosts;          /* a file of GNU parallel's sshlogins; NULL: this machine only */
    bool send;                  /* the files of spread_send go to the other machines, which need not have the folder */
    int retries;                /* how often a block is tried: one that was killed, or failed on another machine */
};

/* A block that is done. Its files are there until spread_forget. */
struct spread_done {
    size_t n;
    int status;                 /* the command's, or that of the shell that a signal killed */
    char why[512];              /* empty: done, with status 0 or 1; else what was wrong */
    char *said;                 /* size bytes that it wrote to stderr; free them */
    size_t size;
};

/* Make the folder and start GNU parallel. One run in a process; it ends the program if it cannot be. */
void spread_start(const struct spread_how *how);

/* A file of block n; the text is valid until the next call but one. */
const char *spread_path(size_t n, const char *suffix);

/* Let a file go with block n, before it is given: `path` is relative, without "..". What is not a regular file stays here. */
void spread_send(size_t n, const char *path);

/* Block n is there: let it be worked on. On another machine than this, the file must be there that spread_path(n, "path")
 * names, unless that is empty. */
void spread_give(size_t n);

/* Blocks that are under way, and whether they are as many as should be. */
size_t spread_waiting(void);
bool spread_full(void);

/* The next block that is done; false if there is none yet, with `wait` only if none is under way. */
bool spread_next(struct spread_done *done, bool wait);

/* Remove the files of block n. */
void spread_forget(size_t n);

/* What was said on stderr by GNU parallel, ssh, and attempts that failed; size bytes, to be freed. */
char *spread_noise(size_t *size);

/* No more blocks will come: only then spread_next may be waited for until the last one, as GNU parallel, which waits for a next
 * line, does not look after its jobs. */
void spread_last(void);

/* All blocks are done: wait until GNU parallel has ended, too, and the folder is gone. */
void spread_end(void);

/* The command's status when it is run here, once, with these as stdin, stdout and stderr. */
int spread_try(const char *command, const int fd[3]);

#endif
