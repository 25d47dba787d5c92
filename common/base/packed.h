/* packed - files that a program packed: how they are unpacked
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_PACKED_H
#define BASE_PACKED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/die.h"

/* What bytes that begin a file say: "gzip data: zcat"; NULL: they are not those of gzip, zstd, xz, bzip2 or zip. */
const char *packed_how(const void *p, size_t n);

/* End the program with `status` if p[n], the first bytes of the file `name`, are those of a packed one, of an office
 * program, of sound, or of a stream. `beside`: an option names the file, so that no pipe can bring what was meant. */
void packed_refuse(const void *p, size_t n, const char *name, bool beside, enum status status);

#endif
