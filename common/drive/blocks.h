/* blocks - what a command made of the blocks of a stream: kept in a file until all are there, then joined
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_BLOCKS_H
#define DRIVE_BLOCKS_H

#include "base/str.h"
#include "stream/frame.h"
#include "stream/head.h"

struct blocks;

/* Keep them in the file `path`, where those stay that an earlier run with the same key has finished, or with NULL in an
 * unlinked one in TMPDIR. `usual` is the body of the header that the command writes without a record: what that says of the
 * history, all blocks must say. A file of another key, or one that another run is using, ends the program. */
struct blocks *blocks_open(const char *path, uint64_t key, struct span usual);

/* Whether block n is there; if it is, it must have been made of input with this hash, else the program ends. */
bool blocks_have(const struct blocks *b, size_t n, uint64_t hash);

/* Block n is done: `stream` is the file with what the command wrote, which must be one whole stream of records (else the
 * program ends), status 0 or 1, said[size] its messages. */
void blocks_add(struct blocks *b, size_t n, uint64_t hash, int status, const char *stream, const char *said, size_t size);

/* The status of a block that is there, and its messages, to be freed. */
int blocks_status(const struct blocks *b, size_t n);
struct str blocks_said(const struct blocks *b, size_t n);

/* Write the header and the records of the blocks 0 to n-1, all of which are there. The header is that of the block that
 * says most: of one with a good record. */
void blocks_join(const struct blocks *b, size_t n, struct frame_out *out);

void blocks_free(struct blocks *b);

#endif
