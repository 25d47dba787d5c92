/* part - a part of a file, as the libraries read it: what stands before and behind is not there
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_PART_H
#define AUDIO_PART_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Four bytes of a file that shall read otherwise: a size in a header that lies. */
struct patch { uint64_t at; uint8_t bytes[4]; };

struct part;

/* The bytes from `start` to `end` of the file on fd, which stays the caller's, with at most three patches (offsets are
 * the file's). Free it by free. */
struct part *part_new(int fd, uint64_t start, uint64_t end, const struct patch *patches, size_t n);

/* Read up to n bytes and go on; fewer only at the end, -1 on an error. */
ssize_t part_read(struct part *p, void *to, size_t n);

/* Go to a place counted from the part's start, as lseek; -1 for one in front of it. */
off_t part_seek(struct part *p, off_t offset, int whence);

off_t part_size(const struct part *p);
off_t part_at(const struct part *p);

#endif
