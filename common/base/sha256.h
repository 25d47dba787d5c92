/* sha256 - a digest that names a file's content, by OpenSSL
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX = 2 * SHA256_BYTES + 1 };

/* The digest of p[n]; ends with ST_STOPPED where OpenSSL's policy forbids it. */
void sha256(const void *p, size_t n, uint8_t digest[SHA256_BYTES]);

/* The same as 64 digits and a NUL, of a file that is mapped at p: what was read of it leaves the memory of this process, until
 * it is read again. */
void sha256_mapped(const void *p, size_t n, char hex[SHA256_HEX]);

#endif
