/* frame - the framed bytes of a stream: headers, records and ends (man 5 songpipe)
 *
 * Reading checks order, size, count and hash; anything wrong ends the program with
 * ST_STREAM, so a caller sees whole frames of a stream that is right so far, and then
 * its valid end.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_FRAME_H
#define STREAM_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/io.h"

enum { FRAME_HEADER = 'H', FRAME_RECORD = 'R', FRAME_END = 'E' };
#define FRAME_HEAD 16           /* bytes in front of each body */

/* Largest body that is read or written: set by --max-record. */
extern size_t frame_max;

struct frame { int kind; const uint8_t *body; size_t size; };

struct frame_in;

/* Read the files of paths (NULL-ended; none: stdin; "-": stdin), one after the other.
 * With FRAME_TWICE, frame_rewind may be called: regular files are read again, anything
 * else is copied to an unlinked file in TMPDIR meanwhile. What is another stream then
 * ends the program with ST_STOPPED (io_changed). With FRAME_BESIDE messages know that an option
 * names the file, so that no pipe can bring what was meant, and with FRAME_MODEL that it is to be a model. */
enum { FRAME_TWICE = 1, FRAME_BESIDE = 2, FRAME_MODEL = 4 };
struct frame_in *frame_open(char **paths, int how);

/* The next header or record; false after the last stream's end. The body is borrowed
 * until the next call. An end frame is checked and not handed out. */
bool frame_next(struct frame_in *in, struct frame *f);

/* Whether frame_next can answer without waiting for more input. */
bool frame_ready(const struct frame_in *in);

/* Whether the input is a pipe: then the program at its other end shows the progress. */
bool frame_piped(const struct frame_in *in);

/* What frame_next would read from, to wait for it by poll; -1 between two files. */
int frame_fd(const struct frame_in *in);

/* Go back to the first frame; only after frame_next has returned false. As often as wanted. */
void frame_rewind(struct frame_in *in);

/* Where the byte at p, in the body that frame_next gave last, lies for good: *at in a
 * file whose descriptor is returned, which is open until frame_close. `in` was opened
 * with twice. */
int frame_place(struct frame_in *in, const uint8_t *p, uint64_t *at);

/* The stream's name for messages: a path or "stdin". */
const char *frame_name(const struct frame_in *in);

/* End with ST_STREAM and say what is wrong with the stream that is read; in a second pass,
 * as it was right in the first, with io_changed. */
noreturn void frame_bad(const struct frame_in *in, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Hash in the end frame read last: it names a model. */
uint64_t frame_hash(const struct frame_in *in);

/* And that of all files read to their end, one after the other: of a single stream its own. `before`: that of streams read
 * before them, or 0. */
uint64_t frame_digest(const struct frame_in *in, uint64_t before);

void frame_close(struct frame_in *in);

struct frame_out;
struct span { const void *p; size_t n; };

/* Write to `to`, which frame_finish finishes. */
struct frame_out *frame_create(struct io_out *to);

/* Write a frame whose body is the given pieces one after the other. A write error
 * ends the program with ST_STOPPED, a body over frame_max with ST_MEMORY. */
void frame_put(struct frame_out *out, int kind, const struct span *pieces, size_t n);

/* Write `bytes` that hold `records` whole record frames, as frame_pack made them. */
void frame_put_packed(struct frame_out *out, const void *bytes, size_t size, size_t records);

/* The 16 bytes in front of a body of `size`; and back: false if they are not those of a frame. */
void frame_pack_head(uint8_t head[FRAME_HEAD], int kind, size_t size);
bool frame_parse_head(const uint8_t head[FRAME_HEAD], int *kind, size_t *size);

void frame_flush(struct frame_out *out);

/* Write the end frame, flush and close; every error is found. Frees out. */
void frame_finish(struct frame_out *out);

#endif
