/* base64 - bytes as text (RFC 4648, section 4)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILES_BASE64_H
#define FILES_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters that n bytes take, padding included. */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4)

/* Write from[n] to to[BASE64_SIZE(n)], without a NUL. */
void base64_encode(const uint8_t *from, size_t n, char *to);

/* Read from[n] to to[], which has room for n / 4 * 3 bytes; *size is how many there are.
 * False if it is no base64 with its padding. */
bool base64_decode(const char *from, size_t n, uint8_t *to, size_t *size);

#endif
