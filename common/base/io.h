/* io - bytes in and out: whole files, pipes read twice, files that appear when they are whole
 *
 * A call that a signal interrupts goes on, and one that reads or writes a part is repeated:
 * nobody else in the program needs to think of that.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/types.h>

/* ---- when a program begins ---- */

/* Let descriptors 0 to 2 be open, so that no file becomes one of them: where one was closed, reading
 * stdin and writing stdout fail as on a closed one, and messages go nowhere. Called by opt_parse. */
void io_begin(void);

/* A file will be read, or written; "-" is stdin. opt_parse says it of the options OPT_INPUT and
 * OPT_OUTPUT, which comes before all work; io_open of what it opens. An input that is an output, too
 * (stdout and stderr as well), or two outputs that are one file, by device and inode, end the program
 * with ST_USAGE. Devices are let pass, and pipes as an input. */
void io_reads(const char *path);
void io_writes(const char *path);

/* Let that output be an input, too: it is read whole before it is written. */
void io_updates(const char *path);

/* Whether nothing comes from stdin: it is a terminal or a device, an empty file, or a pipe that ends without a
 * byte, for which this waits. */
bool io_stdin_empty(void);

/* ---- for any room: an error is the caller's, in errno ---- */

/* Read up to `most` bytes, as many as are there; 0 at the end, -1 on an error. */
ssize_t io_read(int fd, void *to, size_t most);

/* Read n bytes from byte `at` of a file on, fewer only where it ends; -1 on an error. */
ssize_t io_read_at(int fd, void *to, size_t n, uint64_t at);

/* Write all n bytes; false on an error. */
bool io_write(int fd, const void *p, size_t n);

/* Everything up to the end, *n bytes followed by a NUL, the caller's to free; NULL on an
 * error, EFBIG if there are more than `most`. */
char *io_slurp(int fd, size_t most, size_t *n);

/* The same of a file, which must be a regular one: EISDIR, or EINVAL if it is not. */
char *io_file(const char *path, size_t most, size_t *n);

/* ---- bytes in: an error ends the program with ST_STOPPED ---- */

struct io_in;

/* What is wanted of an input: that io_rewind can be called (what is not a regular file is copied
 * to an unlinked file in TMPDIR meanwhile); that its bytes are hashed. */
enum { IO_REWIND = 1, IO_HASH = 2 };

/* Open path ("-": stdin). */
struct io_in *io_open(const char *path, int wanted);

/* Its name for messages: the path, or "stdin". */
const char *io_name(const struct io_in *in);

/* Read up to `most` bytes, as many as are there; 0 at the end. */
size_t io_get(struct io_in *in, void *to, size_t most);

/* Read n bytes, fewer only at the end. */
size_t io_get_all(struct io_in *in, void *to, size_t n);

/* Back to where the reading began. With IO_HASH, an input whose bytes are then others ends
 * the program at its end: io_changed. */
void io_rewind(struct io_in *in);

/* The xxh3 of the bytes read in this pass. */
uint64_t io_hash(const struct io_in *in);

/* The descriptor to wait for by poll; whether it is a pipe, read for the first time. */
int io_fd(const struct io_in *in);
bool io_piped(const struct io_in *in);

/* Keep the bytes within reach: a descriptor for io_read_at, open until io_close, and in
 * *start where in it the input begins. With IO_REWIND. */
int io_keep(struct io_in *in, uint64_t *start);

void io_close(struct io_in *in);

/* A new unlinked file in TMPDIR, to write to and read from. */
int io_temporary(void);

/* Write n bytes to it, behind those that are there. */
void io_temporary_put(int fd, const void *p, size_t n);

/* Say that an input was not the same in two passes, and end with ST_STOPPED. */
noreturn void io_changed(const char *name);

/* ---- bytes out: an error ends the program with ST_STOPPED ---- */

struct io_out;

/* Write to a descriptor, which io_finish closes. */
struct io_out *io_create_fd(int fd);

/* Begin to write what is to become `path`. Until io_finish nothing is seen of it, and a
 * program that dies leaves nothing behind. It keeps the mode and owner of an older file. A link stays one;
 * one that leads nowhere is refused. What is not a regular file (a pipe, /dev/null) is written straight. */
struct io_out *io_create(const char *path);

/* Write n bytes; a closed pipe ends the program as SIGPIPE does. */
void io_put(struct io_out *out, const void *p, size_t n);

/* All is written: close it, and let the file appear in place of an older one. Frees out. */
void io_finish(struct io_out *out);

/* Remove what the outputs that are not finished have left in their folders: for die. */
void io_abandon(void);

#endif
