/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE         /* madvise */
#include "base/sha256.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/die.h"

void sha256(const void *p, size_t n, uint8_t digest[SHA256_BYTES])
{
    if (EVP_Digest(p, n, digest, NULL, EVP_sha256(), NULL) != 1)
        die(ST_STOPPED, "SHA-256 is not to be had from OpenSSL");
}

void sha256_mapped(const void *p, size_t n, char hex[SHA256_HEX])
{
    enum { PIECE = 1 << 22 };
    uint8_t digest[SHA256_BYTES];
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool good = c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1;
    for (size_t at = 0; good && at < n; at += PIECE) {
        uint8_t *piece = (uint8_t *)(uintptr_t)p + at;
        size_t size = n - at < PIECE ? n - at : PIECE;
        good = EVP_DigestUpdate(c, piece, size) == 1;
        madvise(piece, size, MADV_DONTNEED);
    }
    if (!good || EVP_DigestFinal_ex(c, digest, NULL) != 1)
        die(ST_STOPPED, "SHA-256 is not to be had from OpenSSL");
    EVP_MD_CTX_free(c);
    for (int i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
